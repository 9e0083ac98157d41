"""Our indexing of a folder, from an empty workspace until everything is searchable by meaning."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from rag import places
from rag.api import Workspace
from rag.storage.database import Database
from rag.storage.library import Library
from tests.bench.sides.child import answer
from tests.bench.sides.core import workspace
from tests.bench.sides.tokens import WINDOW_TOKENS, count_tokens


def work(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return seconds until searchable by words and by meaning, the loading of the model included, and the counts."""
    files = [Path(name) for name in arguments["files"]]
    with workspace() as opened:
        started = time.monotonic()
        collection = opened.create_collection("Bench")
        opened.add_paths(collection.id, files)
        opened.wait_until(collection.id, "searchable")
        searchable = time.monotonic()
        opened.wait_until(collection.id, "ready")
        ready = time.monotonic()
        failed = [f"{row.path.name}: {row.problem}" for row in opened.files(collection.id) if row.state != "ready"]
        return {
            "searchable_s": searchable - started,
            "total_s": ready - started,
            "failed": failed,
            "passages": opened.collection(collection.id).passages,
            **_count(opened, collection.id, Path(arguments["model"])),
        }


def _count(opened: Workspace, collection_id: int, model: Path) -> dict[str, int]:
    documents = [row.document_id for row in opened.files(collection_id) if row.document_id is not None]
    pages = [
        opened.page(document, index).text for document in documents for index in range(opened.page_count(document))
    ]
    return {
        "pages": len(pages),
        "tokens_in_text": sum(count_tokens(model, pages)),
        "tokens_embedded": _tokens_embedded(opened, documents, model),
    }


def _tokens_embedded(opened: Workspace, documents: list[int], model: Path) -> int:
    """Count what the model read: each passage with its context, the same text only once, never beyond its window."""
    database = Database(places.library_file(opened.data_dir))
    try:
        library = Library(database)
        passages = [passage for document in documents for passage in library.document_passages(document)]
    finally:
        database.close()
    texts = sorted({f"{passage.context}\n{passage.text}" for passage in passages})
    return sum(min(WINDOW_TOKENS, count) for count in count_tokens(model, texts))


if __name__ == "__main__":
    answer(work)
