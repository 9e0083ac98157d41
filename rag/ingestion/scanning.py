"""Makes a collection's list of files equal to what lies on disk: new and changed files are queued, vanished ones go.

A folder that is not there at all is a disk that was unplugged, rather than documents that were deleted: what was read
from it stays searchable, and the collection says that the folder is away.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

from rag.errors import UnknownCollection
from rag.ingestion.loaders.registry import Loaders
from rag.ingestion.walker import FoundFile, is_gone, walk
from rag.storage.library import Library
from rag.types import FileProblem, FileRow

log = logging.getLogger(__name__)

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

    def scan(self, collection_id: int, root: Path, stopped: Callable[[], bool], *, again: bool) -> None:
        """Bring one root of a collection up to date; ends early when `stopped` says so.

        Args:
            collection_id: The collection.
            root: A folder or file of it.
            stopped: Asked between portions of files.
            again: The user asked for these files by name: read what was cancelled before.
        """
        notices = self.notices.setdefault(collection_id, {})
        notices.pop(root, None)
        if is_gone(root):
            self._miss(collection_id, root)
            return
        try:
            found = self._put_all(collection_id, root, stopped, again=again)
            if not stopped():
                self._drop_vanished(collection_id, root, found)
        except UnknownCollection:
            log.info("collection %d was removed while %s was looked through", collection_id, root)

    def _put_all(self, collection_id: int, root: Path, stopped: Callable[[], bool], *, again: bool) -> set[Path]:
        def on_unreadable(error: OSError) -> None:
            folder = Path(error.filename)
            self.notices[collection_id][folder] = _unreadable_folder(folder, error)

        found: set[Path] = set()
        for portion in _portions(walk(root, self._loaders.wanted, on_unreadable)):
            if stopped():
                break
            with self._library.db.write():
                for file in portion:
                    self._put(collection_id, file, again=again)
                    found.add(file.path)
        return found

    def _put(self, collection_id: int, file: FoundFile, *, again: bool) -> None:
        row = self._library.put_file(collection_id, file.path, file.size, file.mtime_ns)
        if (again and row.state == "cancelled") or _may_be_readable_now(row):
            self._library.requeue_file(row.id)

    def _drop_vanished(self, collection_id: int, root: Path, found: set[Path]) -> None:
        attached = self._library.attached_ids(collection_id)
        for row in self._library.files(collection_id):
            if row.id not in attached and row.path not in found and _is_below(row.path, root) and is_gone(row.path):
                log.info("%s is gone", row.path)
                self._library.remove_file(row.id)

    def _miss(self, collection_id: int, root: Path) -> None:
        """Keep what was read from a folder that is away; drop a single file that was deleted from its folder."""
        row = self._library.file_by_path(collection_id, root)
        if row is not None and not is_gone(root.parent):
            self._library.remove_file(row.id)
            self._library.remove_root(collection_id, root)
            return
        log.info("%s is not there; what was read from it is kept", root)
        self.notices[collection_id][root] = FileProblem(
            "folder_away",
            f"The folder “{root}” is not there; what was read from it stays searchable.",
            "Connect its disk or bring the folder back; or remove its files from the collection.",
            root,
        )


def _portions(files: Iterable[FoundFile]) -> Iterator[list[FoundFile]]:
    iterator = iter(files)
    while portion := list(islice(iterator, _FILES_PER_TRANSACTION)):
        yield portion


def _may_be_readable_now(row: FileRow) -> bool:
    """Permissions and disks come back without changing a file's size or time."""
    return row.state == "failed" and row.problem is not None and row.problem.code == "file_unreadable"


def _is_below(path: Path, root: Path) -> bool:
    return path == root or root in path.parents


def _unreadable_folder(folder: Path, error: OSError) -> FileProblem:
    return FileProblem(
        "folder_unreadable",
        f"The folder “{folder}” cannot be looked through: {error.strerror or 'unknown error'}.",
        "Give yourself permission to read the folder, then look for changes again.",
        folder,
    )
