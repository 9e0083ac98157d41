"""The line at the foot of the window: there only while something runs, with its time left and a way to pause it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QWidget

from gui.theme.tokens import SPACE_12
from gui.widgets.bar import Bar
from gui.widgets.buttons import push_button
from gui.widgets.labels import ElidedLabel


class StatusLine(Bar):
    """Says what runs.

    Signals:
        pause_asked: Pause the reading of documents (True) or go on (False).
        jobs_asked: Show what is being read.
        stop_asked: Give up the file that is being written or taken in.
    """

    pause_asked = Signal(bool)
    jobs_asked = Signal()
    stop_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("foot", parent)
        self.setFixedHeight(34)
        self._paused = False
        self._reading: tuple[str, float] | None = None
        self._loading: tuple[str, float] | None = None
        self._exchange: tuple[str, float] | None = None
        self.label = ElidedLabel("", "small")
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(160)
        self.pause = push_button("Pause", "link")
        self.pause.clicked.connect(self._press)
        self.show_jobs = push_button("Show", "link")
        self.show_jobs.setAccessibleName("Show what is being read")
        self.show_jobs.clicked.connect(self.jobs_asked)
        self.stop = push_button("Stop", "link")
        self.stop.setAccessibleName("Give up this .carrel file")
        self.stop.clicked.connect(self.stop_asked)
        self.row.setSpacing(SPACE_12)
        self.row.addWidget(self.label, 1)
        self.row.addWidget(self.progress)
        self.row.addWidget(self.stop)
        self.row.addWidget(self.show_jobs)
        self.row.addWidget(self.pause)
        self.hide()

    def show_reading(self, text: str, share: float, *, paused: bool) -> None:
        """Show how far the documents are read."""
        self._reading = (text, share)
        self._paused = paused
        self.pause.setText("Go on" if paused else "Pause")
        self.pause.setAccessibleName("Go on reading documents" if paused else "Pause reading documents")
        self._update()

    def reading_done(self) -> None:
        self._reading = None
        self._update()

    def show_loading(self, text: str, share: float) -> None:
        """Show how far a model is loaded."""
        self._loading = (text, share)
        self._update()

    def loading_done(self) -> None:
        self._loading = None
        self._update()

    def show_exchange(self, text: str, share: float) -> None:
        """Show how far a `.carrel` file is written or taken in."""
        self._exchange = (text, share)
        self._update()

    def exchange_done(self) -> None:
        self._exchange = None
        self._update()

    def _update(self) -> None:
        parts = [part for part in (self._exchange, self._loading, self._reading) if part is not None]
        self.setVisible(bool(parts))
        if parts:
            self.label.set_text("   ·   ".join(text for text, _share in parts))
            self.progress.setValue(round(parts[0][1] * 1000))
            self.progress.setAccessibleName(parts[0][0])
        self.stop.setVisible(self._exchange is not None)
        for button in (self.pause, self.show_jobs):
            button.setVisible(self._reading is not None)

    def _press(self) -> None:
        self.pause_asked.emit(not self._paused)
