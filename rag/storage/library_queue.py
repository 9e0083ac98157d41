"""The order of work, what the user decided about files, and small state that outlives the program."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.storage.library_files import SELECT_FILE, file_of
from rag.storage.paths import path_from_sql
from rag.storage.store import Store, fetch, id_list
from rag.types import FileRow, FileState

_FRONT = "(SELECT min(0, coalesce(min(queue_place), 0)) - 1 FROM file)"
"""Places below zero were given by the user: what has one goes before everything that waits."""

_IN_FLIGHT = """
SELECT DISTINCT file.id FROM json_each(?)
JOIN passage ON passage.id = value
JOIN file ON file.document_id = passage.document_id AND state = 'searchable'
"""

_INDEXED = """
SELECT count(*) FROM passage
JOIN indexed ON passage_id = passage.id AND indexed.collection_id = :collection_id
WHERE passage.document_id = :document_id
"""


# What stands before a collection in the queue is done before it.
_BEFORE = """
queue_place <= coalesce((
    SELECT max(queue_place) FROM file
    WHERE state IN ('queued', 'reading', 'searchable') AND (:collection_id IS NULL OR collection_id = :collection_id)
), 0)
"""

_WAITING = f"SELECT path, size FROM file WHERE state IN ('queued', 'reading') AND {_BEFORE}"

_TOKENS_LEFT = f"""
SELECT coalesce(sum(token_count), 0)
FROM (
    SELECT document_id, min(collection_id) AS collection_id FROM file
    WHERE state = 'searchable' AND {_BEFORE} GROUP BY 1
) AS held
CROSS JOIN passage ON passage.document_id = held.document_id
WHERE NOT EXISTS (
    SELECT 1 FROM indexed WHERE passage_id = passage.id AND indexed.collection_id = held.collection_id
)
"""


@dataclass
class Waiting:
    """Files of one format that are still to be read."""

    files: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class WorkLeft:
    """What is still to be done.

    Attributes:
        waiting: Files to be read, by the ending of their names.
        tokens: Tokens of stored passages that are not embedded yet.
        scanned_pages: Pages that wait for text recognition.
    """

    waiting: Mapping[str, Waiting]
    tokens: int
    scanned_pages: int = 0


class QueueStore(Store):
    """Files as jobs: which comes next, and what is left of each."""

    def put_first(self, file_id: int) -> None:
        """Put a file in front of all that wait, in each kind of work that it still needs."""
        with self.db.write() as connection:
            connection.execute(f"UPDATE file SET queue_place = {_FRONT} WHERE id = ?", (file_id,))

    def accept_problem(self, file_id: int) -> None:
        """Note that the user knows of a file's problem; it is news again when the file is read again."""
        with self.db.write() as connection:
            connection.execute("UPDATE file SET accepted = 1 WHERE id = ? AND problem_code IS NOT NULL", (file_id,))

    def files_in_state(self, state: FileState, limit: int) -> list[FileRow]:
        """Return the files in a state, of all collections, in the order in which they are worked on."""
        with self.db.read() as connection:
            found = connection.execute(SELECT_FILE + "WHERE state = ? ORDER BY queue_place LIMIT ?", (state, limit))
            return [file_of(row) for row in found]

    def urgent_files(self) -> frozenset[int]:
        """Return the files that the user put first, which are read, but not wholly recognised and embedded."""
        with self.db.read() as connection:
            found = connection.execute("SELECT id FROM file WHERE state = 'searchable' AND queue_place < 0")
            return frozenset(int(file_id) for (file_id,) in found)

    def recognised_of(self, document_id: int) -> tuple[int, int]:
        """Return how many pages of a document were recognised, and how many there are to be."""
        statement = """
            SELECT count(*) FILTER (WHERE kind = 'ocr'), count(*)
            FROM page INDEXED BY page_map WHERE document_id = ? AND kind IN ('ocr', 'scanned')
        """
        with self.db.read() as connection:
            done, total = connection.execute(statement, (document_id,)).get
            return int(done), int(total)

    def files_of_passages(self, passage_ids: Sequence[int]) -> frozenset[int]:
        """Return the unfinished files to which these passages belong."""
        with self.db.read() as connection:
            return frozenset(int(file_id) for (file_id,) in connection.execute(_IN_FLIGHT, (id_list(passage_ids),)))

    def work_left(self, collection_id: int | None) -> WorkLeft:
        """Return what is to be done until a collection, or everything, is ready."""
        asked = {"collection_id": collection_id}
        with self.db.read() as connection:
            files = fetch(connection, _WAITING, asked)
            tokens = int(connection.execute(_TOKENS_LEFT, asked).get)
        waiting: dict[str, Waiting] = defaultdict(Waiting)
        for path, size in files:
            each = waiting[format_of(path_from_sql(path))]
            each.files += 1
            each.bytes += size
        return WorkLeft(waiting, tokens)

    def embedded_passages(self, collection_id: int, document_id: int) -> int:
        """Return how many passages of a document a collection finds by meaning."""
        asked = {"collection_id": collection_id, "document_id": document_id}
        with self.db.read() as connection:
            return int(connection.execute(_INDEXED, asked).get)

    def remember(self, name: str, value: object) -> None:
        """Keep a small value for the next start; it has to be one that JSON can hold."""
        with self.db.write() as connection:
            connection.execute("INSERT OR REPLACE INTO remembered VALUES (?, ?)", (name, json.dumps(value)))

    def remembered(self, name: str) -> object:
        """Return what was kept under a name, None if nothing was."""
        with self.db.read() as connection:
            text = connection.execute("SELECT value FROM remembered WHERE name = ?", (name,)).get
        return None if text is None else json.loads(text)


def format_of(path: Path) -> str:
    """Return what files of one format have in common before they are read: the ending of their names."""
    return path.suffix.casefold()
