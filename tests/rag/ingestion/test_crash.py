"""The process dies at random moments of indexing: each document is old or new then, none missing, none doubled."""

import random
import re
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from rag.ingestion.chunking import CHUNKING
from rag.storage.database import Database
from rag.storage.library import Library
from rag.storage.vectors import VectorIndex, collection_key
from rag.types import SearchScope
from tests.rag.ingestion import files

MOMENTS = 20
FILES = 8
VERSION = re.compile(r"v\d+of\d+")


class Folder:
    """Documents that change from round to round; each says which version it is."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.current: dict[str, str] = {}

    def write(self, number: int, version: int) -> None:
        word = f"v{version}of{number}"
        name = f"{number}.pdf" if number % 4 == 0 else f"{number}.txt"
        if name.endswith(".pdf"):
            files.pdf(self.path / name, [f"{word} {files.STORY}", files.STORY])
        else:
            files.text(self.path / name, f"{word} " + files.STORY * 30)
        self.current[name] = word


class Shelf:
    """What a killed process left in the data folder."""

    def __init__(self, data: Path) -> None:
        self.database = Database(data / "library.db")
        self.library = Library(self.database)
        found = self.library.find_collection("Papers")
        self.collection = found.id if found else None

    def versions(self) -> dict[str, str]:
        """Return the version of each document that has been read; fails if one is not whole."""
        if self.collection is None:
            return {}
        rows = self.library.files(self.collection)
        assert len({row.path for row in rows}) == len(rows)
        return {row.path.name: self._version(row.document_id) for row in rows if row.document_id is not None}

    def _version(self, document_id: int) -> str:
        document = self.library.document(document_id)
        assert document is not None
        passages = self.library.document_passages(document_id)
        pages = self.library.pages(document_id)
        assert (len(pages), len(passages)) == (document.pages, document.passages)
        assert [passage.ordinal for passage in passages] == list(range(len(passages)))
        for passage in passages:
            assert pages[passage.page_index].text[passage.start : passage.end] == passage.text
        (version,) = set(VERSION.findall(" ".join(page.text for page in pages)))
        assert len(self.found(version)) == 1
        return version

    def found(self, word: str) -> list[tuple[int, float]]:
        assert self.collection is not None
        return self.library.word_search(f'"{word}"', SearchScope((self.collection,)), 10)


def start(data: Path, folder: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.rag.ingestion.index_folder", str(data), str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3])
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    return process


def kill_after(process: "subprocess.Popen[str]", delay_s: float) -> None:
    """Kill -9 after a while, and wait until its children have ended by themselves."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(delay_s)
    children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.kill()
    process.communicate()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive, "parse processes outlive the program"


def rehearsed_s(data: Path, folder: Path) -> float:
    """Return how long indexing takes here from its start, undisturbed."""
    data.mkdir()
    process = start(data, folder)
    begun = time.monotonic()
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    took_s = time.monotonic() - begun
    process.communicate()
    return took_s


@pytest.mark.timeout(400)
def test_killed_at_random_moments_each_document_is_old_or_new(tmp_path: Path) -> None:
    chance = random.Random(20)
    (tmp_path / "papers").mkdir()
    (tmp_path / "data").mkdir()
    folder, data = Folder(tmp_path / "papers"), tmp_path / "data"
    for number in range(FILES):
        folder.write(number, 0)
    whole_s = rehearsed_s(tmp_path / "rehearsal", folder.path)
    before: dict[str, str] = {}
    for moment in range(1, MOMENTS + 1):
        kill_after(start(data, folder.path), chance.uniform(0.0, 1.1 * whole_s))
        shelf = Shelf(data)
        after = shelf.versions()
        shelf.database.close()
        assert before.keys() <= after.keys(), "a document is missing"
        for name, version in after.items():
            assert version in {before.get(name), folder.current[name]}
        before = after
        for number in chance.sample(range(FILES), 3):
            folder.write(number, moment)
    finish(data, folder)


def finish(data: Path, folder: Folder) -> None:
    """Let indexing end undisturbed: everything is new, once, and in the vector index."""
    process = start(data, folder.path)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.communicate()
    shelf = Shelf(data)
    vectors = VectorIndex(data / "vectors")
    assert shelf.collection is not None
    assert shelf.versions() == folder.current
    key = collection_key(shelf.collection, "hashing-1-256", CHUNKING)
    assert sorted(vectors.ids(key)) == sorted(shelf.library.passage_ids(SearchScope((shelf.collection,))))
    vectors.close()
    shelf.database.close()
