"""Loaders that misbehave, entering parse processes the way plug-ins do: by an entry point on their path."""

import os
import subprocess
import sys
import time
from pathlib import Path

from rag.ingestion.loaders import progress
from rag.types import LoadedDocument, Page


class Misbehaving:
    """Does what the first word of the file says.

    Sleep, step (live long, with signs of life), crash, stumble (crash the first time), die (of the system), eat,
    bear (a process that eats), change (the file meanwhile), raise, or grow a long document.
    """

    name = "misbehaving"
    version = 1
    suffixes = frozenset({".bad"})

    def load(self, path: Path, password: str | None = None) -> LoadedDocument:
        word, _, amount = path.read_text(encoding="utf-8").strip().partition(" ")
        if word == "sleep":
            time.sleep(float(amount))
        elif word == "step":
            for number in range(int(amount)):
                progress.step(number, int(amount))
                time.sleep(0.5)
        elif word == "crash":
            os._exit(3)
        elif word == "stumble":
            mark = path.with_suffix(".mark")
            if not mark.exists():
                mark.touch()
                os._exit(3)
        elif word == "die":
            os.kill(os.getpid(), 9)
        elif word == "bear":
            eat = f"import time; eaten = b'x' * {int(amount) * 1_000_000}; time.sleep(60)"
            subprocess.run([sys.executable, "-c", eat], check=False)
        elif word == "change":
            path.write_text(f"change {time.time_ns()}", encoding="utf-8")
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
