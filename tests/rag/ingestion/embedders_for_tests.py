"""An embedder that waits until it is let go, entering the way plug-ins do: by an entry point on the path."""

import threading
from collections.abc import Sequence
from pathlib import Path

from inference.api import Embedder, Vectors, open_embedder

GATE = threading.Event()
"""Set: passages are embedded; cleared: they wait. Questions never wait."""


class Gated:
    """The hashing embedder under another name, slowed down by `GATE`."""

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self.name, self.revision, self.dimension = "gated", "1", inner.dimension
        self.max_tokens, self.languages, self.tokenizer_file = inner.max_tokens, inner.languages, inner.tokenizer_file
        self.parallel_calls = 1

    def embed(self, texts: Sequence[str], kind: str) -> Vectors:
        if kind == "passage":
            assert GATE.wait(60)
        return self._inner.embed(texts, kind)  # type: ignore[arg-type]

    def close(self) -> None:
        self._inner.close()


def make(cache_dir: Path, threads: int) -> Gated:
    return Gated(open_embedder("hashing", cache_dir=cache_dir, threads=threads))


def install(folder: Path) -> None:
    """Make a folder for `sys.path` that offers the embedder."""
    info = folder / "carrel_test_embedders-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: carrel-test-embedders\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[carrel.embedders]\ngated = tests.rag.ingestion.embedders_for_tests:make\n")
