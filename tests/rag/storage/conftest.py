"""A real database and a real vector index for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.storage.chats import Chats
from rag.storage.database import Database
from rag.storage.library import Library
from rag.storage.vectors import VectorIndex


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "library.db")
    yield database
    database.close()


@pytest.fixture
def library(db: Database) -> Library:
    return Library(db)


@pytest.fixture
def chats(db: Database) -> Chats:
    return Chats(db)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[VectorIndex]:
    vectors = VectorIndex(tmp_path / "vectors")
    yield vectors
    vectors.close()
