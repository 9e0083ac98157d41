"""Opens the reading report of a file, and keeps it true while it is seen. GUI thread only."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from gui.library.file_actions import FileActions
from gui.reader.target import Target

if TYPE_CHECKING:
    from gui.main_window import MainWindow
    from gui.tasks import Tasks
    from rag.api import DocumentReport, FileRow, PageReport, Workspace


class ReportController(QObject):
    """Tells the report's view what to show.

    Signals:
        place_opened: A `Target` for the reader.
    """

    place_opened = Signal(object)

    def __init__(self, workspace: Workspace, window: MainWindow, tasks: Tasks, actions: FileActions) -> None:
        super().__init__(window)
        self._workspace, self._tasks, self._actions = workspace, tasks, actions
        self._pages = window.library_pages
        self._file: int | None = None
        self._reading = False
        self._stale = False
        view = self._pages.report
        view.page_opened.connect(self._open_page)
        view.recognise_asked.connect(actions.recognise)
        view.retry_asked.connect(actions.retry)
        view.skip_asked.connect(actions.skip)
        view.remove_asked.connect(self._remove)

    def open(self, row: FileRow) -> None:
        """Show the report of a file."""
        self._file = row.id
        self._read()

    def refresh(self) -> None:
        """Look again, if the report is seen."""
        if self._pages.in_report and self._pages.isVisible():
            self._read()

    def _read(self) -> None:
        if self._reading:
            self._stale = True
        elif self._file is not None:
            self._reading, self._stale = True, False
            work = partial(self._workspace.document_report, self._file)
            self._tasks.run(work, self._show, self._not_read)

    def _show(self, report: DocumentReport) -> None:
        self._reading = False
        if report.file.id == self._file:
            before = self._pages.report.report
            self._pages.report.show_report(report)
            if not self._pages.in_report and (before is not report):
                self._pages.show_report()
        if self._stale:
            self._read()

    def _not_read(self, error: BaseException) -> None:
        self._reading = False
        if self._pages.in_report:
            self._pages.show_files()
        self._actions.failed(error)

    def _open_page(self, row: FileRow, page: PageReport) -> None:
        self.place_opened.emit(Target(row.path.name, row.path, row.document_id, page.index, inside=page.inside))

    def _remove(self, file_id: int) -> None:
        self._file = None
        self._pages.show_files()
        self._actions.remove(file_id)
