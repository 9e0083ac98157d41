"""The job manager: what is in work and what waits, how long it takes, and why nothing moves, with a remedy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from gui.errors import Notice
from gui.library.job_row import JobRow
from gui.theme.theme import Theme
from gui.theme.tokens import SPACE_4, SPACE_8, SPACE_12
from gui.widgets.buttons import push_button
from gui.widgets.empty_state import EmptyState
from gui.widgets.icon_label import IconLabel
from gui.widgets.labels import text_label
from gui.widgets.panel import Panel
from gui.wording import count, counted, progress_share, time_left

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.api import FileProblem, IndexingJob, IndexingProgress

MOST_JOBS = 60
"""So many are shown; of the others their number is said."""


@dataclass(frozen=True)
class WorkState:
    """What is being done.

    Attributes:
        problem: Why nothing moves, if so.
    """

    jobs: tuple[IndexingJob, ...] = ()
    progress: IndexingProgress | None = None
    problem: FileProblem | None = None


class JobsView(Panel):
    """Shows a `WorkState`.

    Signals:
        pause_asked: Pause (True) or go on (False).
        next_asked, cancel_asked: A file's id.
    """

    pause_asked = Signal(bool)
    next_asked = Signal(int)
    cancel_asked = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Reading documents", "Back to the files", parent)
        self._theme = theme
        self._paused = False
        self.rows: list[JobRow] = []
        self.pause = push_button("Pause")
        self.pause.clicked.connect(self._press_pause)
        self.head.row.addWidget(self.pause)
        self.total = text_label("", "muted", wrap=True)
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.still = StandstillCard(theme)
        self.still.button.clicked.connect(self._go_on)
        self.in_work = _JobSection("In work")
        self.waiting = _JobSection("Waiting")
        self.more = text_label("", "muted")
        said = "Nothing is being read now. Files that you add appear here until they are ready."
        self.empty = EmptyState(theme, "circle-check", "All is read", said)
        self.column.addWidget(self.total)
        self.column.addWidget(self.bar)
        self.column.addWidget(self.still)
        self.column.addSpacing(SPACE_4)
        for section in (self.in_work, self.waiting):
            self.column.addWidget(section)
        self.column.addWidget(self.more)
        self.column.addWidget(self.empty, 1)
        self.column.addStretch(1)

    def show_work(self, work: WorkState) -> None:
        """Show what is in work and what waits."""
        progress = work.progress
        running = bool(work.jobs) or (progress is not None and progress.running)
        self._paused = progress is not None and progress.paused
        self.pause.setVisible(running)
        self.pause.setText("Go on" if self._paused else "Pause")
        self.pause.setAccessibleName("Go on reading documents" if self._paused else "Pause reading documents")
        self.empty.setVisible(not running)
        for widget in (self.total, self.bar):
            widget.setVisible(running)
        if progress is not None and running:
            self.total.setText(_total_words(progress))
            self.bar.setValue(round(progress_share(progress) * 1000))
            self.bar.setAccessibleName(self.total.text())
        self.still.show_reason(progress, work.problem, running=running)
        self._show_jobs(work)

    def _show_jobs(self, work: WorkState) -> None:
        shown = work.jobs[:MOST_JOBS]
        while len(self.rows) < len(shown):
            row = JobRow(self._theme)
            row.next_asked.connect(self.next_asked)
            row.cancel_asked.connect(self.cancel_asked)
            self.rows.append(row)
        working = [job for job in shown if job.stage != "waiting"]
        waiting = [job for job in shown if job.stage == "waiting"]
        for row, job in zip(self.rows, working + waiting, strict=False):
            row.show_job(job, first=bool(waiting) and job is waiting[0])
        self.in_work.set_rows(self.rows[: len(working)])
        self.waiting.set_rows(self.rows[len(working) : len(shown)])
        for row in self.rows[len(shown) :]:
            row.hide()
        hidden = _left_in(work) - len(shown)
        self.more.setText(f"and {counted(hidden, 'more file', 'more files')}")
        self.more.setVisible(hidden > 0 and len(work.jobs) >= MOST_JOBS)

    def _press_pause(self) -> None:
        self.pause_asked.emit(not self._paused)

    def _go_on(self) -> None:
        self.pause_asked.emit(False)


class StandstillCard(QFrame):
    """Says why nothing moves, and offers what to do about it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "problem")
        self.icon = IconLabel(theme, "pause")
        self.message = text_label("", wrap=True)
        self.remedy = text_label("", "muted", wrap=True)
        self.button = push_button("Go on")
        words = QVBoxLayout()
        words.setSpacing(SPACE_4)
        words.addWidget(self.message)
        words.addWidget(self.remedy)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(SPACE_12, SPACE_8, SPACE_8, SPACE_8)
        layout.setSpacing(SPACE_8)
        layout.addWidget(self.icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(words, 1)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def show_reason(self, progress: IndexingProgress | None, problem: FileProblem | None, *, running: bool) -> None:
        """Show the problem, else that it is paused, else nothing."""
        if problem is not None:
            notice = Notice(problem.message, problem.remedy, problem.code)
            self._say("circle-alert", "error", notice.message, notice.remedy, "Try again")
        elif running and progress is not None and progress.paused:
            said = "Reading is paused. It goes on where it stopped, also after Carrel was closed."
            self._say("pause", "muted", said, "", "")
        else:
            self.hide()

    def _say(self, icon: str, colour: str, message: str, remedy: str, button: str) -> None:
        self.icon.set_icon(icon, colour)
        self.message.setText(message)
        self.remedy.setText(remedy)
        self.remedy.setVisible(bool(remedy))
        self.button.setText(button)
        self.button.setAccessibleName(button)
        self.button.setVisible(bool(button))
        self.setAccessibleName(f"{message} {remedy}".strip())
        self.show()


class _JobSection(QWidget):
    """A heading with rows under it."""

    def __init__(self, heading: str) -> None:
        super().__init__()
        self._heading = heading
        self._rows: list[JobRow] = []
        self.heading = text_label(heading, "section")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, SPACE_8)
        self._column.setSpacing(0)
        self._column.addWidget(self.heading)

    def set_rows(self, rows: Sequence[JobRow]) -> None:
        self.setVisible(bool(rows))
        if list(rows) == self._rows:
            return
        self._rows = list(rows)
        for number, row in enumerate(rows):
            self._column.insertWidget(number + 1, row)
            row.show()


def _left_in(work: WorkState) -> int:
    progress = work.progress
    if progress is None:
        return len(work.jobs)
    return max(len(work.jobs), progress.files_total - progress.files_ready - progress.files_failed)


def _total_words(progress: IndexingProgress) -> str:
    done = progress.files_ready + progress.files_failed
    parts = [f"{count(done)} of {counted(progress.files_total, 'file')}"]
    left = "" if progress.paused else time_left(progress.seconds_left)
    return " · ".join([*parts, left] if left else parts)
