"""Keeping in step while the program runs: what changes in a folder is in the index soon after, and nothing else is."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from rag.api import Workspace
from rag.ingestion import watching
from rag.ingestion.watching import NOISIEST_S, NOISY_S, QUIET_S, Debounce
from rag.settings import RagSettings
from tests.rag.ingestion import files

SETTINGS = RagSettings(embedding_model="hashing", chat_model="echo")
FILES = 100
EACH = FILES // 5


def test_a_quiet_folder_is_looked_at_soon() -> None:
    debounce = Debounce()
    debounce.touch("/a", 0.0, deep=False)
    debounce.touch("/a", 0.5, deep=True)
    assert debounce.due_at() == pytest.approx(0.5 + QUIET_S)
    assert debounce.take(0.6) == []
    assert debounce.take(0.5 + QUIET_S) == [("/a", True)]
    assert debounce.due_at() is None


def test_endless_changes_are_looked_at_ever_more_rarely_but_not_never() -> None:
    debounce, looks, now = Debounce(), [], 0.0
    while now < 200:
        debounce.touch("/a", now, deep=False)
        if debounce.take(now):
            looks.append(now)
        now += 0.1
    gaps = [round(second - first, 3) for first, second in pairwise(looks)]
    assert looks[0] == pytest.approx(NOISY_S, abs=0.2)
    assert gaps == sorted(gaps)
    assert max(gaps) <= NOISIEST_S + 0.3


class Tree:
    """A folder of documents, and what becomes of it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.changed_texts = 0
        for number in range(FILES):
            folder = root / f"folder{number % 5}"
            folder.mkdir(exist_ok=True)
            files.text(folder / f"file{number}.txt", f"Number {number} tells of albatross{number} and the sea.")

    def change(self, name: str) -> None:
        """Add, edit, rename, move and delete: a fifth of the files for each."""
        there = sorted(self.root.rglob("*.txt"))
        for number in range(EACH):
            files.text(self.root / f"added-{name}-{number}.txt", f"Added {name} {number}: a petrel{number}.")
            files.text(there[number], there[number].read_text("utf-8") + f" Edited {name}.")
            there[EACH + number].rename(there[EACH + number].with_name(f"renamed-{name}-{number}.txt"))
            (self.root / f"moved-{name}").mkdir(exist_ok=True)
            there[2 * EACH + number].rename(self.root / f"moved-{name}" / there[2 * EACH + number].name)
            there[3 * EACH + number].unlink()

    def texts(self) -> dict[Path, str]:
        return {path: path.read_text("utf-8").strip() for path in self.root.rglob("*.txt")}


def indexed(workspace: Workspace, collection_id: int) -> dict[Path, str]:
    """Return what the index holds of each file that is ready."""
    library = workspace._library
    return {
        row.path: "\n".join(page.text for page in library.pages(row.document_id or 0)).strip()
        for row in workspace.files(collection_id)
        if row.state == "ready"
    }


def noted_embeddings(workspace: Workspace) -> list[str]:
    texts: list[str] = []
    real = workspace.embedding.embed_passages

    def noting(passages: Any, *more: Any) -> Any:
        texts.extend(passages)
        return real(passages, *more)

    workspace.embedding.embed_passages = noting  # type: ignore[method-assign]
    return texts


@pytest.fixture
def tree(papers: Path) -> Tree:
    return Tree(papers)


@pytest.fixture
def watched(data_dir: Path, papers: Path) -> Iterator[Callable[[], Workspace]]:
    opened: list[Workspace] = []

    def open_one() -> Workspace:
        workspace = Workspace.open(data_dir, settings=SETTINGS)
        opened.append(workspace)
        workspace.keep_in_step()
        return workspace

    yield open_one
    for workspace in opened:
        workspace.close()


def settle(workspace: Workspace, collection_id: int, wanted: Callable[[], bool]) -> None:
    """Wait until the index is as wanted; an announcement of a change ends each wait."""
    done = threading.Event()
    end = workspace.subscribe(lambda _change: done.set())
    deadline = time.monotonic() + 60
    while not wanted():
        assert time.monotonic() < deadline, "not in step after 60 s"
        done.wait(0.5)
        done.clear()
    end()


def test_a_hundred_changes_are_in_the_index_whether_the_program_runs_or_not(
    tree: Tree, data_dir: Path, watched: Callable[[], Workspace]
) -> None:
    with closing(Workspace.open(data_dir, settings=SETTINGS)) as workspace:
        collection = workspace.create_collection("Papers").id
        workspace.add_paths(collection, [tree.root])
        assert workspace.wait_until(collection)
    tree.change("closed")
    workspace = watched()
    embedded = noted_embeddings(workspace)
    settle(workspace, collection, lambda: indexed(workspace, collection) == tree.texts())
    assert len(embedded) == 2 * EACH
    tree.change("open")
    settle(workspace, collection, lambda: indexed(workspace, collection) == tree.texts())
    assert len(embedded) == 4 * EACH


def test_a_folder_that_comes_back_is_watched_again(
    papers: Path, data_dir: Path, watched: Callable[[], Workspace], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "_TICK_S", 0.1)
    monkeypatch.setattr(watching, "_WITHOUT_WATCH_S", 0.2)
    files.text(papers / "a.txt", "albatross")
    workspace = watched()
    collection = workspace.create_collection("Papers").id
    workspace.add_paths(collection, [papers])
    assert workspace.wait_until(collection)
    papers.rename(papers.with_name("away"))
    settle(workspace, collection, lambda: workspace.roots(collection)[0].offline)
    assert [row.path.name for row in workspace.files(collection)] == ["a.txt"]
    papers.with_name("away").rename(papers)
    settle(workspace, collection, lambda: not workspace.roots(collection)[0].offline)
    files.text(papers / "b.txt", "petrel")
    settle(workspace, collection, lambda: len(indexed(workspace, collection)) == 2)
    assert workspace.notices(collection) == []


def test_folders_that_cannot_be_watched_are_looked_through_now_and_then(
    papers: Path, data_dir: Path, watched: Callable[[], Workspace], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "_TICK_S", 0.1)
    monkeypatch.setattr(watching, "_WITHOUT_WATCH_S", 0.2)
    monkeypatch.setattr(watching, "_is_on_network", lambda root: True)
    workspace = watched()
    collection = workspace.create_collection("Papers").id
    workspace.add_paths(collection, [papers])
    settle(workspace, collection, lambda: bool(workspace.notices(collection)))
    assert [notice.code for notice in workspace.notices(collection)] == ["folder_not_watched"]
    files.text(papers / "b.txt", "petrel")
    settle(workspace, collection, lambda: len(indexed(workspace, collection)) == 1)


def test_single_files_are_watched_too(papers: Path, data_dir: Path, watched: Callable[[], Workspace]) -> None:
    path = files.text(papers / "a.txt", "albatross")
    workspace = watched()
    collection = workspace.create_collection("Papers").id
    workspace.add_paths(collection, [path])
    assert workspace.wait_until(collection)
    files.text(papers / "new", "not wanted")
    files.text(path, "petrel")
    settle(workspace, collection, lambda: indexed(workspace, collection) == {path: "petrel"})
