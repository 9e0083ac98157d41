"""The library with the places that one comes to from it: a reading report, the job manager, a collection's folders."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QStackedWidget, QWidget

from gui.library.folders_view import FoldersView
from gui.library.jobs_view import JobsView
from gui.library.report_view import ReportView
from gui.library.room import LibraryRoom
from gui.theme.theme import Theme


class LibraryPages(QStackedWidget):
    """Shows one of them at a time. GUI thread only."""

    def __init__(self, theme: Theme, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.files = LibraryRoom(theme, actions)
        self.report = ReportView(theme)
        self.jobs = JobsView(theme)
        self.folders = FoldersView(theme)
        for page in (self.files, self.report, self.jobs, self.folders):
            self.addWidget(page)
        for panel in (self.report, self.jobs, self.folders):
            panel.back_asked.connect(self.show_files)

    def show_files(self) -> None:
        """Go back to the files, where the keyboard stood."""
        self.setCurrentWidget(self.files)
        self.files.table.view.setFocus()

    def show_report(self) -> None:
        self.setCurrentWidget(self.report)
        self.report.back.setFocus()

    def show_jobs(self) -> None:
        self.setCurrentWidget(self.jobs)
        self.jobs.back.setFocus()

    def show_folders(self) -> None:
        self.setCurrentWidget(self.folders)
        self.folders.back.setFocus()

    @property
    def in_files(self) -> bool:
        return self.currentWidget() is self.files

    @property
    def in_report(self) -> bool:
        return self.currentWidget() is self.report

    @property
    def in_jobs(self) -> bool:
        return self.currentWidget() is self.jobs

    @property
    def in_folders(self) -> bool:
        return self.currentWidget() is self.folders
