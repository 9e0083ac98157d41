"""What was removed and may still come back: rows set aside, put back, and at last handed to the purge.

Removing is a move of rows, so it takes effect at once for everything that looks at collections and files. Documents
stay for as long as a removed file has them: undoing reads and embeds nothing, and a file that was moved on the disk
finds its document again under its new name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import apsw

from rag.errors import RemovalOver
from rag.storage.library_collections import name_key, unknown_collection
from rag.storage.paths import SqlPath, path_from_sql, path_to_sql
from rag.storage.removal import let_go
from rag.storage.store import Row, Store, fetch, id_list, moment, now
from rag.types import Removal, RemovalKind

_REMOVALS = """
SELECT removal.id, kind, name, removal.collection_id, removed_at, due_at,
    (SELECT count(*) FROM removed_file WHERE removal_id = removal.id)
FROM removal
"""

# A document that a living file has, or one whose removal can still be undone, stays.
_DOOMED = """
SELECT DISTINCT document_id FROM removed_file
WHERE removal_id = :removal_id AND document_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM file WHERE file.document_id = removed_file.document_id)
    AND NOT EXISTS (
        SELECT 1 FROM removed_file AS other JOIN removal ON removal.id = other.removal_id
        WHERE other.document_id = removed_file.document_id AND NOT removal.purging
    )
"""


@dataclass(frozen=True)
class Doomed:
    """What goes with a removal for good.

    Attributes:
        quotes: Whether quotes in chats go too: what only vanished from the disk may lie on another one.
        documents: Documents that nobody else has.
        paths: Files that no collection has any more, as SQLite keeps their paths.
        names: How those files were called.
    """

    removal_id: int
    quotes: bool
    collection: int | None
    documents: tuple[int, ...]
    paths: tuple[SqlPath, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple({path_from_sql(path).name for path in self.paths})


class RemovalStore(Store):
    """Removals, from the act to the purge."""

    def set_aside_file(self, file_id: int, grace_s: float) -> Removal | None:
        """Take a file out of its collection at the user's wish; None if it is not there.

        Its folder goes on being looked through, so the file is remembered as one to leave out.
        """
        with self.db.write() as connection:
            row = connection.execute("SELECT collection_id, path FROM file WHERE id = ?", (file_id,)).fetchone()
            if row is None:
                return None
            collection_id, path = row
            removal_id = _begin(connection, "file", collection_id, path_from_sql(path).name, grace_s)
            _move(connection, "root", removal_id, "collection_id = ? AND path = ?", (collection_id, path))
            _set_files_aside(connection, removal_id, [file_id])
            connection.execute("INSERT OR IGNORE INTO left_out VALUES (?, ?)", (collection_id, _hash(path)))
            return self._removal(removal_id)

    def set_aside_vanished(self, collection_id: int, file_ids: Sequence[int], grace_s: float) -> None:
        """Take away files that are not on the disk any more, or that the rules now leave out."""
        with self.db.write() as connection:
            _set_files_aside(connection, _begin(connection, "vanished", collection_id, "", grace_s), file_ids)

    def set_aside_collection(self, collection_id: int, grace_s: float) -> Removal:
        """Remove a collection, with its folders and its places in chats; raises `UnknownCollection`."""
        with self.db.write() as connection:
            name = connection.execute("SELECT name FROM collection WHERE id = ?", (collection_id,)).get
            if name is None:
                raise unknown_collection(collection_id)
            removal_id = _begin(connection, "collection", collection_id, name, grace_s)
            for table in ("root", "chat_collection", "file"):
                _copy(connection, table, removal_id, "collection_id = ?", (collection_id,))
            _copy(connection, "collection", removal_id, "id = ?", (collection_id,))
            connection.execute("DELETE FROM collection WHERE id = ?", (collection_id,))
            return self._removal(removal_id)

    def undo_removal(self, removal_id: int) -> int:
        """Put back what a removal took, as it was; returns the id of the collection.

        Raises:
            RemovalOver: It is too late, or was undone already.
        """
        with self.db.write() as connection:
            asked = {"removal_id": removal_id}
            found = connection.execute(
                "SELECT collection_id FROM removal WHERE id = :removal_id AND NOT purging AND kind <> 'vanished'", asked
            ).get
            if found is None:
                raise _over()
            _free_names(connection, removal_id)
            for table in ("collection", "root", "chat_collection", "file"):
                if not _put_back(connection, table, removal_id):
                    raise _over()
            connection.execute(_WELCOME_BACK, asked)
            connection.executemany(
                "DELETE FROM left_out WHERE collection_id = ? AND path_hash = ?",
                [
                    (found, _hash(path))
                    for (path,) in fetch(
                        connection,
                        "SELECT path FROM removed_file JOIN removal ON removal.id = removal_id "
                        "WHERE removal_id = ? AND kind = 'file'",
                        (removal_id,),
                    )
                ],
            )
            connection.execute("DELETE FROM removal WHERE id = :removal_id", asked)
            return int(found)

    def removals(self) -> list[Removal]:
        """Return what the user removed and can have back, the newest first."""
        return self._removals("WHERE kind <> 'vanished' AND NOT purging ORDER BY removal.id DESC", ())

    # --- Files left out -----------------------------------------------------------------------------------------------

    def left_out(self, collection_id: int) -> frozenset[bytes]:
        """Return the hashes (`path_hash`) of files that the user took out of the collection's folders."""
        with self.db.read() as connection:
            rows = connection.execute("SELECT path_hash FROM left_out WHERE collection_id = ?", (collection_id,))
            return frozenset(key for (key,) in rows)

    def take_in_again(self, collection_id: int, hashes: Sequence[bytes]) -> None:
        """Forget that these files were to be left out."""
        with self.db.write() as connection:
            connection.executemany(
                "DELETE FROM left_out WHERE collection_id = ? AND path_hash = ?",
                ((collection_id, key) for key in hashes),
            )

    # --- The purge ----------------------------------------------------------------------------------------------------

    def next_due(self) -> float | None:
        """Return when the next removal is to be purged, in seconds since 1970; a past time if one is begun."""
        with self.db.read() as connection:
            due: float | None = connection.execute("SELECT min(iif(purging, 0, due_at)) FROM removal").get
            return due

    def begin_purge(self, removal_ids: Sequence[int] | None = None) -> None:
        """Make what is due, or these removals, impossible to undo."""
        with self.db.write() as connection:
            if removal_ids is None:
                connection.execute("UPDATE removal SET purging = 1 WHERE due_at <= ?", (now(),))
            else:
                connection.execute(
                    "UPDATE removal SET purging = 1 WHERE id IN (SELECT value FROM json_each(?))",
                    (id_list(removal_ids),),
                )
            # What a collection lost before it was removed goes with it.
            connection.execute(
                "UPDATE removal SET purging = 1 WHERE collection_id IN "
                "(SELECT collection_id FROM removal WHERE purging AND kind = 'collection')"
            )

    def all_removals(self) -> list[int]:
        """Return the ids of all removals, of vanished files too."""
        with self.db.read() as connection:
            return [int(removal_id) for (removal_id,) in connection.execute("SELECT id FROM removal ORDER BY id")]

    def doomed(self) -> Doomed | None:
        """Return the next removal whose purge has begun, or None."""
        with self.db.read() as connection:
            row = connection.execute(
                "SELECT id, kind, collection_id FROM removal WHERE purging ORDER BY id LIMIT 1"
            ).fetchone()
            if row is None:
                return None
            removal_id, kind, collection_id = row
            documents = tuple(each for (each,) in connection.execute(_DOOMED, {"removal_id": removal_id}))
            paths = connection.execute(
                "SELECT path FROM removed_file WHERE removal_id = ? AND path NOT IN (SELECT path FROM file)",
                (removal_id,),
            )
            gone = tuple(path for (path,) in paths)
        return Doomed(removal_id, kind != "vanished", collection_id if kind == "collection" else None, documents, gone)

    def _removal(self, removal_id: int) -> Removal:
        return self._removals("WHERE removal.id = ?", (removal_id,))[0]

    def _removals(self, condition: str, values: Sequence[int]) -> list[Removal]:
        with self.db.read() as connection:
            return [_removal(row) for row in fetch(connection, _REMOVALS + condition, values)]


def path_hash(path: str) -> bytes:
    """Return under what a file is remembered that the user took out of a folder."""
    return _hash(path_to_sql(Path(path)))


# What was indexed is marked anew: the vectors are all there.
_WELCOME_BACK = """
UPDATE file SET
    state = CASE state WHEN 'ready' THEN 'searchable' WHEN 'reading' THEN 'queued' ELSE state END, changed = 0
WHERE id IN (SELECT id FROM removed_file WHERE removal_id = :removal_id)
"""


def _begin(connection: apsw.Connection, kind: RemovalKind | str, collection_id: int, name: str, grace_s: float) -> int:
    connection.execute(
        "INSERT INTO removal (kind, collection_id, name, removed_at, due_at) VALUES (?, ?, ?, ?4, ?4 + ?5)",
        (kind, collection_id, name.encode("utf-8", "replace").decode(), now(), grace_s),
    )
    return connection.last_insert_rowid()


def _set_files_aside(connection: apsw.Connection, removal_id: int, file_ids: Sequence[int]) -> None:
    chosen = "id IN (SELECT value FROM json_each(?))"
    ids = (id_list(file_ids),)
    documents = fetch(
        connection, f"SELECT DISTINCT document_id FROM file WHERE {chosen} AND document_id IS NOT NULL", ids
    )
    _move(connection, "file", removal_id, chosen, ids)
    for (document_id,) in documents:
        let_go(connection, document_id)


def _move(
    connection: apsw.Connection, table: str, removal_id: int, condition: str, values: Sequence[int | str | bytes]
) -> None:
    _copy(connection, table, removal_id, condition, values)
    connection.execute(f"DELETE FROM {table} WHERE {condition}", values)


def _copy(
    connection: apsw.Connection, table: str, removal_id: int, condition: str, values: Sequence[int | str | bytes]
) -> None:
    names = ", ".join(_shared_columns(connection, table))
    connection.execute(
        f"INSERT INTO removed_{table} (removal_id, {names}) SELECT {removal_id:d}, {names} FROM {table} "
        f"WHERE {condition}",
        values,
    )


def _put_back(connection: apsw.Connection, table: str, removal_id: int) -> bool:
    """Bring rows back to where they were; False if what they belong to is not there."""
    names = ", ".join(_shared_columns(connection, table))
    condition = "removal_id = ?"
    if table == "chat_collection":
        condition += " AND chat_id IN (SELECT id FROM chat)"
    elif table in {"root", "file"}:
        missing = connection.execute(
            f"SELECT EXISTS (SELECT 1 FROM removed_{table} WHERE removal_id = ? "
            "AND collection_id NOT IN (SELECT id FROM collection))",
            (removal_id,),
        ).get
        if missing:
            return False
    connection.execute(
        f"INSERT OR IGNORE INTO {table} ({names}) SELECT {names} FROM removed_{table} WHERE {condition}", (removal_id,)
    )
    return True


def _shared_columns(connection: apsw.Connection, table: str) -> list[str]:
    """Return the columns that are kept; what is added to `table` in later versions has its default after an undo."""
    rows = fetch(
        connection,
        "SELECT name FROM pragma_table_info(?) INTERSECT SELECT name FROM pragma_table_info(?)",
        (table, f"removed_{table}"),
    )
    return [str(name) for (name,) in rows]


def _free_names(connection: apsw.Connection, removal_id: int) -> None:
    """Find another name for a collection whose name was taken meanwhile."""
    for row_id, name, key in fetch(
        connection, "SELECT rowid, name, key FROM removed_collection WHERE removal_id = ?", (removal_id,)
    ):
        free, number = name, 2
        while connection.execute("SELECT 1 FROM collection WHERE name_key = ?", (name_key(free),)).get:
            free, number = f"{name} ({number})", number + 1
        taken = connection.execute("SELECT 1 FROM collection WHERE key = ?", (key,)).get
        connection.execute(
            "UPDATE removed_collection SET name = ?, name_key = ?, key = ? WHERE rowid = ?",
            (free, name_key(free), None if taken else key, row_id),
        )


def _hash(path: SqlPath) -> bytes:
    return blake2b(path if isinstance(path, bytes) else path.encode(), digest_size=16).digest()


def _removal(row: Row) -> Removal:
    removal_id, kind, name, collection_id, removed_at, due_at, files = row
    return Removal(removal_id, kind, name, collection_id, moment(removed_at), moment(due_at), files)


def _over() -> RemovalOver:
    return RemovalOver(
        "This can no longer be undone: what was removed is gone.",
        remedy="Add the file or folder again to read it anew.",
    )
