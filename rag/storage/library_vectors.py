"""The vectors themselves, and which of them Chroma holds. Here is the truth; Chroma can be made from it anew."""

from collections.abc import Sequence
from typing import NamedTuple

import apsw
import numpy as np
from numpy.typing import NDArray

from rag.storage.store import Store, fetch, id_list
from rag.storage.text import embed_text

Ids = NDArray[np.int64]
Vectors = NDArray[np.float32]

_EMBEDDER = "(SELECT id FROM embedder WHERE identity = :embedder)"
_HAS_VECTOR = f"EXISTS (SELECT 1 FROM vector WHERE vector.text_hash = passage.text_hash AND embedder_id = {_EMBEDDER})"
_OF_COLLECTION = "document_id IN (SELECT document_id FROM file WHERE collection_id = :collection_id)"

_UNEMBEDDED = f"""
SELECT passage.id, context, text, text_hash, token_count
FROM file CROSS JOIN passage ON passage.document_id = file.document_id
WHERE state = 'searchable' AND (:collection_id IS NULL OR collection_id = :collection_id) AND NOT {_HAS_VECTOR}
ORDER BY queue_place, ordinal LIMIT :limit
"""

_UNINDEXED = f"""
SELECT passage.id
FROM file CROSS JOIN passage ON passage.document_id = file.document_id
WHERE state = 'searchable' AND collection_id = :collection_id AND {_HAS_VECTOR} AND NOT EXISTS (
    SELECT 1 FROM indexed WHERE passage_id = passage.id AND indexed.collection_id = :collection_id
)
ORDER BY queue_place, ordinal LIMIT :limit
"""

_VECTORS = f"""
SELECT passage.id, data FROM json_each(:ids)
JOIN passage ON passage.id = value
JOIN vector ON vector.text_hash = passage.text_hash AND embedder_id = {_EMBEDDER}
ORDER BY passage.id
"""

_ONE_VECTOR = "SELECT data FROM vector WHERE text_hash = ? AND embedder_id = ?"

_MARK = f"""
INSERT OR IGNORE INTO indexed
SELECT :collection_id, passage.id FROM json_each(:ids) JOIN passage ON passage.id = value WHERE {_OF_COLLECTION}
"""

# What was removed while Chroma was still taking it in.
_MARK_LATE = """
INSERT OR IGNORE INTO departed
SELECT :collection_id, value FROM json_each(:ids)
WHERE NOT EXISTS (SELECT 1 FROM indexed WHERE passage_id = value AND collection_id = :collection_id)
    AND EXISTS (SELECT 1 FROM collection WHERE id = :collection_id)
"""

_REOPEN_FILES = """
UPDATE file SET state = 'searchable'
WHERE collection_id = :collection_id AND state = 'ready' AND EXISTS (
    SELECT 1 FROM passage LEFT JOIN indexed ON passage_id = passage.id AND indexed.collection_id = :collection_id
    WHERE passage.document_id = file.document_id AND passage_id IS NULL
)
"""


_WANTED = """
SELECT passage.id FROM json_each(:ids) JOIN passage ON passage.id = value
WHERE EXISTS (SELECT 1 FROM collection WHERE id = :collection_id)
    OR EXISTS (SELECT 1 FROM removed_collection WHERE id = :collection_id)
ORDER BY passage.id
"""


class PendingPassage(NamedTuple):
    """A passage to embed: `text` with its context, and the key of its vector."""

    passage_id: int
    text: str
    text_hash: bytes
    tokens: int = 0


class VectorStore(Store):
    """Vectors by embedder and text, and the marks of what is indexed."""

    def unembedded(self, collection_id: int | None, embedder: str, limit: int) -> list[PendingPassage]:
        """Return the next passages without a vector, each text once, files in the order they were queued."""
        asked = {"collection_id": collection_id, "embedder": embedder, "limit": limit}
        with self.db.read() as connection:
            found = fetch(connection, _UNEMBEDDED, asked)
        once: dict[bytes, PendingPassage] = {}
        for passage_id, context, text, key, tokens in found:
            once.setdefault(key, PendingPassage(passage_id, embed_text(context, text), key, tokens))
        return list(once.values())

    def store_vectors(self, embedder: str, vectors: Sequence[tuple[bytes, Vectors]]) -> None:
        """Keep vectors under the hash of their text; a second one for the same text replaces the first."""
        with self.db.write() as connection:
            connection.execute("INSERT OR IGNORE INTO embedder (identity) VALUES (?)", (embedder,))
            embedder_id = connection.execute("SELECT id FROM embedder WHERE identity = ?", (embedder,)).get
            connection.executemany(
                "INSERT OR REPLACE INTO vector VALUES (?, ?, ?)",
                ((embedder_id, key, np.ascontiguousarray(vector, "<f4").tobytes()) for key, vector in vectors),
            )

    def vectors_by_hash(self, embedder: str, hashes: Sequence[bytes]) -> dict[bytes, Vectors]:
        """Return the vectors that are there for these texts."""
        found: dict[bytes, bytes | None] = {}
        with self.db.read() as connection:
            embedder_id = connection.execute("SELECT id FROM embedder WHERE identity = ?", (embedder,)).get
            for key in hashes:
                row = fetch(connection, _ONE_VECTOR, (key, embedder_id))
                found[key] = row[0][0] if row else None
        return {key: np.frombuffer(data, "<f4") for key, data in found.items() if data is not None}

    def vectors(self, embedder: str, passage_ids: Sequence[int]) -> tuple[Ids, Vectors]:
        """Return those of the passages that have a vector, ids ascending, and float32 (n, dimension)."""
        with self.db.read() as connection:
            asked = {"ids": id_list(passage_ids), "embedder": embedder}
            found = fetch(connection, _VECTORS, asked)
        if not found:
            return np.empty(0, np.int64), np.empty((0, 0), np.float32)
        ids = np.array([passage_id for passage_id, _ in found], np.int64)
        return ids, np.frombuffer(b"".join(data for _, data in found), "<f4").reshape(len(found), -1)

    def embedded_ids(self, collection_id: int, embedder: str) -> list[int]:
        """Return all passages of a collection that have a vector: what Chroma should hold."""
        with self.db.read() as connection:
            found = connection.execute(
                f"SELECT id FROM passage WHERE {_OF_COLLECTION} AND {_HAS_VECTOR} ORDER BY id",
                {"collection_id": collection_id, "embedder": embedder},
            )
            return [int(passage_id) for (passage_id,) in found]

    def unindexed(self, collection_id: int, embedder: str, limit: int) -> list[int]:
        """Return passages that have a vector, but are not marked as indexed."""
        asked = {"collection_id": collection_id, "embedder": embedder, "limit": limit}
        with self.db.read() as connection:
            return list(dict.fromkeys(int(passage_id) for (passage_id,) in connection.execute(_UNINDEXED, asked)))

    def mark_indexed(self, collection_id: int, passage_ids: Sequence[int]) -> None:
        """Note that Chroma holds these passages; those removed meanwhile go to `departed`."""
        with self.db.write() as connection:
            _mark(connection, collection_id, passage_ids)

    def replace_indexed(self, collection_id: int, passage_ids: Sequence[int]) -> None:
        """Note that Chroma holds exactly these; files that were ready and are not any more are searchable again."""
        asked = {"collection_id": collection_id}
        with self.db.write() as connection:
            connection.execute("DELETE FROM indexed WHERE collection_id = :collection_id", asked)
            connection.execute("DELETE FROM departed WHERE collection_id = :collection_id", asked)
            _mark(connection, collection_id, passage_ids)
            connection.execute(_REOPEN_FILES, asked)

    def departed(self, collection_id: int, limit: int = 5000) -> list[int]:
        """Return passages that the collection has no more, but Chroma may still have."""
        with self.db.read() as connection:
            found = connection.execute(
                "SELECT passage_id FROM departed WHERE collection_id = ? LIMIT ?", (collection_id, limit)
            )
            return [int(passage_id) for (passage_id,) in found]

    def wanted_in_index(self, collection_id: int, passage_ids: Sequence[int]) -> list[int]:
        """Return those of the passages that are not purged, nor their collection: an undo may need them again."""
        asked = {"collection_id": collection_id, "ids": id_list(passage_ids)}
        with self.db.read() as connection:
            return [int(passage_id) for (passage_id,) in connection.execute(_WANTED, asked)]

    def forget_departed(self, collection_id: int, passage_ids: Sequence[int]) -> None:
        """Note that Chroma has these no more."""
        with self.db.write() as connection:
            connection.executemany(
                "DELETE FROM departed WHERE collection_id = ? AND passage_id = ?",
                ((collection_id, passage_id) for passage_id in passage_ids),
            )


def _mark(connection: apsw.Connection, collection_id: int, passage_ids: Sequence[int]) -> None:
    asked = {"collection_id": collection_id, "ids": id_list(passage_ids)}
    connection.execute(_MARK, asked)
    connection.execute(_MARK_LATE, asked)
