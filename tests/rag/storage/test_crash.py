"""A process that is killed while it stores documents leaves each of them old or new."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from rag.storage.database import Database
from rag.storage.library import Library
from rag.storage.vectors import VectorIndex, collection_key
from tests.rag.storage.builders import CHUNKING, EMBEDDER, embed_all, found, leftovers, scope

FILES = 3
PAGES = 20
ROUNDS = 6

# Stores versions 1, 2, 3, ... of every file, and says when a version is complete.
_WRITER = f"""
import sys
from pathlib import Path
from rag.storage.database import Database
from rag.storage.library import Library
from tests.rag.storage.builders import put, store

library = Library(Database(Path(sys.argv[1])))
library.reset_interrupted()
collection = library.find_collection("A") or library.create_collection("A")
for version in range(int(sys.argv[2]), 100_000):
    for number in range({FILES}):
        row = put(library, collection.id, f"{{number}}.pdf", size=version)
        library.set_file_state(row.id, "reading")
        words = [f"version{{version}} file{{number}} page{{page}}" for page in range({PAGES})]
        store(library, row.id, *words)
    print(version, flush=True)
"""


def write_and_kill(path: Path, first: int, chance: random.Random) -> int:
    """Run the writer from version `first`, kill it after a random moment; returns the last complete version."""
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(path), str(first)], stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert writer.stdout is not None
    complete = first - 1
    for _ in range(chance.randint(1, 4)):
        complete = int(writer.stdout.readline())
    # No clock is fine enough for a moment inside a transaction: count instead.
    for _ in range(chance.randint(0, 200_000)):
        pass
    writer.kill()
    rest, _ = writer.communicate()
    lines = [line for line in rest.split("\n")[:-1] if line]
    return int(lines[-1]) if lines else complete


def versions(library: Library, collection_id: int) -> list[set[str]]:
    """Return for each file the versions that its stored pages are of."""
    return [
        {passage.text.split()[0] for passage in library.document_passages(row.document_id)}
        for row in library.files(collection_id)
        if row.document_id is not None
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="a killed process keeps its files locked for a while")
def test_each_document_is_old_or_new_after_a_kill(tmp_path: Path) -> None:
    path, chance, complete = tmp_path / "library.db", random.Random(7), 0
    for _ in range(ROUNDS):
        complete = write_and_kill(path, complete + 1, chance)
        library = Library(Database(path))
        library.reset_interrupted()
        collection = library.find_collection("A")
        assert collection is not None
        stored = versions(library, collection.id)
        assert len(stored) == FILES
        assert collection.passages == FILES * PAGES
        for number, of_file in enumerate(stored):
            assert of_file in ({f"version{complete}"}, {f"version{complete + 1}"})
            (version,) = of_file
            assert len(found(library, f"{version} file{number} page3", collection.id)) == 1
        assert not any(leftovers(library).values())
        library.db.close()


@pytest.mark.skipif(sys.platform == "win32", reason="a killed process keeps its files locked for a while")
def test_the_index_follows_after_a_kill(tmp_path: Path) -> None:
    path, chance = tmp_path / "library.db", random.Random(3)
    write_and_kill(path, 1, chance)
    library, index = Library(Database(path)), VectorIndex(tmp_path / "vectors")
    collection = library.find_collection("A")
    assert collection is not None
    key = collection_key(collection.id, EMBEDDER, CHUNKING)
    embed_all(library)
    index.apply(library, collection.id, key, EMBEDDER)
    assert index.ids(key) == library.embedded_ids(collection.id, EMBEDDER)
    assert set(index.ids(key)) <= set(library.passage_ids(scope(collection.id)))
    index.close()
    library.db.close()
