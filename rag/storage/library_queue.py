"""The order of work, what the user decided about files, and small state that outlives the program."""

import json
from collections.abc import Sequence

from rag.storage.library_files import SELECT_FILE, file_of
from rag.storage.store import Store, id_list
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

    def has_urgent_files(self) -> bool:
        """Tell whether a file that the user put first waits to be found by meaning."""
        with self.db.read() as connection:
            statement = "SELECT EXISTS (SELECT 1 FROM file WHERE state = 'searchable' AND queue_place < 0)"
            return bool(connection.execute(statement).get)

    def files_of_passages(self, passage_ids: Sequence[int]) -> frozenset[int]:
        """Return the unfinished files to which these passages belong."""
        with self.db.read() as connection:
            return frozenset(int(file_id) for (file_id,) in connection.execute(_IN_FLIGHT, (id_list(passage_ids),)))

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
