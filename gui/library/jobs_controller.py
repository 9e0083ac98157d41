"""Keeps the job manager true while it is seen. GUI thread only."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from gui.library.file_actions import FileActions
from gui.library.jobs_view import MOST_JOBS, WorkState

if TYPE_CHECKING:
    from gui.main_window import MainWindow
    from gui.tasks import Tasks
    from rag.api import Workspace


def read_work(workspace: Workspace) -> WorkState:
    """Ask the core what is in work; called on a pool thread."""
    progress, problem = workspace.progress(), workspace.indexing_problem
    return WorkState(workspace.jobs(MOST_JOBS), progress, problem, workspace.index_change())


class JobsController(QObject):
    """Tells the job manager what to show."""

    def __init__(self, workspace: Workspace, window: MainWindow, tasks: Tasks, actions: FileActions) -> None:
        super().__init__(window)
        self._workspace, self._window, self._tasks, self._actions = workspace, window, tasks, actions
        self._pages = window.library_pages
        self._reading = False
        view = self._pages.jobs
        view.pause_asked.connect(actions.pause)
        view.next_asked.connect(actions.read_next)
        view.cancel_asked.connect(actions.cancel)
        view.battery_asked.connect(actions.read_on_battery)
        view.keep_index_asked.connect(actions.keep_index)
        window.status.jobs_asked.connect(self.open)
        self._pages.files.jobs_asked.connect(self.open)

    def open(self) -> None:
        """Show what is being read."""
        self._window.show_library()
        self._pages.show_jobs()
        self.refresh()

    def refresh(self) -> None:
        """Look again, if the job manager is seen."""
        if self._pages.in_jobs and self._pages.isVisible() and not self._reading:
            self._reading = True
            self._tasks.run(partial(read_work, self._workspace), self._show, self._not_read)

    def _show(self, work: WorkState) -> None:
        self._reading = False
        self._pages.jobs.show_work(work)

    def _not_read(self, error: BaseException) -> None:
        self._reading = False
        self._actions.failed(error)
