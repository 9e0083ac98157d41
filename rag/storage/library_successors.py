"""Successors: documents cut and embedded anew beside those that answer, until all are there and take their places.

A successor is a document row that no file has; `replaces` names the one for which it holds the new passages. Searches
reach documents through files only, so nobody finds them before the exchange: one transaction, in which each document
swaps its passages with its successor. Documents keep their ids and pages, so old answers still lead to them; what is
left of the successors then holds the old passages and is swept away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import apsw

from rag.storage import document_rows as rows
from rag.storage.library_vectors import PendingPassage
from rag.storage.removal import delete_document
from rag.storage.store import Store, fetch, id_list
from rag.storage.text import embed_text
from rag.types import Passage

# Only what is whole is cut anew: pages that are still to be recognised would be missing.
_NEXT = """
SELECT document.id FROM document
WHERE EXISTS (SELECT 1 FROM file WHERE document_id = document.id AND state NOT IN ('queued', 'reading'))
    AND NOT EXISTS (SELECT 1 FROM document AS successor WHERE successor.replaces = document.id)
ORDER BY document.id LIMIT ?
"""

_ADD = """
INSERT INTO document (sha256, loader, chunking, title, kind, author, created, pages, passages, outline, stored_at,
    replaces)
SELECT sha256, loader,
    -- Documents that came with a bundle stay apart from those read here: "cut@collection".
    :chunking || iif(instr(chunking, '@'), substr(chunking, instr(chunking, '@')), ''),
    title, kind, author, created, 0, :passages, '[]', unixepoch('subsec'), id
FROM document WHERE id = :document_id
"""

_EMBEDDER = "(SELECT id FROM embedder WHERE identity = :embedder)"
_HAS_VECTOR = f"EXISTS (SELECT 1 FROM vector WHERE vector.text_hash = passage.text_hash AND embedder_id = {_EMBEDDER})"

_UNEMBEDDED = f"""
SELECT passage.id, context, text, text_hash
FROM document JOIN passage ON passage.document_id = document.id
WHERE document.replaces IS NOT NULL AND NOT {_HAS_VECTOR}
ORDER BY document.id, ordinal LIMIT :limit
"""

_EMBEDDED_OF_COLLECTION = f"""
SELECT DISTINCT passage.id
FROM file JOIN document ON document.replaces = file.document_id
JOIN passage ON passage.document_id = document.id
WHERE file.collection_id = :collection_id AND {_HAS_VECTOR}
ORDER BY passage.id
"""

_COUNTS = f"""
SELECT
    (SELECT count(DISTINCT document_id) FROM file WHERE document_id IS NOT NULL),
    (SELECT count(*) FROM document WHERE replaces IS NOT NULL),
    (SELECT coalesce(sum(passages), 0) FROM document WHERE replaces IS NOT NULL),
    (SELECT count(*) FROM document JOIN passage ON passage.document_id = document.id
        WHERE document.replaces IS NOT NULL AND {_HAS_VECTOR}),
    (SELECT count(*) FROM file WHERE state IN ('queued', 'reading'))
"""

_WITHOUT = """
SELECT EXISTS (
    SELECT 1 FROM file WHERE document_id IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM document WHERE replaces = file.document_id)
)
"""

# Sums are taken anew at the end; an identity of two documents at once is not allowed even within a statement.
_EXCHANGE = (
    "DELETE FROM indexed",
    "DELETE FROM departed",
    """
    UPDATE passage SET document_id = other
    FROM (
        SELECT id AS one, replaces AS other FROM document WHERE replaces IS NOT NULL
        UNION ALL SELECT replaces, id FROM document WHERE replaces IS NOT NULL
    ) WHERE passage.document_id = one
    """,
    "UPDATE document SET sha256 = 'replaced-' || id WHERE replaces IS NOT NULL",
    """
    UPDATE document SET chunking = new.chunking, passages = new.passages
    FROM (SELECT replaces AS old_id, chunking, passages FROM document WHERE replaces IS NOT NULL) AS new
    WHERE document.id = new.old_id
    """,
    """
    UPDATE document SET
        passages = (SELECT count(*) FROM passage WHERE document_id = document.id),
        replaces = NULL
    WHERE replaces IS NOT NULL
    """,
)


@dataclass(frozen=True)
class LiveIndex:
    """What answers now: the embedding model by name or folder, and the longest passage in tokens."""

    embedding_model: str
    passage_tokens: int


@dataclass(frozen=True)
class SuccessorCounts:
    """How far the successors are; `unfinished` counts files that are still being read or embedded as before."""

    documents: int
    successors: int
    passages: int
    embedded: int
    unfinished: int


class SuccessorStore(Store):
    """The index that is being built beside the one that answers."""

    def live_index(self) -> LiveIndex | None:
        """Return what the documents that answer were made with; None in a library that has not said so yet."""
        with self.db.read() as connection:
            row = connection.execute("SELECT embedding_model, passage_tokens FROM live_index").fetchone()
        return None if row is None else LiveIndex(*row)

    def set_live_index(self, live: LiveIndex) -> None:
        """Note what the documents that answer are made with."""
        with self.db.write() as connection:
            _set_live(connection, live)

    def documents_without_successor(self, limit: int) -> list[int]:
        """Return documents that are ready, and that nothing was made from yet."""
        with self.db.read() as connection:
            return [int(document_id) for (document_id,) in connection.execute(_NEXT, (limit,))]

    def store_successor(self, document_id: int, passages: Sequence[Passage], chunking: str) -> int | None:
        """Store a document's passages as they were cut anew; None if the document left meanwhile."""
        cut = [rows.passage_values(passage) for passage in passages]
        with self.db.write() as connection:
            asked = {"document_id": document_id, "chunking": chunking, "passages": len(cut)}
            connection.execute(_ADD, asked)
            if not connection.changes():
                return None
            successor = connection.last_insert_rowid()
            rows.insert_passages(connection, successor, cut)
            return successor

    def unembedded_successors(self, embedder: str, limit: int) -> list[PendingPassage]:
        """Return the next passages of successors without a vector, each text once."""
        with self.db.read() as connection:
            found = fetch(connection, _UNEMBEDDED, {"embedder": embedder, "limit": limit})
        once: dict[bytes, PendingPassage] = {}
        for passage_id, context, text, key in found:
            once.setdefault(key, PendingPassage(passage_id, embed_text(context, text), key))
        return list(once.values())

    def embedded_successor_ids(self, collection_id: int, embedder: str) -> list[int]:
        """Return the passages that a collection will have after the exchange and that have a vector, ascending."""
        asked = {"collection_id": collection_id, "embedder": embedder}
        with self.db.read() as connection:
            found = connection.execute(_EMBEDDED_OF_COLLECTION, asked)
            return [int(passage_id) for (passage_id,) in found]

    def successor_counts(self, embedder: str) -> SuccessorCounts:
        """Return how far the index that is being built is."""
        with self.db.read() as connection:
            return SuccessorCounts(*connection.execute(_COUNTS, {"embedder": embedder}).get)

    def exchange(self, live: LiveIndex, indexed: Mapping[int, Sequence[int]]) -> bool:
        """Have every document take the passages of its successor, at once; the old ones are swept afterwards.

        Args:
            live: What the new index was made with.
            indexed: For each collection the passages that Chroma holds under the new index's key.

        Returns:
            False, and nothing is changed, if a document has no successor.
        """
        with self.db.write() as connection:
            if connection.execute(_WITHOUT).get:
                return False
            for statement in _EXCHANGE:
                connection.execute(statement)
            for collection_id, passage_ids in indexed.items():
                connection.execute(
                    "INSERT OR IGNORE INTO indexed SELECT ?, id FROM passage "
                    "WHERE id IN (SELECT value FROM json_each(?))",
                    (collection_id, id_list(passage_ids)),
                )
            _set_live(connection, live)
        return True

    def drop_vectors_of_others(self, embedder: str) -> None:
        """Delete the vectors of all other embedders: they belong to an index that is no more."""
        with self.db.write() as connection:
            connection.execute(
                "DELETE FROM vector WHERE embedder_id <> (SELECT id FROM embedder WHERE identity = ?)", (embedder,)
            )

    def drop_successors(self, document_id: int | None = None) -> None:
        """Delete the successor of one document, or all of them, each in a transaction of its own."""
        condition = "replaces IS NOT NULL" if document_id is None else "replaces = :document_id"
        while True:
            with self.db.write() as connection:
                found = connection.execute(
                    f"SELECT id FROM document WHERE {condition} LIMIT 1",
                    {} if document_id is None else {"document_id": document_id},
                ).get
                if found is None:
                    return
                delete_document(connection, found)


def _set_live(connection: apsw.Connection, live: LiveIndex) -> None:
    connection.execute("DELETE FROM live_index")
    connection.execute("INSERT INTO live_index VALUES (?, ?)", (live.embedding_model, live.passage_tokens))
