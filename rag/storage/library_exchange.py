"""What a collection is written to a file from, and stored from one: rows as they are, in one pass each."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict

from rag.storage.store import Store
from rag.types import FolderRules, Locator, Passage

# The model that most of the passages have vectors of: during a change of models there are two.
_MAIN_EMBEDDER = """
SELECT identity, length(data) / 4 FROM file
JOIN passage ON passage.document_id = file.document_id
JOIN vector ON vector.text_hash = passage.text_hash
JOIN embedder ON embedder.id = embedder_id
WHERE collection_id = ?
GROUP BY embedder_id, length(data) ORDER BY count(*) DESC LIMIT 1
"""

_PASSAGES = """
SELECT ordinal, page_index, start, end, text, section, locator_kind, locator_value, context, token_count
FROM passage WHERE document_id = ? ORDER BY ordinal
"""

_DOCUMENT_VECTORS = """
SELECT DISTINCT passage.text_hash, data FROM passage
JOIN vector ON vector.text_hash = passage.text_hash
WHERE document_id = ? AND embedder_id = (SELECT id FROM embedder WHERE identity = ?)
ORDER BY ordinal
"""


class ExchangeStore(Store):
    """The library's side of files that hold collections."""

    def main_embedder(self, collection_id: int) -> tuple[str, int]:
        """Return the model that a collection's vectors are of, and their dimension; "" and 0 if there are none."""
        with self.db.read() as connection:
            row = connection.execute(_MAIN_EMBEDDER, (collection_id,)).fetchone()
        return ("", 0) if row is None else (str(row[0]), int(row[1]))

    def rules_of(self, collection_id: int) -> FolderRules:
        """Return which files of a collection's folders are wanted."""
        with self.db.read() as connection:
            text = connection.execute("SELECT rules FROM collection WHERE id = ?", (collection_id,)).get
        if text is None:
            return FolderRules()
        stored = json.loads(text)
        return FolderRules(
            tuple(stored["patterns"]), stored["hidden"], stored["max_size_mb"], tuple(stored["suffixes"])
        )

    def bring_rules(self, collection_id: int, rules: FolderRules) -> None:
        """Take over the rules that came with a collection."""
        if rules != FolderRules():
            with self.db.write() as connection:
                values = (json.dumps(asdict(rules)), collection_id)
                connection.execute("UPDATE collection SET rules = ? WHERE id = ?", values)

    def document_identity(self, document_id: int) -> tuple[str, str]:
        """Return the SHA-256 of the bytes that a document was read from, and how it was cut."""
        with self.db.read() as connection:
            row = connection.execute("SELECT sha256, chunking FROM document WHERE id = ?", (document_id,)).fetchone()
        assert row is not None
        return str(row[0]), str(row[1])

    def cut_passages(self, document_id: int) -> Iterator[Passage]:
        """Yield the passages of a document as they were cut; to be used inside one `db.read()`."""
        with self.db.read() as connection:
            for row in connection.execute(_PASSAGES, (document_id,)):
                ordinal, page_index, start, end, text, section, kind, value, context, tokens = row
                locator = Locator(kind, value)
                yield Passage(ordinal, page_index, start, end, text, section, locator, context, tokens)

    def document_vectors(self, document_id: int, embedder: str) -> Iterator[tuple[bytes, bytes]]:
        """Yield the hash and the little-endian float32 of each vector of a document, in reading order."""
        with self.db.read() as connection:
            yield from connection.execute(_DOCUMENT_VECTORS, (document_id, embedder))

    def add_vectors(self, embedder: str, vectors: Iterable[tuple[bytes, bytes]]) -> None:
        """Keep vectors (little-endian float32) of texts that have none of this model yet."""
        with self.db.write() as connection:
            connection.execute("INSERT OR IGNORE INTO embedder (identity) VALUES (?)", (embedder,))
            embedder_id = connection.execute("SELECT id FROM embedder WHERE identity = ?", (embedder,)).get
            # Never in place of what was computed here: a stranger's vector would change what is found elsewhere.
            connection.executemany(
                "INSERT OR IGNORE INTO vector VALUES (?, ?, ?)", ((embedder_id, key, data) for key, data in vectors)
            )
