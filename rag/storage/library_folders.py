"""The folders that feed collections: what was seen in them last, whether they are away, and what is wanted of them."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rag.storage.library_collections import unknown_collection
from rag.storage.library_files import FileStore
from rag.storage.paths import path_from_sql, path_to_sql
from rag.storage.store import fetch
from rag.types import FolderRules, RootFolder

KnownFile = tuple[str, int, int, int, str, str | None]
"""Path, id, size, time of change in nanoseconds, state, and the code of its problem."""

# Paths that are no Unicode are bytes, which come after all text.
_KNOWN = """
SELECT path, id, size, mtime_ns, state, problem_code FROM file
WHERE collection_id = :collection_id
    AND (path = :folder OR (path >= :first AND path < :last) OR path >= x'')
    AND id NOT IN (SELECT file_id FROM attached_file)
"""


class FolderStore(FileStore):
    """Folders of collections, and the files in them as they were seen last."""

    def known_files(self, collection_id: int, folder: str, *, deep: bool = True) -> dict[str, KnownFile]:
        """Return the files of a collection below a folder, or in it alone; one query for all of them."""
        inner = folder.rstrip(os.sep) + os.sep
        place = path_to_sql(Path(folder))
        first: str | bytes = path_to_sql(Path(folder)) if isinstance(place, bytes) else inner
        last = first if isinstance(first, bytes) else first[:-1] + chr(ord(os.sep) + 1)
        asked = {"collection_id": collection_id, "folder": place, "first": first, "last": last}
        with self.db.read() as connection:
            rows = fetch(connection, _KNOWN, asked)
        known: dict[str, Any] = {row[0]: row for row in rows}
        if any(type(row[0]) is bytes for row in rows):
            named = {os.fsdecode(row[0]): (os.fsdecode(row[0]), *row[1:]) for row in rows}
            known = {path: row for path, row in named.items() if path == folder or path.startswith(inner)}
        if not deep:
            known = {path: row for path, row in known.items() if os.sep not in path[len(inner) :]}
        return known

    def put_files(self, collection_id: int, files: Sequence[tuple[str, int, int]]) -> None:
        """Remember files as they are on disk now, as `put_file` does; path, size and time of change of each."""
        with self.db.write():
            for path, size, mtime_ns in files:
                self.put_file(collection_id, Path(path), size, mtime_ns)

    def root_folders(self, collection_id: int) -> tuple[RootFolder, ...]:
        """Return the folders and files of a collection, whether each is away, and how many files are in it."""
        with self.db.read() as connection:
            rows = fetch(
                connection, "SELECT path, offline FROM root WHERE collection_id = ? ORDER BY rowid", (collection_id,)
            )
            return tuple(
                RootFolder(path, bool(offline), len(self.known_files(collection_id, os.fspath(path))))
                for path, offline in ((path_from_sql(place), offline) for place, offline in rows)
            )

    def all_roots(self) -> list[tuple[int, Path]]:
        """Return the folders and files of all collections, with the collections' ids."""
        with self.db.read() as connection:
            rows = fetch(connection, "SELECT collection_id, path FROM root ORDER BY rowid")
        return [(collection_id, path_from_sql(path)) for collection_id, path in rows]

    def note_root(self, collection_id: int, path: Path, identity: str | None, *, offline: bool) -> None:
        """Note whether a folder is away, and by which device and inode it is known if it is not."""
        asked = {
            "id": collection_id,
            "path": path_to_sql(path),
            "identity": identity,
            "offline": offline,
        }
        condition = "collection_id = :id AND path = :path"
        with self.db.read() as connection:
            row = connection.execute(f"SELECT identity, offline FROM root WHERE {condition}", asked).fetchone()
        if row is None or (bool(row[1]) == offline and identity in (None, row[0])):
            return
        with self.db.write() as connection:
            connection.execute(
                f"UPDATE root SET identity = coalesce(:identity, identity), offline = :offline WHERE {condition}",
                {**asked, "offline": int(offline)},
            )

    def root_identity(self, collection_id: int, path: Path) -> str | None:
        """Return by which device and inode a folder was known when it was last looked through."""
        with self.db.read() as connection:
            found: str | None = connection.execute(
                "SELECT identity FROM root WHERE collection_id = ? AND path = ?", (collection_id, path_to_sql(path))
            ).get
            return found

    def was_file(self, collection_id: int, path: Path) -> bool:
        """Tell whether this was a file of the collection that vanished a while ago."""
        with self.db.read() as connection:
            return bool(
                connection.execute(
                    "SELECT EXISTS (SELECT 1 FROM removed_file WHERE collection_id = ? AND path = ?)",
                    (collection_id, path_to_sql(path)),
                ).get
            )

    def troubled_collections(self) -> list[int]:
        """Return the collections with files that could not be opened the last time."""
        with self.db.read() as connection:
            rows = connection.execute(
                "SELECT DISTINCT collection_id FROM file WHERE state = 'failed' AND problem_code = 'file_unreadable'"
            )
            return [int(collection_id) for (collection_id,) in rows]

    def folder_rules(self, collection_id: int) -> FolderRules:
        """Return what is wanted of a collection's folders; raises `UnknownCollection`."""
        with self.db.read() as connection:
            row = connection.execute("SELECT rules FROM collection WHERE id = ?", (collection_id,)).fetchone()
        if row is None:
            raise unknown_collection(collection_id)
        return _rules(row[0])

    def set_folder_rules(self, collection_id: int, rules: FolderRules) -> None:
        """Choose what is wanted of a collection's folders; raises `UnknownCollection`."""
        with self.db.write() as connection:
            connection.execute(
                "UPDATE collection SET rules = ? WHERE id = ?", (json.dumps(asdict(rules)), collection_id)
            )
            if not connection.changes():
                raise unknown_collection(collection_id)


def _rules(text: str | None) -> FolderRules:
    if text is None:
        return FolderRules()
    stored = json.loads(text)
    return FolderRules(tuple(stored["patterns"]), stored["hidden"], stored["max_size_mb"], tuple(stored["suffixes"]))
