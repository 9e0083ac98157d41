"""A look through 10,000 files of which none has changed, beside a bare walk that asks the system for each file."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rag.ingestion.loaders.registry import default_loaders
from rag.ingestion.scanning import Scanner
from rag.storage.database import Database
from rag.storage.library import Library
from tests.bench.report import Figure, Options, at_most, median

TARGET = 2.0
_TITLE = "Looking through folders with nothing changed, beside os.scandir with a stat of each file"
_FILES, _QUICK_FILES, _PER_FOLDER, _ROUNDS = 10_000, 500, 50, 9


def run(options: Options) -> Figure:
    """Measure both in turn, on the same files in the system's cache, and compare their medians."""
    count = _QUICK_FILES if options.quick else _FILES
    with tempfile.TemporaryDirectory(prefix="carrel-bench-") as folder:
        root = Path(folder) / "papers"
        _write(root, count)
        database = Database(Path(folder) / "library.db")
        library = Library(database)
        scanner, collection = Scanner(library, default_loaders()), library.create_collection("Papers").id
        library.add_root(collection, root)

        def rescan() -> None:
            scanner.scan(collection, root, lambda: False)

        rescan()
        bare: list[float] = []
        ours: list[float] = []
        for _ in range(_ROUNDS):
            bare.append(_seconds(lambda: _walk(os.fspath(root))))
            ours.append(_seconds(rescan))
        known = library.counts(collection).files_total
        database.close()
    facts = {"files": f"{known:,} in {count // _PER_FOLDER} folders", "rounds": _ROUNDS}
    took = at_most("Looked through", "ms", median(ours) * 1000, median(bare) * 1000, "bare walk", TARGET)
    return Figure("rescan", _TITLE, (took,), facts)


def _write(root: Path, count: int) -> None:
    for number in range(count):
        folder = root / f"folder {number // _PER_FOLDER}"
        if number % _PER_FOLDER == 0:
            folder.mkdir(parents=True)
        (folder / f"document number {number}.txt").write_bytes(b"words\n")


def _walk(folder: str) -> int:
    """Return how many files there are, each looked at."""
    count = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                count += _walk(entry.path)
            else:
                entry.stat()
                count += 1
    return count


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
