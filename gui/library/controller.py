"""Knows the collections and how far they are read; adds, removes and mends. GUI thread only."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QFileDialog

from gui.library.exchange import SUFFIX, ExchangeController
from gui.library.file_actions import FileActions
from gui.library.folders_controller import FoldersController
from gui.library.jobs_controller import JobsController
from gui.library.report_controller import ReportController
from gui.wording import progress_share, progress_text
from rag.api import (
    AttachedState,
    Attachment,
    BundleError,
    Collection,
    CollectionReport,
    FileProblem,
    FileRow,
    IndexingProgress,
    Removal,
    UnknownCollection,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gui.bridge import Bridge
    from gui.main_window import MainWindow
    from gui.tasks import Tasks
    from rag.api import Change, Workspace

_LOOK_AGAIN_MS = 500
_FILES_COLLECTION = "My documents"


@dataclass(frozen=True)
class LibraryState:
    """What the library looks like now."""

    collections: tuple[Collection, ...] = ()
    progress: dict[int, IndexingProgress] = field(default_factory=dict)
    overall: IndexingProgress | None = None
    chosen: int | None = None
    files: tuple[FileRow, ...] = ()
    report: CollectionReport | None = None
    notices: tuple[FileProblem, ...] = ()
    problem: FileProblem | None = None
    removals: tuple[Removal, ...] = ()
    attachment: Attachment | None = None
    attached: AttachedState | None = None
    offline: tuple[Path, ...] = ()


def read_state(workspace: Workspace, chosen: int | None, *, with_files: bool) -> LibraryState:
    """Ask the core how the library looks; called on a pool thread."""
    collections = tuple(workspace.collections())
    overall = workspace.progress()
    progress = {each.id: workspace.progress(each.id) for each in collections} if overall.running else {}
    ids = [each.id for each in collections]
    if chosen not in ids:
        chosen = ids[0] if ids else None
    problem = workspace.indexing_problem
    removals = tuple(workspace.removals())
    if not with_files or chosen is None:
        return LibraryState(collections, progress, overall, chosen, problem=problem, removals=removals)
    try:
        report = workspace.collection_report(chosen)
        files, notices = tuple(workspace.files(chosen)), tuple(workspace.notices(chosen))
    except UnknownCollection:
        # It was removed between the two looks; the change is announced, and there will be another look.
        return LibraryState(collections, progress, overall, chosen, problem=problem, removals=removals)
    attachment = workspace.attachment(chosen)
    attached = _attached_state(workspace, attachment)
    offline = tuple(root.path for root in workspace.roots(chosen) if root.offline)
    read = (files, report, notices, problem, removals, attachment, attached, offline)
    return LibraryState(collections, progress, overall, chosen, *read)


def _attached_state(workspace: Workspace, attachment: Attachment | None) -> AttachedState | None:
    try:
        return None if attachment is None else workspace.attached_state(attachment.collection_id)
    except BundleError:
        # Detached between the two looks.
        return None


def add_paths(workspace: Workspace, collection_id: int | None, paths: Sequence[Path]) -> int:
    """Add paths to a collection, or to one named after them; returns its id; called on a pool thread."""
    if collection_id is None:
        name = paths[0].name if len(paths) == 1 and paths[0].is_dir() else _FILES_COLLECTION
        known = {each.name.casefold(): each.id for each in workspace.collections() if each.kind == "user"}
        collection_id = known.get(name.casefold())
        if collection_id is None:
            taken = {each.name.casefold() for each in workspace.collections()}
            collection_id = workspace.create_collection(_free_name(name or str(paths[0]), taken)).id
    workspace.add_paths(collection_id, paths)
    return collection_id


def _free_name(name: str, taken: set[str]) -> str:
    candidate, number = name, 2
    while candidate.casefold() in taken:
        candidate, number = f"{name} ({number})", number + 1
    return candidate


class LibraryController(QObject):
    """Keeps the library's views true.

    Signals:
        changed: The collections or their progress are other ones.
        paths_added: The id of the collection to which something was added.
        file_opened: A `FileRow` for the reader.
    """

    changed = Signal()
    paths_added = Signal(int)
    file_opened = Signal(object)

    def __init__(
        self, workspace: Workspace, window: MainWindow, tasks: Tasks, bridge: Bridge, chosen: int | None
    ) -> None:
        super().__init__(window)
        self._workspace, self._window, self._tasks = workspace, window, tasks
        self._reading = False
        self._stale = False
        self._wanted = chosen
        self.state = LibraryState()
        self.actions = FileActions(workspace, window, tasks)
        self.reports = ReportController(workspace, window, tasks, self.actions)
        self.jobs = JobsController(workspace, window, tasks, self.actions)
        self.folders = FoldersController(workspace, window, tasks, self.actions)
        self.exchange = ExchangeController(workspace, window, tasks, bridge, self.actions)
        self.exchange.taken_in.connect(self._added)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_LOOK_AGAIN_MS)
        self._timer.timeout.connect(self.refresh)
        self._connect()

    def _connect(self) -> None:
        window, room = self._window, self._window.library
        window.library_side.collection_chosen.connect(self._choose_here)
        window.library_side.undo_asked.connect(self.actions.bring_back)
        window.paths_dropped.connect(self.add)
        window.status.pause_asked.connect(self.actions.pause)
        window.command["add_folder"].triggered.connect(self.ask_for_folder)
        window.command["add_files"].triggered.connect(self.ask_for_files)
        window.command["show_library"].triggered.connect(self.refresh)
        room.add_folder_asked.connect(self._ask_for_folder_here)
        room.add_files_asked.connect(self._ask_for_files_here)
        room.rename_asked.connect(self._rename)
        room.remove_asked.connect(self._remove_collection)
        room.rescan_asked.connect(self._rescan)
        room.folders_asked.connect(self._show_folders)
        room.save_asked.connect(self._save)
        room.update_asked.connect(self._update_attached)
        window.command["open_collection"].triggered.connect(self.exchange.ask_for_file)
        self._connect_files()
        self.changed.connect(self.reports.refresh)
        self.changed.connect(self.jobs.refresh)
        self.changed.connect(self.folders.refresh)
        self.actions.done.connect(self.refresh)

    def _connect_files(self) -> None:
        table, problems, actions = self._window.library.table, self._window.library.problems, self.actions
        table.opened.connect(self.file_opened)
        table.report_asked.connect(self.reports.open)
        table.retry_asked.connect(actions.retry)
        table.next_asked.connect(actions.read_next)
        table.remove_asked.connect(actions.remove)
        problems.retry_all_asked.connect(self._retry_failed)
        problems.list.retry_asked.connect(actions.retry)
        problems.list.recognise_asked.connect(actions.recognise)
        problems.list.skip_asked.connect(actions.skip)
        problems.list.remove_asked.connect(actions.remove)
        problems.list.report_asked.connect(self.reports.open)

    # --- What there is ------------------------------------------------------------------------------------------------

    def on_change(self, change: Change) -> None:
        """Look again after a change in the core."""
        if change.collections or change.files:
            self.refresh()

    def refresh(self) -> None:
        """Look again, once more if a look is under way."""
        if self._reading:
            self._stale = True
            return
        self._reading, self._stale = True, False
        self._timer.stop()
        with_files = self._window.in_library
        self._tasks.run(
            partial(read_state, self._workspace, self._wanted, with_files=with_files), self._show, self._not_read
        )

    def choose(self, collection_id: int) -> None:
        """Show the files of a collection."""
        self._wanted = collection_id
        self.refresh()

    def _choose_here(self, collection_id: int) -> None:
        self._window.library_pages.show_files()
        self.choose(collection_id)

    @property
    def chosen(self) -> Collection | None:
        return next((each for each in self.collections if each.id == self.state.chosen), None)

    @property
    def collections(self) -> list[Collection]:
        return list(self.state.collections)

    def _show(self, state: LibraryState) -> None:
        self._reading = False
        self.state = state
        if self._wanted not in [each.id for each in state.collections]:
            self._wanted = state.chosen
        self._window.library_side.show_collections(self.collections, state.progress, state.chosen)
        self._window.library_side.show_removals(state.removals)
        if self._window.in_library:
            self._show_files(state)
        self._show_progress(state.overall)
        self.changed.emit()
        if self._stale or self._wanted != state.chosen:
            self.refresh()
        elif state.overall is not None and state.overall.running and not state.overall.paused:
            self._timer.start()

    def _show_files(self, state: LibraryState) -> None:
        running = state.overall is not None and state.overall.running
        if self.chosen is None:
            self._window.library.show_collection(None, ())
        else:
            room = self._window.library
            shown = (state.files, state.report, state.notices, state.offline)
            room.show_collection(self.chosen, *shown, running=running)
            room.show_attachment(state.attachment, state.attached)

    def _show_progress(self, overall: IndexingProgress | None) -> None:
        if overall is not None and overall.running:
            share = progress_share(overall)
            self._window.status.show_reading(progress_text(overall), share, paused=overall.paused)
        else:
            self._window.status.reading_done()

    def _not_read(self, error: BaseException) -> None:
        self._reading = False
        self._failed(error)

    # --- Adding -------------------------------------------------------------------------------------------------------

    def add(self, paths: Sequence[Path], collection_id: int | None = None) -> None:
        """Add files and folders: to the collection that is shown in the library, else to one of their own."""
        packed = [path for path in paths if path.suffix == SUFFIX and path.is_file()]
        self.exchange.take_in(packed)
        paths = [path for path in paths if path not in packed]
        if collection_id is None and self._window.in_library:
            collection_id = self._shown_user_collection()
        if paths:
            self._tasks.run(partial(add_paths, self._workspace, collection_id, list(paths)), self._added, self._failed)

    def ask_for_folder(self) -> None:
        """Let the user choose a folder, which becomes a collection."""
        if folder := QFileDialog.getExistingDirectory(self._window, "Add a folder"):
            self._tasks.run(partial(add_paths, self._workspace, None, [Path(folder)]), self._added, self._failed)

    def ask_for_files(self) -> None:
        """Let the user choose files."""
        names, _filter = QFileDialog.getOpenFileNames(self._window, "Add files")
        self.add([Path(name) for name in names])

    def _ask_for_folder_here(self) -> None:
        if folder := QFileDialog.getExistingDirectory(self._window, "Add a folder to this collection"):
            self.add([Path(folder)], self._shown_user_collection())

    def _ask_for_files_here(self) -> None:
        names, _filter = QFileDialog.getOpenFileNames(self._window, "Add files to this collection")
        self.add([Path(name) for name in names], self._shown_user_collection())

    def _shown_user_collection(self) -> int | None:
        chosen = self.chosen
        return chosen.id if chosen is not None and chosen.kind == "user" else None

    def _added(self, collection_id: int) -> None:
        self._wanted = collection_id
        self.paths_added.emit(collection_id)
        self.refresh()

    # --- Changing -----------------------------------------------------------------------------------------------------

    def _rename(self, name: str) -> None:
        if (chosen := self.chosen) is not None:
            work = partial(self._workspace.rename_collection, chosen.id, name)
            self._tasks.run(work, self._done, self._failed)

    def _rescan(self) -> None:
        if (chosen := self.chosen) is not None:
            self._tasks.run(partial(self._workspace.rescan, chosen.id), self._done, self._failed)

    def _show_folders(self) -> None:
        if (chosen := self.chosen) is not None:
            self.folders.open(chosen.id)

    def _save(self, originals: bool) -> None:
        if (chosen := self.chosen) is not None:
            self.exchange.ask_where_to_save(chosen, originals=originals)

    def _update_attached(self) -> None:
        if (chosen := self.chosen) is not None:
            self.exchange.update(chosen)

    def _retry_failed(self) -> None:
        if (chosen := self.chosen) is not None:
            self._tasks.run(partial(self._workspace.retry_failed, chosen.id), self._done, self._failed)

    def _remove_collection(self) -> None:
        if (chosen := self.chosen) is not None:
            self._wanted = next((each.id for each in self.collections if each.id != chosen.id), None)
            work = partial(self._workspace.remove_collection, chosen.id)
            self._tasks.run(work, self.actions.removed, self._failed)

    def _done(self, _result: object) -> None:
        self.refresh()

    def _failed(self, error: BaseException) -> None:
        self.actions.failed(error)
