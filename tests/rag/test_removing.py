"""Removing means gone: after it no byte of a document is left in the data folder, and the others are as they were."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from rag.api import Workspace
from rag.settings import RagSettings
from tests.bad_input.nursery import Nursery
from tests.bad_input.processes import write_settings

SECRET_NAME = "Dossier Zephyrine.txt"
SECRET = [
    "The walrus committee met in the orangery with Baroness Quillfeather and seven silent auditors present.",
    "Its treasurer Mortimer Vexleyton hid the ivory ledger behind the third bookcase of the blue salon.",
    "Nobody told.",
]
RARE_WORDS = ["quillfeather", "Vexleyton", "zephyrine"]
KEPT = "The lighthouse keeper writes down the height of the tide every evening before the lamp is lit."
QUESTION = "Where did the walrus committee meet?"


class Folder:
    """A data folder with a document to remove, one to keep, and a chat about both."""

    def __init__(self, data_dir: Path, papers: Path, **settings: object) -> None:
        self.data_dir = data_dir
        self.papers = papers
        self._settings = RagSettings(embedding_model="hashing", chat_model="echo", **settings)  # type: ignore[arg-type]

    def open(self) -> Workspace:
        return Workspace.open(self.data_dir, settings=self._settings)

    def fill(self, workspace: Workspace) -> None:
        """Index both documents, ask about the secret one, and note its vectors."""
        (self.papers / SECRET_NAME).write_text("\n\n".join(" ".join([line] * 3) for line in SECRET), "utf-8")
        (self.papers / "Lighthouse.txt").write_text(f"{KEPT}\n", "utf-8")
        self.collection = workspace.create_collection("Papers").id
        workspace.add_paths(self.collection, [self.papers])
        assert workspace.wait_until(self.collection)
        self.chat = workspace.create_chat(collection_ids=[self.collection]).id
        workspace.ask(self.chat, QUESTION, lambda _event: None).future.result()
        workspace.ask(self.chat, "And what does the lighthouse keeper do?", lambda _event: None).future.result()
        passages = [passage.passage for passage in workspace.search(QUESTION, [self.collection]).results]
        self.vectors = [
            np.asarray(vector, "<f4").tobytes()
            for vector in workspace.embedding.embed_passages(
                [
                    f"{each.context}\n{each.text}" if each.context else each.text
                    for each in passages
                    if each.document == SECRET_NAME
                ]
            ).result()
        ]
        assert self.vectors

    def secret_file(self, workspace: Workspace) -> int:
        return next(row.id for row in workspace.files(self.collection) if row.path.name == SECRET_NAME)

    def traces(self) -> set[str]:
        """Return what is found of the secret document in any file of the data folder."""
        wanted = {text: text.encode() for text in [*SECRET[:2], *RARE_WORDS, SECRET_NAME]}
        wanted |= {f"vector {n}": data for n, data in enumerate(self.vectors)}
        found: set[str] = set()
        for path in filter(Path.is_file, self.data_dir.rglob("*")):
            data = path.read_bytes()
            found |= {name for name, text in wanted.items() if text in data or text.lower() in data}
        return found


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    (tmp_path / "papers").mkdir()
    return Folder(tmp_path / "data", tmp_path / "papers")


@pytest.fixture
def workspace(folder: Folder) -> Iterator[Workspace]:
    with closing(folder.open()) as opened:
        folder.fill(opened)
        yield opened


def test_no_byte_of_a_removed_file_is_left(folder: Folder, workspace: Workspace) -> None:
    assert {SECRET[0], SECRET_NAME, "vector 0"} <= folder.traces()
    (folder.data_dir / "library-before-0001-first.db").write_bytes(b"copy: " + SECRET[0].encode())
    before = workspace.search("lighthouse tide lamp", [folder.collection]).results
    workspace.remove_file(folder.secret_file(workspace))
    workspace.purge_removed().result(60)
    assert folder.traces() == set()
    after = workspace.search("lighthouse tide lamp", [folder.collection]).results
    kept = [each.passage for each in before if each.passage.document == "Lighthouse.txt"]
    assert [each.passage for each in after] == kept
    assert after[0].meaning_score > 0


def test_no_byte_of_a_removed_collection_is_left(folder: Folder, workspace: Workspace) -> None:
    workspace.remove_collection(folder.collection)
    workspace.purge_removed().result(60)
    assert folder.traces() == set()
    assert workspace.collections() == []
    assert workspace.removals() == []


def test_chats_say_that_a_source_was_removed(folder: Folder, workspace: Workspace) -> None:
    _, answer, _, later = workspace.messages(folder.chat)
    assert SECRET[0] in answer.text
    workspace.remove_file(folder.secret_file(workspace))
    workspace.purge_removed().result(60)
    _, answer, _, later = workspace.messages(folder.chat)
    assert "source removed [1]" in answer.text
    assert [answer.text[each.start : each.end] for each in answer.sentences] == [each.text for each in answer.sentences]
    gone = answer.citations[0]
    assert gone.removed
    assert (gone.document, gone.quote, gone.path) == ("source removed", "", Path())
    assert {each.passage.document for each in (*answer.passages, *later.passages)} <= {"Lighthouse.txt"}
    assert KEPT in later.text
    # The chat goes on.
    job = workspace.ask(folder.chat, "What does the lighthouse keeper write?", lambda _event: None)
    assert KEPT in job.future.result().text


def test_quotes_stay_if_the_user_keeps_them(folder: Folder, workspace: Workspace) -> None:
    workspace.change_settings(keep_quotes=True)
    workspace.remove_file(folder.secret_file(workspace))
    workspace.purge_removed().result(60)
    answer = workspace.messages(folder.chat)[1]
    assert SECRET[0] in answer.text
    assert not answer.citations[0].removed


def test_what_was_removed_goes_when_its_time_is_up(folder: Folder) -> None:
    with closing(Folder(folder.data_dir, folder.papers, undo_s=0).open()) as workspace:
        folder.fill(workspace)
        workspace.remove_file(folder.secret_file(workspace))
        # It waits in line behind the purge that is due.
        workspace.purge_removed([]).result(60)
        assert folder.traces() == set()


def test_undo_until_the_purge(folder: Folder, workspace: Workspace) -> None:
    removal = workspace.remove_file(folder.secret_file(workspace))
    workspace.undo_removal(removal.id)
    assert workspace.wait_until(folder.collection)
    workspace.purge_removed().result(60)
    found = workspace.search(QUESTION, [folder.collection]).results
    assert found[0].passage.document == SECRET_NAME
    assert found[0].meaning_score > 0
    assert workspace.messages(folder.chat)[1].citations[0].quote


@pytest.mark.skipif(not hasattr(sys, "getdlopenflags"), reason="forks, which Windows has not")
def test_a_purge_that_was_killed_is_finished_by_the_next_start(folder: Folder, tmp_path: Path) -> None:
    with closing(folder.open()) as workspace:
        folder.fill(workspace)
        workspace.remove_file(folder.secret_file(workspace))
    whole = folder.data_dir
    with Nursery() as nursery:
        write_settings(whole)
        for steps, more_ms in ((1, 0), (2, 0), (2, 30), (3, 0), (3, 10), (5, 0)):
            folder.data_dir = tmp_path / f"killed-{steps}-{more_ms}"
            shutil.copytree(whole, folder.data_dir)
            nursery.bear("purge", folder.data_dir, steps, more_ms)
            while not (last := nursery.said()).startswith("dead"):
                pass
            assert last == "dead -9" or (more_ms and last == "dead 0")
            with closing(folder.open()) as workspace:
                workspace.purge_removed([]).result(60)
                assert folder.traces() == set()
                assert [row.path.name for row in workspace.files(folder.collection)] == ["Lighthouse.txt"]
                found = workspace.search("lighthouse tide lamp", [folder.collection]).results
                assert [each.passage.document for each in found] == ["Lighthouse.txt"]
