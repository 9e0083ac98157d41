"""The part of the workspace that deals with folders: what feeds a collection, what is wanted of it, keeping in step."""

from collections.abc import Callable
from pathlib import Path

from rag.ingestion.watching import FolderWatch
from rag.types import Change, FileProblem, FolderRules, RootFolder
from rag.workspace_library import LibraryFace


class FoldersFace(LibraryFace):
    """What faces ask about folders. Any thread; short reads and writes."""

    _announce: Callable[[Change], None]
    _watch: FolderWatch | None = None

    def roots(self, collection_id: int) -> tuple[RootFolder, ...]:
        """Return the folders and files that feed a collection, in the order they were added."""
        return self._library.root_folders(collection_id)

    def folder_rules(self, collection_id: int) -> FolderRules:
        """Return which files of its folders a collection reads; raises `UnknownCollection`."""
        return self._library.folder_rules(collection_id)

    def set_folder_rules(self, collection_id: int, rules: FolderRules) -> None:
        """Choose which files of its folders a collection reads, at once; raises `UnknownCollection`.

        What they leave out leaves the collection as if it had been deleted.
        """
        self._library.set_folder_rules(collection_id, rules)
        self._ingestor.rescan(collection_id)

    def confirm_emptied(self, collection_id: int, root: Path) -> None:
        """Say that an empty folder is no unplugged disk: its files were deleted, and leave the collection."""
        self._ingestor.rescan_part(collection_id, root, emptied=True)

    def notices(self, collection_id: int) -> list[FileProblem]:
        """Return what is wrong with folders of a collection: away, not to be listed, or not watched."""
        unwatched = self._watch.notices_for(self._library.roots(collection_id)) if self._watch else []
        return super().notices(collection_id) + unwatched

    def keep_in_step(self) -> None:
        """Look through all folders, and from now on notice changes in them, until the workspace is closed.

        For faces that stay open: the window, the server. The setting `watch_folders` turns the noticing off; the look
        at the start stays.
        """
        for collection_id, root in self._library.all_roots():
            self._ingestor.rescan_part(collection_id, root)
        if self._settings.watch_folders and self._watch is None:
            self._watch = FolderWatch(
                self._library.all_roots, self._ingestor.rescan_part, self._ingestor.troubled_roots, self._tell_notices
            )
            self._watch.start()

    def _tell_notices(self) -> None:
        self._announce(Change(files=frozenset(collection_id for collection_id, _ in self._library.all_roots())))

    def _stop_watching(self) -> None:
        if self._watch is not None:
            self._watch.stop()
            self._watch = None
