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

    from rag.api import FileProblem, IndexChangeProgress, IndexingJob, IndexingProgress

MOST_JOBS = 60
"""So many are shown; of the others their number is said."""


@dataclass(frozen=True)
class WorkState:
    """What is being done.

    Attributes:
        problem: Why nothing moves, if so.
        change: How far a new index is that is built beside the one that answers.
    """

    jobs: tuple[IndexingJob, ...] = ()
    progress: IndexingProgress | None = None
    problem: FileProblem | None = None
    change: IndexChangeProgress | None = None


class JobsView(Panel):
    """Shows a `WorkState`.

    Signals:
        pause_asked: Pause (True) or go on (False).
        next_asked, cancel_asked: A file's id.
        battery_asked: Read on the battery too, from now on.
        keep_index_asked: Give up the new index.
    """

    pause_asked = Signal(bool)
    battery_asked = Signal()
    keep_index_asked = Signal()
    next_asked = Signal(int)
    cancel_asked = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Reading documents", "Back to the files", parent)
        self._theme = theme
        self._paused = self._held = False
        self.rows: list[JobRow] = []
        self.pause = push_button("Pause")
        self.pause.clicked.connect(self._press_pause)
        self.head.row.addWidget(self.pause)
        self.total = text_label("", "muted", wrap=True)
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.still = ReasonCard(theme)
        self.still.button.clicked.connect(self._go_on)
        self.change = ReasonCard(theme)
        self.change.button.clicked.connect(self.keep_index_asked)
        self.in_work = _JobSection("In work")
        self.waiting = _JobSection("Waiting")
        self.more = text_label("", "muted")
        said = "Nothing is being read now. Files that you add appear here until they are ready."
        self.empty = EmptyState(theme, "circle-check", "All is read", said)
        self.column.addWidget(self.total)
        self.column.addWidget(self.bar)
        self.column.addWidget(self.still)
        self.column.addWidget(self.change)
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
        self.empty.setVisible(not running and work.change is None)
        for widget in (self.total, self.bar):
            widget.setVisible(running)
        if progress is not None and running:
            self.total.setText(_total_words(progress))
            self.bar.setValue(round(progress_share(progress) * 1000))
            self.bar.setAccessibleName(self.total.text())
        self._show_reason(work, running=running)
        self._show_change(work.change)
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

    def _show_reason(self, work: WorkState, *, running: bool) -> None:
        """Say why nothing moves: a problem, the battery, or that it is paused."""
        problem, progress = work.problem, work.progress
        self._held = problem is None and progress is not None and progress.held
        if problem is not None:
            notice = Notice(problem.message, problem.remedy, problem.code)
            self.still.say("circle-alert", "error", notice.message, notice.remedy, "Try again")
        elif running and self._held:
            said = "Reading waits until the computer is plugged in, to spare the battery."
            self.still.say("battery-low", "muted", said, button="Read on battery")
        elif running and self._paused:
            said = "Reading is paused. It goes on where it stopped, also after Carrel was closed."
            self.still.say("pause", "muted", said)
        else:
            self.still.hide()

    def _show_change(self, change: IndexChangeProgress | None) -> None:
        if change is None:
            self.change.hide()
            return
        done = f"{count(change.documents_done)} of {counted(change.documents_total, 'document')}"
        said = f"Documents are made findable in a new way ({change.embedding_model}): {done}."
        meanwhile = change.problem or "Until that is whole, questions are answered as before."
        self.change.say("layers", "accent", said, meanwhile, "Stay with the old")

    def _press_pause(self) -> None:
        self.pause_asked.emit(not self._paused)

    def _go_on(self) -> None:
        if self._held:
            self.battery_asked.emit()
        else:
            self.pause_asked.emit(False)


class ReasonCard(QFrame):
    """Says why nothing moves, or what is done beside, and offers what to do about it."""

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

    def say(self, icon: str, colour: str, message: str, remedy: str = "", button: str = "") -> None:
        """Say it; without a button where there is nothing to press."""
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
