"""Two computers: a data folder with a collection on one, an empty one on the other."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from inference.api import EmbeddingService
from rag.api import RagSettings, Workspace
from rag.storage.database import Database
from rag.storage.library import Library
from tests.rag.ingestion import files

QUICK = RagSettings(embedding_model="hashing", chat_model="echo")

Open = Callable[..., Workspace]


@pytest.fixture
def open_workspace(tmp_path: Path) -> Iterator[Open]:
    """Open workspaces on named data folders; all are closed at the end."""
    opened: list[Workspace] = []

    def open_one(name: str, settings: RagSettings = QUICK) -> Workspace:
        opened.append(Workspace.open(tmp_path / "data" / name, settings=settings))
        return opened[-1]

    yield open_one
    for workspace in opened:
        if not workspace._database._closed:
            workspace.close()


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    """A folder of documents of several kinds, two of them with the same bytes."""
    folder = tmp_path / "papers"
    (folder / "letters").mkdir(parents=True)
    (folder / "tides.md").write_text("# Tides\n\nHigh water at the quay is at 06:40 on Monday.\n", "utf-8")
    (folder / "letters" / "crane.txt").write_text("The crane lifts at most 3.2 tonnes, never in a gale.\n", "utf-8")
    (folder / "letters" / "copy.txt").write_text("The crane lifts at most 3.2 tonnes, never in a gale.\n", "utf-8")
    files.pdf(folder / "ferry.pdf", ["The ferry leaves at noon.", "It costs nine crowns in winter."])
    return folder


@pytest.fixture
def sender(open_workspace: Open, papers: Path) -> Workspace:
    """The first computer, with the papers read."""
    workspace = open_workspace("sender")
    made = workspace.create_collection("Harbour")
    workspace.add_paths(made.id, [papers])
    assert workspace.wait_until(made.id)
    return workspace


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Texts that the embedding model was asked for as passages, on any computer, from here on."""
    asked: list[str] = []
    embed = EmbeddingService.embed_passages

    def watched(self: EmbeddingService, texts: list[str], *rest: object) -> object:
        asked.extend(texts)
        return embed(self, texts, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(EmbeddingService, "embed_passages", watched)
    return asked


def found(workspace: Workspace, words: str) -> list[tuple[str, str, str, float]]:
    """Return what a search of all collections finds, ids and places on the computer aside."""
    results = workspace.search(words, [each.id for each in workspace.collections()]).results
    return [
        (each.passage.document, each.passage.locator.value, each.passage.text, round(each.score, 5)) for each in results
    ]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A library without anything around it."""
    database = Database(tmp_path / "library.db")
    yield Library(database)
    database.close()
