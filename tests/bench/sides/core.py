"""What the sides that use our core have in common: a workspace in a folder of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rag.api import RagSettings, Workspace


@contextmanager
def workspace(**settings: object) -> Iterator[Workspace]:
    """Open an empty workspace; its folder goes with it. The cache of exported models is the user's own."""
    with tempfile.TemporaryDirectory(prefix="carrel-bench-") as folder:
        chosen = replace(RagSettings(), **settings)  # type: ignore[arg-type]  # names are checked by replace itself
        opened = Workspace.open(Path(folder) / "data", settings=chosen)
        try:
            yield opened
        finally:
            opened.close()


def index(opened: Workspace, name: str, paths: Sequence[Path]) -> int:
    """Index paths into a new collection and return its id once everything is searchable by meaning."""
    collection = opened.create_collection(name)
    opened.add_paths(collection.id, paths)
    opened.wait_until(collection.id, "ready")
    failed = [f"{row.path.name}: {row.problem}" for row in opened.problems(collection.id)]
    if failed:
        raise RuntimeError(f"Not all could be indexed: {failed[:3]}")
    return collection.id
