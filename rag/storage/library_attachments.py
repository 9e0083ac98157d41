"""Which collections came from a `.carrel` file, which of their files, and under which id others are written to one.

A file that came with a bundle is not on this disk: it is never read, looked for, or queued.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from rag.bundles import Attachment
from rag.storage.paths import path_from_sql, path_to_sql
from rag.storage.store import Row, Store, moment, now

_ATTACHMENT = """
SELECT collection_id, bundle_id, revision, digest, bundle.path, collection.key, incoming, imported_at
FROM bundle JOIN collection ON collection.id = collection_id
"""

_BEGIN = """
INSERT INTO bundle (collection_id, bundle_id, revision, digest, path, incoming, imported_at)
VALUES (:collection_id, :bundle_id, 0, '', :path, :incoming, :now)
ON CONFLICT (collection_id) DO UPDATE SET path = excluded.path, incoming = excluded.incoming
"""

PLUGIN_KEY = "plugin:"
"""How the key of a collection begins that an installed package brings; the package and its name follow."""


@dataclass(frozen=True)
class AttachedFile:
    """A file that came with a bundle; `content` is the hash of the document's lines there."""

    file_id: int
    name: str
    content: bytes
    document_id: int | None
    path: Path


@dataclass(frozen=True)
class ExportIdentity:
    """Under which id and revision a collection was last written to a file."""

    bundle_id: str
    revision: int
    contents: str


class AttachmentStore(Store):
    """Collections that came from files, and what is known of them."""

    def attachments(self) -> list[Attachment]:
        """Return where collections came from, the oldest first."""
        return self._attachments("ORDER BY collection_id", ())

    def attachment(self, collection_id: int) -> Attachment | None:
        """Return where a collection came from; None if it was made here."""
        return next(iter(self._attachments("WHERE collection_id = ?", (collection_id,))), None)

    def begin_attachment(self, collection_id: int, bundle_id: str, path: Path, digest: str) -> None:
        """Note that a collection is being read from a file, until `complete_attachment` or `end_attachment`."""
        values = {"collection_id": collection_id, "bundle_id": bundle_id, "incoming": digest}
        with self.db.write() as connection:
            connection.execute(_BEGIN, {**values, "path": path_to_sql(path), "now": now()})

    def complete_attachment(self, collection_id: int, revision: int, digest: str, path: Path) -> None:
        """Note that all of a file is stored, and where the file lies."""
        with self.db.write() as connection:
            connection.execute(
                "UPDATE bundle SET incoming = NULL, revision = ?, digest = ?, path = ?, imported_at = ? "
                "WHERE collection_id = ?",
                (revision, digest, path_to_sql(path), now(), collection_id),
            )

    def end_attachment(self, collection_id: int) -> None:
        """Note that a file is not being read any more, though not all of it was stored."""
        with self.db.write() as connection:
            connection.execute("UPDATE bundle SET incoming = NULL WHERE collection_id = ?", (collection_id,))

    def plugin_collections(self) -> dict[str, int]:
        """Return the collections that installed packages brought, by the keys that they were made with."""
        with self.db.read() as connection:
            rows = connection.execute("SELECT key, id FROM collection WHERE key LIKE ? || '%'", (PLUGIN_KEY,))
            return {str(key): int(collection_id) for key, collection_id in rows}

    def attachments_kept(self) -> dict[str, bool]:
        """Return the ids of all bundles, of removed collections too, and whether one is just being stored."""
        with self.db.read() as connection:
            rows = connection.execute("SELECT bundle_id, max(incoming IS NOT NULL) FROM bundle GROUP BY 1")
            return {str(bundle_id): bool(busy) for bundle_id, busy in rows}

    def paths_below(self, folder: Path) -> list[Path]:
        """Return the files of collections that lie below a folder, those of removed ones too."""
        with self.db.read() as connection:
            rows = connection.execute("SELECT path FROM file UNION SELECT path FROM removed_file")
            return [path for (value,) in rows if folder in (path := path_from_sql(value)).parents]

    def attached_files(self, collection_id: int) -> dict[str, AttachedFile]:
        """Return the files that came with a collection's bundle, by their names in it."""
        with self.db.read() as connection:
            rows = connection.execute(
                "SELECT file_id, name, content, document_id, path FROM attached_file "
                "JOIN file ON file.id = file_id WHERE collection_id = ? AND state IN ('searchable', 'ready')",
                (collection_id,),
            )
            found = [
                AttachedFile(file_id, str(path_from_sql(name)), content, document_id, path_from_sql(path))
                for file_id, name, content, document_id, path in rows
            ]
        return {each.name: each for each in found}

    def note_attached(self, file_ids: Iterable[tuple[int, str]], content: bytes) -> None:
        """Note that these files (id, name in the bundle) came with a bundle."""
        with self.db.write() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO attached_file VALUES (?, ?, ?)",
                ((file_id, path_to_sql(Path(name)), content) for file_id, name in file_ids),
            )

    def move_file(self, file_id: int, path: Path) -> None:
        """Give a file another path."""
        with self.db.write() as connection:
            connection.execute("UPDATE OR IGNORE file SET path = ? WHERE id = ?", (path_to_sql(path), file_id))

    def is_attached(self, file_id: int) -> bool:
        """Tell whether a file came with a bundle."""
        with self.db.read() as connection:
            return bool(connection.execute("SELECT 1 FROM attached_file WHERE file_id = ?", (file_id,)).get)

    def attached_ids(self, collection_id: int) -> frozenset[int]:
        """Return the files of a collection that came with a bundle, in whatever state."""
        with self.db.read() as connection:
            rows = connection.execute(
                "SELECT file_id FROM attached_file JOIN file ON file.id = file_id WHERE collection_id = ?",
                (collection_id,),
            )
            return frozenset(int(file_id) for (file_id,) in rows)

    def export_identity(self, collection_id: int) -> ExportIdentity:
        """Return under which id and revision a collection was last written; revision 0 if it never was."""
        with self.db.read() as connection:
            row = connection.execute(
                "SELECT bundle_id, revision, contents FROM exported WHERE collection_id = ?", (collection_id,)
            ).fetchone()
        return ExportIdentity(uuid4().hex, 0, "") if row is None else ExportIdentity(*row)

    def note_export(self, collection_id: int, identity: ExportIdentity) -> None:
        """Remember what was written; nothing happens if the collection was removed meanwhile."""
        with self.db.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO exported SELECT id, ?, ?, ? FROM collection WHERE id = ?",
                (identity.bundle_id, identity.revision, identity.contents, collection_id),
            )

    def _attachments(self, condition: str, values: tuple[int, ...]) -> list[Attachment]:
        with self.db.read() as connection:
            return [_attachment(row) for row in connection.execute(_ATTACHMENT + condition, values)]


def _attachment(row: Row) -> Attachment:
    collection_id, bundle_id, revision, digest, path, key, incoming, imported_at = row
    plugin = key.removeprefix(PLUGIN_KEY).partition(":")[0] if key and key.startswith(PLUGIN_KEY) else None
    head = (collection_id, bundle_id, revision, digest, path_from_sql(path))
    return Attachment(*head, plugin, incoming, moment(imported_at))
