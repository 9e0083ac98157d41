"""A `.carrel` file for packages to bring."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rag.storage.database import Database
from rag.storage.library import Library
from tests.rag.bundles.builders import fill, write


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """The library of whoever makes the package."""
    (tmp_path / "maker").mkdir()
    database = Database(tmp_path / "maker" / "library.db")
    yield Library(database)
    database.close()


@pytest.fixture
def fill_bundle(library: Library, tmp_path: Path) -> Callable[[str], Path]:
    """Write a file with one document of one text; a second call writes the next revision."""
    made = library.create_collection("Papers")

    def write_one(text: str) -> Path:
        for row in library.files(made.id):
            library.remove_file(row.id)
        fill(library, made.id, {"a.pdf": (text,)})
        return write(library, made.id, tmp_path / "papers.carrel").path

    return write_one
