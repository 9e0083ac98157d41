"""Kill -9 at random moments of indexing and answering: the next start finds everything in order."""

import random
import re
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from rag.api import Workspace
from rag.ingestion.chunking import CHUNKING
from rag.places import library_file, vectors_folder
from rag.storage.database import Database
from rag.storage.library import Library
from rag.storage.vectors import VectorIndex, collection_key
from tests.bad_input.nursery import Nursery
from tests.bad_input.processes import run_carrel, write_settings
from tests.rag.cli.conftest import Carrel

pytestmark = pytest.mark.skipif(not hasattr(sys, "getdlopenflags"), reason="forks, which Windows has not")

INDEXING_KILLS = 5
ANSWERING_KILLS = 6
FILES = 12
PARAGRAPHS = 30
QUESTION = "Tide rose1 rose2 rose3?"
EMBEDDER = "hashing@1-256"


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as made:
        yield made


def write_version(papers: Path, number: int, version: int) -> None:
    """Write a document of which every paragraph names its version."""
    words = [
        f"Version{version} of file{number}, paragraph{count}. " + f"The tide of day {count} was high. " * 20
        for count in range(PARAGRAPHS)
    ]
    (papers / f"file{number}.md").write_text("\n\n".join(words), "utf-8")


class Shelf:
    """The library and the vector index, looked at while no program has them open."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir

    def versions(self) -> dict[str, set[int]]:
        """Return the versions of which each file's passages are; checks that none is missing or doubled."""
        with closing(Database(library_file(self._data_dir))) as database:
            library = Library(database)
            found = library.find_collection("Papers")
            rows = library.files(found.id) if found else []
            return {row.path.name: _versions(library, row.document_id) for row in rows if row.document_id is not None}

    def check_vectors(self) -> None:
        """Check that Chroma holds exactly the passages of the library, all of them embedded."""
        with closing(Database(library_file(self._data_dir))) as database:
            library = Library(database)
            found = library.find_collection("Papers")
            assert found is not None
            (identity,) = _embedders(database)
            with closing(VectorIndex(vectors_folder(self._data_dir))) as vectors:
                held = vectors.ids(collection_key(found.id, identity, CHUNKING))
            assert len(held) == len(set(held)) == found.passages
            assert held == library.embedded_ids(found.id, identity)


def _embedders(database: Database) -> list[str]:
    with database.read() as connection:
        return [str(identity) for (identity,) in connection.execute("SELECT identity FROM embedder")]


def _versions(library: Library, document_id: int) -> set[int]:
    passages = library.document_passages(document_id)
    assert [each.ordinal for each in passages] == list(range(len(passages)))
    text = "\n".join(page.text for page in library.pages(document_id))
    named = re.findall(r"Version(\d+) of file\d+, paragraph(\d+)\.", text)
    assert [int(count) for _, count in named] == list(range(PARAGRAPHS))
    in_passages = {count for each in passages for count in re.findall(r"paragraph(\d+)\.", each.text)}
    assert len(in_passages) == PARAGRAPHS
    return {int(version) for version, _ in named}


def test_each_document_is_old_or_new_after_kills_while_indexing(
    nursery: Nursery, data_dir: Path, tmp_path: Path
) -> None:
    chance, shelf = random.Random(11), Shelf(data_dir)
    papers = tmp_path / "papers"
    papers.mkdir()
    newest = dict.fromkeys(range(FILES), 0)
    for number in newest:
        write_version(papers, number, 0)
    began = time.monotonic()
    nursery.bear("index", data_dir, papers)
    nursery.finish()
    whole_s = time.monotonic() - began
    before = {name: {0} for name in shelf.versions()}
    assert len(before) == FILES
    for version in range(1, INDEXING_KILLS + 1):
        for number in chance.sample(range(FILES), FILES // 2):
            newest[number] = version
            write_version(papers, number, version)
        nursery.bear("index", data_dir, papers)
        assert nursery.said() == "open"
        # The moment of death is what is tested; no event could choose it at random.
        time.sleep(chance.random() * whole_s)
        nursery.kill()
        after = shelf.versions()
        assert after.keys() == before.keys()
        for number, wanted in newest.items():
            name = f"file{number}.md"
            assert len(after[name]) == 1, f"{name} is a mixture"
            assert after[name] == before[name] or after[name] == {wanted}
        before = after
    nursery.bear("index", data_dir, papers)
    nursery.finish()
    assert shelf.versions() == {f"file{number}.md": {version} for number, version in newest.items()}
    shelf.check_vectors()
    found = run_carrel(data_dir, "search", f"Version{INDEXING_KILLS} tide", "--json")
    assert found.json["results"]


def kill_while_answering(nursery: Nursery, data_dir: Path, model: str, events: int) -> list[str]:
    """Ask, kill after so many events; returns what the child had said."""
    nursery.bear("ask", data_dir, model, QUESTION)
    lines: list[str] = []
    while len(lines) < events and not (line := nursery.said()).startswith(("answered", "dead")):
        lines.append(line)
    return lines + nursery.kill()


def test_partial_answer_is_kept_after_kills_while_answering(
    nursery: Nursery, data_dir: Path, papers: Path, carrel: Carrel
) -> None:
    sentence = "The tide " + " ".join(f"rose{count}" for count in range(120)) + "."
    (papers / "tide.txt").write_text(sentence + "\n", "utf-8")
    assert carrel("index", papers).code == 0
    chance = random.Random(5)
    longest = 0
    for _ in range(ANSWERING_KILLS):
        lines = kill_while_answering(nursery, data_dir, "echo", chance.randint(1, 125))
        shown = [int(line.split()[1]) for line in lines if line.startswith("AnswerText")]
        with closing(Workspace.open(data_dir)) as workspace:
            chat = workspace.chats()[0]
            messages = workspace.messages(chat.id)
            if any(line.startswith("AnswerDone") for line in lines):
                assert messages[-1].state == "complete"
                continue
            assert [each.id for each in workspace.recovered] == [each.id for each in messages if each.role != "user"]
            for kept in workspace.recovered:
                assert (kept.state, kept.outcome, kept.model) == ("interrupted", "interrupted", "echo")
                assert f"tide.txt {sentence}".startswith(kept.text.strip())
                assert len(kept.text) >= (max(shown, default=0) - 600)
                longest = max(longest, len(kept.text))
            assert len(messages) in {0, 1, 2}
    assert longest > 0
    assert carrel("search", "tide", "--json").json["results"]


def test_partial_answer_of_the_real_model_is_kept_and_names_it(
    nursery: Nursery, data_dir: Path, papers: Path, carrel: Carrel
) -> None:
    for number in range(4):
        (papers / f"tide{number}.txt").write_text(f"The tide rose {number} feet on day {number}. " * 8, "utf-8")
    assert carrel("index", papers).code == 0
    write_settings(data_dir, chat_model=None)
    nursery.bear("ask", data_dir, "default", "Tide rose how many feet, day by day?")
    while not (line := nursery.said()).startswith(("AnswerText", "dead", "answered")):
        assert line
    assert line.startswith("AnswerText")
    nursery.kill()
    with closing(Workspace.open(data_dir)) as workspace:
        (kept,) = workspace.recovered
        assert kept.state == "interrupted"
        assert kept.model == "SmolLM2-135M-Instruct"
        assert kept.passages
    opened = carrel("_turn", "--chat", kept.chat_id, "--", "And on day 2?")
    assert opened.code == 0


def test_lock_of_a_killed_owner_is_taken_over(nursery: Nursery, data_dir: Path, papers: Path) -> None:
    nursery.bear("index", data_dir, papers)
    assert nursery.said() == "open"
    nursery.kill()
    assert (data_dir / "owner.json").exists()
    done = run_carrel(data_dir, "index", papers, "--collection", "Papers", "--json")
    assert (done.code, done.json["ready"]) == (0, 1)
