"""Fills a data folder as a first session leaves it: the sample documents, read and searchable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rag.api import Workspace
from tests.bench.sides.child import answer


def work(arguments: dict[str, Any]) -> dict[str, Any]:
    """Index the sample documents in the data folder named."""
    opened = Workspace.open(Path(arguments["data_dir"]))
    try:
        collection = opened.sample_collection()
        opened.wait_until(collection.id, "ready")
        return {"passages": opened.collection(collection.id).passages}
    finally:
        opened.close()


if __name__ == "__main__":
    answer(work)
