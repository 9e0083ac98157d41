"""Files of collections; each is its own durable job, from queued to ready."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import apsw

from rag.storage.library_collections import unknown_collection
from rag.storage.paths import SqlPath, path_from_sql, path_to_sql
from rag.storage.removal import let_go, sweep_documents
from rag.storage.store import Row, Store, id_list
from rag.storage.text import storable
from rag.types import FileProblem, FileRow, FileState

SELECT_FILE = """
SELECT id, collection_id, path, size, mtime_ns, sha256, state, document_id,
    problem_code, problem_message, problem_remedy, problem_path, accepted
FROM file
"""

_NEXT_PLACE = "(SELECT coalesce(max(queue_place), 0) + 1 FROM file)"

# A file that changes while it is read is read to the end, and once more.
_PUT = f"""
INSERT INTO file (collection_id, path, size, mtime_ns, state, queue_place)
VALUES (?, ?, ?, ?, 'queued', {_NEXT_PLACE})
ON CONFLICT (collection_id, path) DO UPDATE SET
    size = excluded.size, mtime_ns = excluded.mtime_ns, queue_place = excluded.queue_place,
    changed = state = 'reading',
    state = iif(state = 'reading', 'reading', 'queued'),
    problem_code = NULL, problem_message = NULL, problem_remedy = NULL, problem_path = NULL, accepted = 0
WHERE size <> excluded.size OR mtime_ns <> excluded.mtime_ns
"""

_SET_STATE = """
UPDATE file SET
    state = iif(changed AND :state IN ('searchable', 'ready', 'failed'), 'queued', :state),
    changed = 0, accepted = 0, sha256 = coalesce(:sha256, sha256),
    problem_code = :code, problem_message = :message, problem_remedy = :remedy, problem_path = :path
WHERE id = :file_id
"""

_NOTE_PROBLEM = """
UPDATE file SET
    accepted = 0,
    problem_code = :code, problem_message = :message, problem_remedy = :remedy, problem_path = :path
WHERE id = :file_id
"""

_COMPLETE = """
UPDATE file SET state = 'ready'
WHERE collection_id = :collection_id AND state = 'searchable' AND NOT EXISTS (
    SELECT 1 FROM passage
    LEFT JOIN indexed ON passage_id = passage.id AND indexed.collection_id = file.collection_id
    WHERE passage.document_id = file.document_id AND passage_id IS NULL
) AND NOT (:recognising AND document_id NOT IN (SELECT value FROM json_each(:but)) AND EXISTS (
    SELECT 1 FROM page WHERE page.document_id = file.document_id AND kind = 'scanned'
))
RETURNING id
"""


class FileStore(Store):
    """Files, by collection and path."""

    def put_file(self, collection_id: int, path: Path, size: int, mtime_ns: int) -> FileRow:
        """Remember a file as it is on disk now; a new one, or one with another size or time, is queued.

        One that changes while it is read keeps the state "reading" and is queued by itself when that ends. A changed
        file keeps its old document until the new one is stored. For many files, wrap the calls in `db.write()`.
        Raises `UnknownCollection`.
        """
        place = path_to_sql(path)
        with self.db.write() as connection:
            try:
                connection.execute(_PUT, (collection_id, place, size, mtime_ns))
            except apsw.ConstraintError as exc:
                raise unknown_collection(collection_id) from exc
            return self._files("WHERE collection_id = ? AND path = ?", (collection_id, place))[0]

    def files(self, collection_id: int) -> list[FileRow]:
        """Return the files of a collection, by path."""
        return self._files("WHERE collection_id = ? ORDER BY path", (collection_id,))

    def file(self, file_id: int) -> FileRow | None:
        """Return a file, or None if it was removed."""
        return next(iter(self._files("WHERE id = ?", (file_id,))), None)

    def is_in_use(self, document_id: int) -> bool:
        """Tell whether a document belongs to a file of a collection; those of removed files are kept for a while."""
        with self.db.read() as connection:
            found = connection.execute("SELECT 1 FROM file WHERE document_id = ? LIMIT 1", (document_id,)).fetchone()
            return found is not None

    def file_by_path(self, collection_id: int, path: Path) -> FileRow | None:
        """Return the file of a collection at this path."""
        found = self._files("WHERE collection_id = ? AND path = ?", (collection_id, path_to_sql(path)))
        return found[0] if found else None

    def queued_files(self, limit: int) -> list[FileRow]:
        """Return the files to read next, of all collections, the longest waiting first."""
        return self._files("WHERE state = 'queued' ORDER BY queue_place LIMIT ?", (limit,))

    def set_file_state(
        self, file_id: int, state: FileState, problem: FileProblem | None = None, sha256: str | None = None
    ) -> None:
        """Note how far a file is; nothing happens if it was removed.

        A file whose new contents could not be read keeps the document that it had.
        """
        with self.db.write() as connection:
            values = {"file_id": file_id, "state": state, "sha256": sha256, **problem_values(problem)}
            connection.execute(_SET_STATE, values)

    def loaders_in_use(self) -> list[str]:
        """Return by which loaders, with their versions, files were read here."""
        with self.db.read() as connection:
            rows = connection.execute("SELECT DISTINCT loader FROM document WHERE NOT instr(chunking, '@')")
            return [str(loader) for (loader,) in rows]

    def document_loader(self, document_id: int) -> str | None:
        """Return by which loader a document was read."""
        with self.db.read() as connection:
            loader: str | None = connection.execute("SELECT loader FROM document WHERE id = ?", (document_id,)).get
            return loader

    def files_read_by(self, loader: str) -> list[FileRow]:
        """Return the files that a loader has read here."""
        condition = "WHERE document_id IN (SELECT id FROM document WHERE loader = ? AND NOT instr(chunking, '@'))"
        return self._files(condition, (loader,))

    def files_with_problem(self, code: str) -> list[FileRow]:
        """Return the files that have this problem."""
        return self._files("WHERE problem_code = ?", (code,))

    def note_problem(self, file_id: int, problem: FileProblem | None) -> None:
        """Note what is to be said of a file, whatever its state is."""
        with self.db.write() as connection:
            values = {"file_id": file_id, **problem_values(problem)}
            connection.execute(_NOTE_PROBLEM, values)

    def requeue_file(self, file_id: int) -> None:
        """Put a file at the end of the queue, whatever became of it before; one that came with a bundle stays."""
        with self.db.write() as connection:
            if connection.execute("SELECT 1 FROM attached_file WHERE file_id = ?", (file_id,)).get:
                return
            self.set_file_state(file_id, "queued")
            connection.execute(f"UPDATE file SET queue_place = {_NEXT_PLACE} WHERE id = ?", (file_id,))

    def remove_file(self, file_id: int) -> list[int]:
        """Remove a file, and its document if no other file has it.

        Returns:
            The ids of passages that its collection no longer has; `departed` keeps those that were indexed.
        """
        with self.db.write() as connection:
            row = self.file(file_id)
            connection.execute("DELETE FROM file WHERE id = ?", (file_id,))
            if row is None or row.document_id is None:
                return []
            held = connection.execute(
                "SELECT 1 FROM file WHERE document_id = ? AND collection_id = ?", (row.document_id, row.collection_id)
            ).get
            passages = connection.execute("SELECT id FROM passage WHERE document_id = ?", (row.document_id,))
            lost = [] if held else [int(passage_id) for (passage_id,) in passages]
            let_go(connection, row.document_id)
        return lost

    def reset_interrupted(self) -> int:
        """Make good what a crash left: read files again that were being read, finish removals.

        Returns:
            How many files are queued again.
        """
        sweep_documents(self.db)
        with self.db.write() as connection:
            connection.execute("UPDATE file SET state = 'queued', changed = 0 WHERE state = 'reading'")
            return connection.changes()

    def complete_files(self, collection_id: int, *, recognising: bool = False, but: Collection[int] = ()) -> list[int]:
        """Move files from "searchable" to "ready" whose passages are all indexed; returns their ids.

        Args:
            collection_id: The collection.
            recognising: Whether files with pages that wait for text recognition are left as they are.
            but: Documents whose pages are not waited for all the same.
        """
        asked = {"collection_id": collection_id, "recognising": recognising, "but": id_list(but)}
        with self.db.write() as connection:
            return [int(file_id) for (file_id,) in connection.execute(_COMPLETE, asked)]

    def incomplete_collections(self) -> list[int]:
        """Return the collections that have files to embed, those that waited longest first."""
        with self.db.read() as connection:
            rows = connection.execute(
                "SELECT collection_id FROM file WHERE state = 'searchable' GROUP BY 1 ORDER BY min(queue_place)"
            )
            return [int(collection_id) for (collection_id,) in rows]

    def _files(self, condition: str, values: Sequence[int | SqlPath]) -> list[FileRow]:
        with self.db.read() as connection:
            return [file_of(row) for row in connection.execute(SELECT_FILE + condition, values)]


def problem_values(problem: FileProblem | None) -> dict[str, SqlPath | None]:
    """Return the bindings of the four columns of a problem."""
    if problem is None:
        return {"code": None, "message": None, "remedy": None, "path": None}
    path = None if problem.path is None else path_to_sql(problem.path)
    # Messages name files, and names may be no Unicode.
    words = {"message": storable(problem.message), "remedy": storable(problem.remedy)}
    return {"code": problem.code, **words, "path": path}


def problem_of(columns: Sequence[Any]) -> FileProblem | None:
    """Return the problem that `problem_values` stored."""
    code, message, remedy, path = columns
    return None if code is None else FileProblem(code, message, remedy, None if path is None else path_from_sql(path))


def file_of(row: Row) -> FileRow:
    """Return a file from a row of `SELECT_FILE`."""
    return FileRow(*(*row[:2], path_from_sql(row[2]), *row[3:8], problem_of(row[8:12]), bool(row[12])))
