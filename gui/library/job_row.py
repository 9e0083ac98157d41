"""One line of the job manager: a file, what is being done with it, and what one can do about that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from gui.theme.theme import Theme
from gui.theme.tokens import SPACE_4, SPACE_8, SPACE_12
from gui.widgets.buttons import IconButton, push_button
from gui.widgets.icon_label import IconLabel
from gui.widgets.labels import ElidedLabel, text_label
from gui.wording import job_words

if TYPE_CHECKING:
    from rag.api import IndexingJob

_ICONS = {"waiting": "clock", "reading": "book-open", "recognising": "scan-text", "embedding": "layers"}
_BAR_PX = 96


class JobRow(QFrame):
    """Shows an `IndexingJob`.

    Signals:
        next_asked, cancel_asked: The file's id.
    """

    next_asked = Signal(int)
    cancel_asked = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.job: IndexingJob | None = None
        self.setProperty("role", "row")
        self.icon = IconLabel(theme, "clock")
        self.name = ElidedLabel()
        self.stage = ElidedLabel("", "small", mode=Qt.TextElideMode.ElideRight)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.name)
        words.addWidget(self.stage)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(_BAR_PX)
        self.asked = self._build_asked(theme)
        self.next_button = push_button("This one next", "link")
        self.next_button.clicked.connect(self._next)
        self.cancel_button = IconButton(theme, "x", "Do not read this file", colour="muted")
        self.cancel_button.clicked.connect(self._cancel)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, SPACE_8, 0, SPACE_8)
        layout.setSpacing(SPACE_12)
        layout.addWidget(self.icon)
        layout.addLayout(words, 1)
        for widget in (self.asked, self.bar, self.next_button, self.cancel_button):
            layout.addWidget(widget)

    def _build_asked(self, theme: Theme) -> QWidget:
        asked = QWidget()
        row = QHBoxLayout(asked)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_4)
        row.addWidget(IconLabel(theme, "circle-check", "good"))
        row.addWidget(text_label("You can ask this now", "good"))
        return asked

    def show_job(self, job: IndexingJob, *, first: bool) -> None:
        """Show a job; `first` is the one that waits at the head of the queue already."""
        if job == self.job and self.next_button.isHidden() == (first or job.stage != "waiting"):
            return
        self.job = job
        name = job.file.path.name
        self.icon.set_icon(_ICONS[job.stage], "muted" if job.stage == "waiting" else "accent")
        self.name.set_text(name)
        self.name.setToolTip(str(job.file.path))
        self.stage.set_text(job_words(job) if job.stage != "waiting" else job.file.path.parent.name)
        self.asked.setVisible(job.can_be_asked)
        self.bar.setVisible(job.total > 0)
        self.bar.setRange(0, max(1, job.total))
        self.bar.setValue(job.done)
        self.bar.setAccessibleName(job_words(job))
        self.next_button.setVisible(job.stage == "waiting" and not first)
        self.next_button.setAccessibleName(f"Read {name} next")
        self.cancel_button.setAccessibleName(f"Do not read {name}")
        self.setAccessibleName(f"{name}: {job_words(job)}")

    def _next(self) -> None:
        if self.job is not None:
            self.next_asked.emit(self.job.file.id)

    def _cancel(self) -> None:
        if self.job is not None:
            self.cancel_asked.emit(self.job.file.id)
