"""Loaders that misbehave, entering parse processes the way plug-ins do: by an entry point on their path."""

import os
import time
from pathlib import Path

from rag.types import LoadedDocument, Page


class Misbehaving:
    """Does what the first word of the file says: sleep, crash, eat, raise, or grow a long document."""

    name = "misbehaving"
    version = 1
    suffixes = frozenset({".bad"})

    def load(self, path: Path, password: str | None = None) -> LoadedDocument:
        word, _, amount = path.read_text(encoding="utf-8").strip().partition(" ")
        if word == "sleep":
            time.sleep(float(amount))
        elif word == "crash":
            os._exit(3)
        elif word == "eat":
            eaten = [b"x" * 10_000_000 for _ in range(int(amount) // 10)]
            time.sleep(60)
            del eaten
        elif word == "raise":
            raise RuntimeError("a bug in a parser")
        pages = tuple(Page(index, index + 1, str(index + 1), f"{word} page {index}\n" * 400) for index in range(30))
        return LoadedDocument(path.stem, self.name, "misbehaving-1", pages)


def install(folder: Path) -> None:
    """Make a folder for `sys.path` that offers the loader."""
    info = folder / "carrel_test_loaders-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: carrel-test-loaders\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[carrel.loaders]\nmisbehaving = tests.rag.ingestion.loaders_for_tests:Misbehaving\n"
    )
