"""Shows the folders of a collection and their rules, and keeps what was written. GUI thread only."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from gui.library.file_actions import FileActions
from gui.library.folders_view import Folders, WrittenRules
from gui.notify import Message
from rag.api import FolderRules

if TYPE_CHECKING:
    from gui.main_window import MainWindow
    from gui.tasks import Tasks
    from rag.api import Workspace


def read_folders(workspace: Workspace, collection_id: int) -> Folders:
    """Ask the core for the folders of a collection; called on a pool thread."""
    roots = tuple(workspace.roots(collection_id))
    emptied = frozenset(root.path for root in roots if root.offline and root.path.is_dir())
    return Folders(workspace.collection(collection_id), roots, workspace.folder_rules(collection_id), emptied)


class FoldersController(QObject):
    """Tells the panel of folders what to show."""

    def __init__(self, workspace: Workspace, window: MainWindow, tasks: Tasks, actions: FileActions) -> None:
        super().__init__(window)
        self._workspace, self._window, self._tasks, self._actions = workspace, window, tasks, actions
        self._pages = window.library_pages
        self._pages.folders.saved.connect(self._save)
        self._pages.folders.emptied.connect(self._confirm_emptied)

    def open(self, collection_id: int) -> None:
        """Show the folders of a collection."""
        self._tasks.run(partial(read_folders, self._workspace, collection_id), self._show, self._actions.failed)

    def refresh(self) -> None:
        """Look again, if the panel is seen."""
        collection_id = self._pages.folders.collection_id
        if self._pages.in_folders and self._pages.isVisible() and collection_id is not None:
            work = partial(read_folders, self._workspace, collection_id)
            self._tasks.run(work, self._pages.folders.show_folders, self._gone)

    def _show(self, folders: Folders) -> None:
        self._pages.folders.show_folders(folders)
        self._pages.show_folders()

    def _gone(self, error: BaseException) -> None:
        self._pages.show_files()
        self._actions.failed(error)

    def _save(self, written: WrittenRules) -> None:
        collection_id = self._pages.folders.collection_id
        if collection_id is not None:
            rules = FolderRules(written.patterns, written.hidden, written.max_size_mb, written.suffixes)
            work = partial(self._workspace.set_folder_rules, collection_id, rules)
            self._tasks.run(work, self._saved, self._actions.failed)

    def _confirm_emptied(self, folder: Path) -> None:
        collection_id = self._pages.folders.collection_id
        if collection_id is not None:
            work = partial(self._workspace.confirm_emptied, collection_id, folder)
            self._tasks.run(work, self._confirmed, self._actions.failed)

    def _confirmed(self, _result: object) -> None:
        self._actions.done.emit()

    def _saved(self, _result: object) -> None:
        self._window.messages.show_message(
            Message("The rules hold from now on; the folders are looked through.", "good")
        )
        self._actions.done.emit()
