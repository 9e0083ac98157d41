"""Collections, the folders that feed them, and how far each is."""

import unicodedata
from dataclasses import dataclass
from pathlib import Path

import apsw

from rag.errors import CollectionExists, UnknownCollection
from rag.storage.paths import path_from_sql, path_to_sql
from rag.storage.removal import sweep_documents
from rag.storage.store import Row, Store, moment, now
from rag.storage.text import storable
from rag.types import Collection, CollectionKind

_COLLECTIONS = """
WITH
    files AS (
        SELECT collection_id, count(*) AS total, sum(state = 'ready') AS ready,
            sum(state = 'failed' AND NOT accepted) AS failed
        FROM file GROUP BY collection_id
    ),
    texts AS (
        SELECT collection_id, sum(passages) AS passages
        FROM (SELECT DISTINCT collection_id, document_id FROM file) JOIN document ON document.id = document_id
        GROUP BY collection_id
    )
SELECT
    id, name, kind, created_at,
    coalesce(total, 0), coalesce(ready, 0), coalesce(failed, 0), coalesce(passages, 0)
FROM collection
LEFT JOIN files ON files.collection_id = id
LEFT JOIN texts ON texts.collection_id = id
"""

# A document counts once in each collection. Of finished ones all passages are indexed, so that only those in work
# need counting.
_COUNT_PASSAGES = """
WITH held AS (
    SELECT collection_id, document_id, max(state = 'ready') AS ready
    FROM file
    WHERE document_id IS NOT NULL AND state NOT IN ('failed', 'cancelled')
        AND (:collection_id IS NULL OR collection_id = :collection_id)
    GROUP BY collection_id, document_id
)
SELECT
    coalesce(sum(passages), 0),
    coalesce(sum(CASE WHEN ready THEN passages ELSE (
        SELECT count(*) FROM passage
        JOIN indexed ON passage_id = passage.id AND indexed.collection_id = held.collection_id
        WHERE passage.document_id = held.document_id
    ) END), 0)
FROM held JOIN document ON document.id = document_id
"""

_COUNT_FILES = """
SELECT
    count(*) FILTER (WHERE state <> 'cancelled' AND NOT (state = 'failed' AND accepted)),
    count(*) FILTER (WHERE state IN ('searchable', 'ready')),
    count(*) FILTER (WHERE state = 'ready'),
    count(*) FILTER (WHERE state = 'failed' AND NOT accepted)
FROM file WHERE :collection_id IS NULL OR collection_id = :collection_id
"""


@dataclass(frozen=True)
class Counts:
    """How far one collection, or the whole library, is.

    Attributes:
        files_total: Files without those that the user cancelled, and without unread ones that the user accepted.
        files_searchable: Files with their text stored, the ready ones included.
        passages_embedded: Passages that can be found by meaning.
    """

    files_total: int
    files_searchable: int
    files_ready: int
    files_failed: int
    passages_total: int
    passages_embedded: int


class CollectionStore(Store):
    """Collections of documents."""

    def collections(self) -> list[Collection]:
        """Return all collections, the oldest first."""
        return self._collections("ORDER BY id", ())

    def collection(self, collection_id: int) -> Collection:
        """Return one collection; raises `UnknownCollection`."""
        found = self._collections("WHERE id = ?", (collection_id,))
        if not found:
            raise unknown_collection(collection_id)
        return found[0]

    def find_collection(self, name: str) -> Collection | None:
        """Return the collection of this name, upper and lower case being the same."""
        return next(iter(self._collections("WHERE name_key = ?", (name_key(name),))), None)

    def adhoc_collection(self, key: str) -> Collection | None:
        """Return the collection that was made with this key."""
        return next(iter(self._collections("WHERE key = ?", (_key(key),))), None)

    def create_collection(self, name: str, kind: CollectionKind = "user", key: str | None = None) -> Collection:
        """Make an empty collection; raises `CollectionExists` if the name or the key is taken."""
        with self.db.write() as connection:
            try:
                connection.execute(
                    "INSERT INTO collection (name, name_key, kind, key, created_at) VALUES (?, ?, ?, ?, ?)",
                    (storable(name), name_key(name), kind, _key(key), now()),
                )
            except apsw.ConstraintError as exc:
                raise _exists(name) from exc
            return self.collection(connection.last_insert_rowid())

    def rename_collection(self, collection_id: int, name: str) -> None:
        """Give a collection another name; raises `CollectionExists` or `UnknownCollection`."""
        with self.db.write() as connection:
            try:
                connection.execute(
                    "UPDATE collection SET name = ?, name_key = ? WHERE id = ?",
                    (storable(name), name_key(name), collection_id),
                )
            except apsw.ConstraintError as exc:
                raise _exists(name) from exc
            if not connection.changes():
                raise unknown_collection(collection_id)

    def delete_collection(self, collection_id: int) -> list[int]:
        """Remove a collection with its files, and what no other collection has of their text.

        It is gone at once; the text follows in short transactions, which the next start ends if a crash does not.

        Returns:
            The ids of passages that nobody has any more.
        """
        with self.db.write() as connection:
            connection.execute("DELETE FROM collection WHERE id = ?", (collection_id,))
        return sweep_documents(self.db)

    def add_root(self, collection_id: int, path: Path) -> None:
        """Remember a folder or file as a part of the collection, once; raises `UnknownCollection`."""
        with self.db.write() as connection:
            try:
                connection.execute(
                    "INSERT OR IGNORE INTO root (collection_id, path) VALUES (?, ?)", (collection_id, path_to_sql(path))
                )
            except apsw.ConstraintError as exc:
                raise unknown_collection(collection_id) from exc

    def remove_root(self, collection_id: int, path: Path) -> None:
        """Forget a folder or file of the collection; its files stay."""
        with self.db.write() as connection:
            connection.execute(
                "DELETE FROM root WHERE collection_id = ? AND path = ?", (collection_id, path_to_sql(path))
            )

    def roots(self, collection_id: int) -> list[Path]:
        """Return the folders and files of the collection, in the order they were added."""
        with self.db.read() as connection:
            rows = connection.execute("SELECT path FROM root WHERE collection_id = ? ORDER BY rowid", (collection_id,))
            return [path_from_sql(path) for (path,) in rows]

    def counts(self, collection_id: int | None = None) -> Counts:
        """Return how far a collection is, or all of them together."""
        asked = {"collection_id": collection_id}
        with self.db.read() as connection:
            files = connection.execute(_COUNT_FILES, asked).get
            passages = connection.execute(_COUNT_PASSAGES, asked).get
        return Counts(*files, *passages)

    def _collections(self, condition: str, values: tuple[int | str | None, ...]) -> list[Collection]:
        with self.db.read() as connection:
            return [_collection(row) for row in connection.execute(_COLLECTIONS + condition, values)]


def unknown_collection(collection_id: int) -> UnknownCollection:
    """Return the error for a collection that is not, or no longer, there."""
    return UnknownCollection(
        f"There is no collection with the number {collection_id}.", remedy="Look at the list of collections."
    )


def _collection(row: Row) -> Collection:
    collection_id, name, kind, created_at, *numbers = row
    return Collection(collection_id, name, kind, moment(created_at), *numbers)


def name_key(name: str) -> str:
    """Return what the names of two collections must not share."""
    return unicodedata.normalize("NFC", storable(name).casefold())


def _key(key: str | None) -> str | None:
    # Made of paths, it may hold names that are no Unicode.
    return None if key is None else key.encode("utf-8", "backslashreplace").decode()


def _exists(name: str) -> CollectionExists:
    return CollectionExists(
        f"There is a collection named “{name}” already.", remedy="Choose another name, or add to that collection."
    )
