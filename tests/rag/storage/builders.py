"""Documents, files and vectors made for the tests, small and predictable."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.storage.library import Library
from rag.types import FileRow, LoadedDocument, Locator, Page, Passage, SearchScope

CHUNKING = "test-v1"
EMBEDDER = "hashing@1"
DIMENSION = 8


def document(*texts: str, title: str = "A title", context: str = "") -> tuple[LoadedDocument, list[Passage]]:
    """Return a document with a page, and a passage that fills it, for each text."""
    pages = [Page(i, i + 1, f"p{i + 1}", text, boxes=b"boxes", width=600, height=800) for i, text in enumerate(texts)]
    passages = [
        Passage(i, i, 0, len(text), text, "A section", Locator("page", str(i + 1)), context, len(text.split()))
        for i, text in enumerate(texts)
    ]
    return LoadedDocument(title, "pdf", "pdf-1", tuple(pages)), passages


def digest(*texts: str) -> str:
    return sha256("\f".join(texts).encode("utf-8", "replace")).hexdigest()


def put(library: Library, collection_id: int, name: str = "a.pdf", size: int = 1) -> FileRow:
    return library.put_file(collection_id, Path("/docs") / name, size, 1)


def store(library: Library, file_id: int, *texts: str, context: str = "") -> int:
    """Store a document with these pages for a file; returns its id."""
    loaded, passages = document(*texts, context=context)
    document_id = library.store_document(file_id, digest(*texts), loaded, passages, CHUNKING)
    assert document_id is not None
    return document_id


def add(library: Library, collection_id: int, name: str, *texts: str) -> FileRow:
    """Put a file and store its document; returns the file as it is then."""
    file_id = put(library, collection_id, name).id
    store(library, file_id, *texts)
    row = library.file(file_id)
    assert row is not None
    return row


def scope(*collection_ids: int, documents: Sequence[int] | None = None) -> SearchScope:
    return SearchScope(collection_ids, None if documents is None else frozenset(documents))


def found(library: Library, words: str, *collection_ids: int) -> list[str]:
    """Return the texts that a search for a phrase finds."""
    hits = library.word_search(f'"{words}"', scope(*collection_ids), 10)
    return [passage.text for passage in library.passages([passage_id for passage_id, _ in hits])]


def vector(text: str) -> NDArray[np.float32]:
    """Return a vector that depends on the text alone."""
    values = np.frombuffer(sha256(text.encode()).digest()[:DIMENSION], np.uint8).astype(np.float32) - 127.5
    return values / np.linalg.norm(values)


def embed_all(library: Library, collection_id: int | None = None) -> int:
    """Give a vector to every passage that needs one; returns how many texts."""
    pending = library.unembedded(collection_id, EMBEDDER, 1000)
    library.store_vectors(EMBEDDER, [(passage.text_hash, vector(passage.text)) for passage in pending])
    return len(pending)


def leftovers(library: Library) -> dict[str, int]:
    """Return how many rows of each kind hang in the air: all numbers are 0 in a sound library."""
    checks = {
        "documents": "SELECT count(*) FROM document WHERE id NOT IN (SELECT document_id FROM file "
        "WHERE document_id IS NOT NULL UNION SELECT document_id FROM removed_file WHERE document_id IS NOT NULL)",
        "files": "SELECT count(*) FROM file WHERE document_id NOT IN (SELECT id FROM document)",
        "pages": "SELECT count(*) FROM page WHERE document_id NOT IN (SELECT id FROM document)",
        "passages": "SELECT count(*) FROM passage WHERE document_id NOT IN (SELECT id FROM document)",
        "vectors": "SELECT count(*) FROM vector WHERE text_hash NOT IN (SELECT text_hash FROM passage)",
        "marks": "SELECT count(*) FROM indexed WHERE passage_id NOT IN (SELECT id FROM passage)",
        "page numbers": "SELECT count(*) FROM document WHERE pages <> "
        "(SELECT count(*) FROM page WHERE document_id = document.id)",
        "passage numbers": "SELECT count(*) FROM document WHERE passages <> "
        "(SELECT count(*) FROM passage WHERE document_id = document.id)",
    }
    with library.db.write() as connection:
        # Raises if the words differ from the passages in any way.
        connection.execute("INSERT INTO words (words, rank) VALUES ('integrity-check', 1)")
        numbers = {name: int(connection.execute(statement).get) for name, statement in checks.items()}
        numbers["foreign keys"] = len(connection.execute("PRAGMA foreign_key_check").fetchall())
    return numbers
