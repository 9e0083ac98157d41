"""What can be done with a file of the library, wherever its buttons stand. GUI thread only."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from gui.errors import notice_of
from gui.notify import Message
from gui.theme.tokens import UNDO_MS

if TYPE_CHECKING:
    from collections.abc import Callable

    from gui.main_window import MainWindow
    from gui.tasks import Tasks
    from rag.api import Removal, Workspace


class FileActions(QObject):
    """Asks the core on a pool thread, and says what went wrong.

    Signals:
        done: Something was changed.
    """

    done = Signal()

    def __init__(self, workspace: Workspace, window: MainWindow, tasks: Tasks) -> None:
        super().__init__(window)
        self._workspace, self._window, self._tasks = workspace, window, tasks

    def retry(self, file_id: int, password: str = "") -> None:
        """Read a file again, with a password if one is given."""
        self._run(partial(self._workspace.retry, file_id, password or None))

    def recognise(self, file_id: int, pages: tuple[int, ...]) -> None:
        """Read pages by OCR; all that wait if none is named."""
        self._run(partial(self._workspace.recognise, file_id, pages or None))

    def skip(self, file_id: int) -> None:
        """Say no more about a file's problem."""
        self._run(partial(self._workspace.skip_file, file_id))

    def read_next(self, file_id: int) -> None:
        """Put a file before all that wait."""
        self._run(partial(self._workspace.index_next, file_id))

    def cancel(self, file_id: int) -> None:
        """Do not read a file."""
        self._run(partial(self._workspace.cancel_file, file_id))

    def remove(self, file_id: int) -> None:
        """Take a file out of its collection, and offer to bring it back."""
        self._tasks.run(partial(self._workspace.remove_file, file_id), self.removed, self.failed)

    def removed(self, removal: Removal) -> None:
        """Say what was removed, and offer to bring it back."""
        self.done.emit()
        what = "from the library" if removal.kind == "collection" else "from the collection"
        not_touched = "Its files are not touched." if removal.kind == "collection" else "The file is not touched."
        said = f"“{removal.name}” is removed {what}. {not_touched}"
        undo = partial(self.bring_back, removal.id)
        self._window.messages.show_message(Message(said, button="Undo", on_button=undo, lasts_ms=UNDO_MS))

    def bring_back(self, removal_id: int) -> None:
        """Bring back what was removed."""
        self._run(partial(self._workspace.undo_removal, removal_id))

    def pause(self, paused: bool) -> None:
        """Pause the reading of documents, or go on."""
        self._run(self._workspace.pause_indexing if paused else self._workspace.resume_indexing)

    def read_on_battery(self) -> None:
        """Go on reading without a cable, gently, from now on."""
        self._run(partial(self._workspace.change_settings, on_battery="slow"))

    def keep_index(self) -> None:
        """Give up the new index that is being built."""
        self._run(self._workspace.cancel_index_change)

    def _run(self, work: Callable[[], object]) -> None:
        self._tasks.run(work, self._succeeded, self.failed)

    def _succeeded(self, _result: object) -> None:
        self.done.emit()

    def failed(self, error: BaseException) -> None:
        """Say what went wrong."""
        notice = notice_of(error)
        if notice is None:
            self._tasks.unhandled(error)
        else:
            self._window.messages.show_message(Message(notice.text, "error"))
