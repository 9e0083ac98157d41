"""Makes a collection's list of files equal to what lies on disk: new and changed files are queued, vanished ones go.

What is known of a collection is read with one query and compared in memory; only differences are written. A folder
that is not there at all, or that is empty all at once, is a disk that was unplugged, rather than documents that were
deleted: what was read from it stays searchable, and the collection says that the folder is away.
"""

import logging
import os
from collections.abc import Callable
from pathlib import Path

from rag.errors import UnknownCollection
from rag.ingestion.loaders.registry import Loaders
from rag.ingestion.selection import Selection
from rag.ingestion.walker import FoundFile, is_gone, walk
from rag.storage.library import Library
from rag.storage.library_folders import KnownFile
from rag.storage.library_removals import path_hash
from rag.types import FileProblem

log = logging.getLogger(__name__)

VANISHED_GRACE_S = 600.0
"""How long a vanished file's text is kept: a file that was moved finds it again under its new name."""
_FILES_PER_TRANSACTION = 300


class Scanner:
    """Compares folders with the library; the ingest thread only.

    Attributes:
        notices: What is wrong with folders of a collection, by its id; replaced with each scan.
    """

    def __init__(self, library: Library, loaders: Loaders) -> None:
        self._library = library
        self._loaders = loaders
        self.notices: dict[int, dict[Path, FileProblem]] = {}

    def scan(
        self,
        collection_id: int,
        root: Path,
        stopped: Callable[[], bool],
        *,
        again: bool = False,
        below: Path | None = None,
        deep: bool = True,
        emptied: bool = False,
    ) -> None:
        """Bring one root of a collection up to date; ends early when `stopped` says so.

        Args:
            collection_id: The collection.
            root: A folder or file of it.
            stopped: Asked between portions of files.
            again: The user asked for these files by name: read what was cancelled or taken out before.
            below: Look only at this folder of the root, there or not.
            deep: Whether to enter the folders in it.
            emptied: The user says that the folder is empty because its files were deleted.
        """
        try:
            if is_gone(root):
                self._miss(collection_id, root)
                return
            scan = _Scan(self._library, self._loaders, collection_id, root, stopped, again=again)
            whole = below is None or below == root or scan.looks_unplugged()
            self._forget_notices(collection_id, root if whole else below or root, deep=deep or whole)
            on_unreadable = self._noting(collection_id)
            scan.compare(on_unreadable, None if whole else below, deep=deep or whole)
            if stopped():
                return
            if whole and not emptied and scan.looks_unplugged():
                self._note_away(collection_id, root)
                return
            scan.take_away()
            self._library.note_root(collection_id, root, _identity(root), offline=False)
        except UnknownCollection:
            log.info("collection %d was removed while %s was looked through", collection_id, root)

    def _noting(self, collection_id: int) -> Callable[[OSError], None]:
        notices = self.notices.setdefault(collection_id, {})

        def on_unreadable(error: OSError) -> None:
            folder = Path(error.filename)
            notices[folder] = _unreadable_folder(folder, error)

        return on_unreadable

    def _forget_notices(self, collection_id: int, folder: Path, *, deep: bool) -> None:
        notices = self.notices.setdefault(collection_id, {})
        for path in [path for path in notices if path == folder or (deep and folder in path.parents)]:
            notices.pop(path, None)

    def _miss(self, collection_id: int, root: Path) -> None:
        """Keep what was read from a folder that is away; let go of a single file that was deleted from its folder."""
        row = self._library.file_by_path(collection_id, root)
        if row is not None and not is_gone(root.parent):
            self._library.set_aside_vanished(collection_id, [row.id], VANISHED_GRACE_S)
        elif row is not None or not self._library.was_file(collection_id, root):
            self._note_away(collection_id, root)

    def _note_away(self, collection_id: int, root: Path) -> None:
        log.info("%s is away; what was read from it is kept", root)
        self._library.note_root(collection_id, root, None, offline=True)
        self.notices.setdefault(collection_id, {})[root] = FileProblem(
            "folder_away",
            f"The folder “{root}” is not there, or empty; what was read from it stays searchable.",
            "Connect its disk or bring the folder back; or remove its files from the collection.",
            root,
        )


class _Scan:
    """One look at one root."""

    def __init__(
        self,
        library: Library,
        loaders: Loaders,
        collection_id: int,
        root: Path,
        stopped: Callable[[], bool],
        *,
        again: bool,
    ) -> None:
        self._library = library
        self._collection_id = collection_id
        self._root = os.fspath(root)
        self._stopped = stopped
        self._again = again
        rules = library.folder_rules(collection_id)
        self._readable = loaders.wanted
        self._selection = Selection(self._root, rules, loaders.wanted)
        self._left_out = library.left_out(collection_id)
        self._known: dict[str, KnownFile] = {}
        self._new: list[FoundFile] = []
        self._again_ids: list[int] = []
        self._found = 0

    def compare(self, on_unreadable: Callable[[OSError], None], below: Path | None, *, deep: bool) -> None:
        """Queue what is new or changed, and keep in mind what was not seen."""
        scope = self._root if below is None else os.fspath(below)
        self._known = known = self._library.known_files(self._collection_id, scope, deep=deep)
        start = None if below is None else scope
        if below is not None and is_gone(below):
            return
        for file in walk(self._root, self._selection, on_unreadable, start, deep=deep):
            self._found += 1
            row = known.pop(file[0], None)
            if row is None or row[2] != file[1] or row[3] != file[2]:
                self._new.append(file)
                if len(self._new) >= _FILES_PER_TRANSACTION:
                    self._put()
                    if self._stopped():
                        return
            elif row[4] in {"failed", "cancelled"} and self._may_go_now(row):
                self._again_ids.append(row[1])
        self._put()
        if self._again_ids:
            with self._library.db.write():
                for file_id in self._again_ids:
                    self._library.requeue_file(file_id)

    def looks_unplugged(self) -> bool:
        """Tell whether the root, of which files are known, is empty as an unplugged disk leaves its folder."""
        if self._found or not self._library.known_files(self._collection_id, self._root):
            return False
        try:
            with os.scandir(self._root) as entries:
                if next(entries, None) is None:
                    return True
        except OSError:
            return False
        before = self._library.root_identity(self._collection_id, Path(self._root))
        return before is not None and before != _identity(Path(self._root)) and self._nothing_there()

    def take_away(self) -> None:
        """Take away what is not there any more, or not wanted any more."""
        nested = self._nested_roots()
        gone = [
            row[1]
            for path, row in self._known.items()
            if not path.startswith(nested) and path not in self._roots and self._is_out(path)
        ]
        if gone:
            log.info("%d files below %s are gone", len(gone), self._root)
            self._library.set_aside_vanished(self._collection_id, gone, VANISHED_GRACE_S)

    def _is_out(self, path: str) -> bool:
        # What a plug-in has read stays when the plug-in goes: that nobody reads such files any more is no wish to be
        # rid of them.
        any_kind = not self._readable(Path(path))
        return is_gone(path) or not self._selection.takes(path, any_kind=any_kind)

    def _nothing_there(self) -> bool:
        return all(is_gone(path) for path in self._library.known_files(self._collection_id, self._root))

    def _nested_roots(self) -> tuple[str, ...]:
        """Return folders below this one that were added by themselves: they are looked through by themselves."""
        roots = [os.fspath(path) for path in self._library.roots(self._collection_id)]
        self._roots = {path for path in roots if path != self._root}
        return tuple(path + os.sep for path in self._roots if path.startswith(self._root.rstrip(os.sep) + os.sep))

    def _may_go_now(self, row: KnownFile) -> bool:
        """Permissions and disks come back without changing a file's size or time."""
        return (self._again and row[4] == "cancelled") or (row[4] == "failed" and row[5] == "file_unreadable")

    def _put(self) -> None:
        files = self._new
        self._new = []
        if files and self._left_out:
            out = {file: path_hash(file[0]) for file in files}
            taken_back = [key for key in out.values() if key in self._left_out]
            if self._again:
                self._library.take_in_again(self._collection_id, taken_back)
            else:
                files = [file for file in files if out[file] not in self._left_out]
        if files:
            self._library.put_files(self._collection_id, files)


def _identity(root: Path) -> str | None:
    try:
        status = root.stat()
    except OSError:
        return None
    return f"{status.st_dev}:{status.st_ino}"


def _unreadable_folder(folder: Path, error: OSError) -> FileProblem:
    return FileProblem(
        "folder_unreadable",
        f"The folder “{folder}” cannot be looked through: {error.strerror or 'unknown error'}.",
        "Give yourself permission to read the folder, then look for changes again.",
        folder,
    )
