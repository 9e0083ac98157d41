"""Collections as `.carrel` files: written, taken in and brought up to date, one after the other. GUI thread only."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from gui.library.file_actions import FileActions
from gui.notify import Message
from gui.wording import count, counted, file_size
from inference.api import Cancelled, CancelToken

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gui.bridge import Bridge
    from gui.main_window import MainWindow
    from gui.tasks import Tasks
    from rag.api import Collection, ExchangeProgress, ExportReport, ImportReport, Workspace

SUFFIX = ".carrel"
_FILTER = "Carrel collections (*.carrel)"
_STAGES = {"writing": "Writing", "copying": "Copying documents into", "checking": "Checking", "storing": "Taking in"}


class ExchangeController(QObject):
    """Writes and takes in `.carrel` files, and shows how far that is in the status line.

    Signals:
        taken_in: The id of the collection that a file became, or was brought up to date from.
    """

    taken_in = Signal(int)

    def __init__(
        self, workspace: Workspace, window: MainWindow, tasks: Tasks, bridge: Bridge, actions: FileActions
    ) -> None:
        super().__init__(window)
        self._workspace, self._window, self._tasks, self._bridge = workspace, window, tasks, bridge
        self._actions = actions
        self._cancel: CancelToken | None = None
        window.status.stop_asked.connect(self.stop)

    @property
    def busy(self) -> bool:
        """A file is being written or taken in."""
        return self._cancel is not None

    def stop(self) -> None:
        """Give up what is being done; nothing is left of it."""
        if self._cancel is not None:
            self._cancel.cancel()

    # --- Out ----------------------------------------------------------------------------------------------------------

    def ask_where_to_save(self, collection: Collection, *, originals: bool) -> None:
        """Let the user choose a file, and write the collection to it."""
        suggested = str(Path.home() / f"{_file_name(collection.name)}{SUFFIX}")
        title = f"Save “{collection.name}” as one file"
        name, _filter = QFileDialog.getSaveFileName(self._window, title, suggested, _FILTER)
        if name:
            path = Path(name)
            self.save(collection.id, path if path.suffix == SUFFIX else Path(f"{name}{SUFFIX}"), originals=originals)

    def save(self, collection_id: int, path: Path, *, originals: bool) -> None:
        """Write a collection to a file."""
        work = partial(self._workspace.export_collection, collection_id, path, originals=originals)
        self._begin(work, path.name, self._saved)

    def _saved(self, report: ExportReport) -> None:
        self._end()
        said = f"“{report.name}” is saved as {report.path.name}, {file_size(report.size)}. "
        said += f"Compare its fingerprint on the other computer: {report.fingerprint}."
        left_out = len(report.left_out) + len(report.originals_missing)
        if left_out:
            said += f" {counted(left_out, 'file')} could not be taken along."
        self._window.messages.show_message(Message(said, "warning" if left_out else "good", lasts_ms=0))

    # --- In -----------------------------------------------------------------------------------------------------------

    def ask_for_file(self) -> None:
        """Let the user choose a file, and take it in."""
        name, _filter = QFileDialog.getOpenFileName(self._window, "Open a .carrel file", str(Path.home()), _FILTER)
        if name:
            self.take_in([Path(name)])

    def take_in(self, paths: Sequence[Path]) -> None:
        """Take files in, one after the other."""
        if not paths:
            return
        first, rest = paths[0], list(paths[1:])
        work = partial(self._workspace.import_collection, first)
        self._begin(work, first.name, partial(self._taken_in, rest))

    def update(self, collection: Collection) -> None:
        """Bring a collection up to date from the file that it came from."""
        work = partial(self._workspace.update_attached, collection.id)
        self._begin(work, collection.name, partial(self._updated, collection.name))

    def _taken_in(self, rest: Sequence[Path], report: ImportReport) -> None:
        self._end()
        self._say_taken_in(report)
        self.taken_in.emit(report.collection_id)
        self.take_in(rest)

    def _updated(self, name: str, report: ImportReport | None) -> None:
        self._end()
        if report is None:
            self._window.messages.show_message(Message(f"“{name}” is up to date with its file.", "good"))
        else:
            self._say_taken_in(report)
            self.taken_in.emit(report.collection_id)

    def _say_taken_in(self, report: ImportReport) -> None:
        if report.updated:
            changes = f"{count(report.added)} new, {count(report.changed)} changed, {count(report.removed)} gone"
            said = f"“{report.name}” is up to date: {changes}. "
        else:
            said = f"“{report.name}” is in the library, with {counted(report.files, 'document')}. "
        if report.same_model is False:
            said += (
                "It was made with another model, so its documents are found by words now, by meaning a little later. "
            )
        said += f"Fingerprint: {report.fingerprint}."
        self._window.messages.show_message(Message(said, "good", lasts_ms=0))

    # --- Work ---------------------------------------------------------------------------------------------------------

    def _begin(self, work: Callable[..., object], name: str, done: Callable[..., None]) -> None:
        if self._cancel is not None:
            said = "Another .carrel file is being written or taken in. Try again when that is done."
            self._window.messages.show_message(Message(said, "warning"))
            return
        self._cancel = CancelToken()
        self._window.status.show_exchange(f"{_STAGES['checking']} {name}", 0.0)
        whole = partial(work, on_progress=partial(self._told, name), cancel=self._cancel)
        self._tasks.run_long(whole, done, self._failed)

    def _told(self, name: str, progress: ExchangeProgress) -> None:
        """Take the core's news; called on the thread that works."""
        self._bridge.post(self._show, name, progress, key="exchange")

    def _show(self, name: str, progress: ExchangeProgress) -> None:
        if self._cancel is not None:
            share = progress.done / progress.total if progress.total else 0.0
            self._window.status.show_exchange(f"{_STAGES[progress.stage]} {name}", share)

    def _end(self) -> None:
        self._cancel = None
        self._window.status.exchange_done()

    def _failed(self, error: BaseException) -> None:
        self._end()
        if not isinstance(error, Cancelled):
            self._actions.failed(error)


def _file_name(name: str) -> str:
    """Return a collection's name as a file may be called on any system."""
    return "".join("-" if sign in '\\/:*?"<>|' else sign for sign in name).strip(" .") or "Collection"
