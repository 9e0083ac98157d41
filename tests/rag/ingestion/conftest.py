"""An ingestor with everything below it, on a data folder of the test's own."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from inference.api import CpuBudget, EmbeddingService
from rag.ingestion.ingestor import Ingestor
from rag.settings import RagSettings
from rag.storage.database import Database
from rag.storage.library import Library
from rag.storage.vectors import VectorIndex
from rag.types import Change, FileRow, SearchScope

PATIENCE_S = 90.0


class Desk:
    """The parts of the core that ingestion needs, with the words that tests use."""

    def __init__(self, folder: Path, settings: RagSettings, model: str = "hashing") -> None:
        self.budget = CpuBudget(2)
        self.database = Database(folder / "library.db")
        self.library = Library(self.database)
        self.vectors = VectorIndex(folder / "vectors")
        self.embedding = EmbeddingService(model, cache_dir=folder / "cache", budget=self.budget)
        self.changes: list[Change] = []
        self.ingestor = Ingestor(self.library, self.vectors, self.embedding, self.budget, settings, self.changes.append)
        self.ingestor.start()
        found = self.library.find_collection("Papers")
        self.collection = found.id if found else self.library.create_collection("Papers").id

    def add(self, *paths: Path, until: str = "ready") -> None:
        self.ingestor.add_paths(self.collection, paths)
        self.wait(until)

    def wait(self, until: str = "ready") -> None:
        assert self.ingestor.wait(self.collection, until, timeout_s=PATIENCE_S)  # type: ignore[arg-type]

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something that only the ingest thread can bring about."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline
            with self.ingestor._changed:
                self.ingestor._changed.wait(0.05)

    def files(self) -> dict[str, FileRow]:
        return {row.path.name: row for row in self.library.files(self.collection)}

    def found(self, match: str) -> list[str]:
        """Return the documents that a word search finds."""
        hits = self.library.word_search(match, SearchScope((self.collection,)), 50)
        return [passage.document for passage in self.library.passages([passage_id for passage_id, _ in hits])]

    def close(self) -> None:
        self.ingestor.shutdown()
        self.embedding.shutdown()
        self.vectors.close()
        self.database.close()


@pytest.fixture
def open_desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Open desks on the test's data folder, one after the other; the last one is closed at the end."""
    desks: list[Desk] = []
    folder = tmp_path / "data"
    folder.mkdir()

    def open_one(model: str = "hashing", **settings: int | str) -> Desk:
        for desk in desks:
            desk.close()
        desks[:] = [Desk(folder, RagSettings(**settings), model)]  # type: ignore[arg-type]
        return desks[0]

    yield open_one
    for desk in desks:
        desk.close()


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    return open_desk()


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    """A folder for documents."""
    folder = tmp_path / "papers"
    folder.mkdir()
    return folder
