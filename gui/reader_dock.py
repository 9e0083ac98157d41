"""Where the reader stands: beside the conversation, or, where the window is narrow, over it."""

from PySide6.QtCore import QEasingCurve, QPropertyAnimation, QRect
from PySide6.QtWidgets import QSplitter, QStyle, QWidget

from gui.theme.tokens import MOTION_MS, READER_PX


class ReaderDock:
    """Moves one widget between the splitter and a place over the centre; GUI thread only.

    Attributes:
        shown: Whether the user wants to see the reader.
    """

    def __init__(self, splitter: QSplitter, centre: QWidget, reader: QWidget) -> None:
        self._splitter, self._centre, self._reader = splitter, centre, reader
        self._width = READER_PX
        self._slide = QPropertyAnimation(reader, b"geometry", reader)
        self._slide.setDuration(MOTION_MS)
        self._slide.setEasingCurve(QEasingCurve.Type.OutCubic)
        self.narrow = False
        self.shown = False
        splitter.addWidget(reader)
        reader.hide()

    def set_narrow(self, narrow: bool) -> None:
        """Stand beside or over the conversation from now on."""
        if narrow == self.narrow:
            return
        self.narrow = narrow
        self._slide.stop()
        if narrow:
            self._remember_width()
            self._reader.setParent(self._centre)
        else:
            side = self._splitter.sizes()[0]
            self._reader.hide()
            self._splitter.addWidget(self._reader)
            self._splitter.setSizes([side, self._splitter.width() - side, 0])
        self._apply(animated=False)

    def show(self, shown: bool) -> None:
        """Show or hide the reader."""
        if shown == self.shown and shown == self._reader.isVisible():
            return
        if not shown and not self.narrow:
            self._remember_width()
        self.shown = shown
        self._apply(animated=True)

    def place(self) -> None:
        """Follow the size of the centre, where the reader stands over it."""
        if self.narrow and self.shown and self._slide.state() != QPropertyAnimation.State.Running:
            self._reader.setGeometry(self._centre.rect())

    @property
    def width(self) -> int:
        """The width that the user gave it."""
        self._remember_width()
        return self._width

    def set_width(self, width: int) -> None:
        self._width = max(width, 280)

    def _remember_width(self) -> None:
        if not self.narrow and self._reader.isVisible() and self._reader.width() > 1:
            self._width = self._reader.width()

    def _apply(self, *, animated: bool) -> None:
        if not self.shown:
            self._reader.hide()
        elif self.narrow:
            self._slide_in(animated=animated)
        else:
            self._reader.show()
            self._take_width()

    def _slide_in(self, *, animated: bool) -> None:
        whole = self._centre.rect()
        self._reader.raise_()
        moves = self._reader.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration) > 0
        if animated and moves and self._reader.window().isVisible():
            self._slide.setStartValue(QRect(whole.translated(whole.width() // 3, 0)))
            self._slide.setEndValue(whole)
            self._reader.setGeometry(whole.translated(whole.width() // 3, 0))
            self._reader.show()
            self._slide.start()
        else:
            self._reader.setGeometry(whole)
            self._reader.show()

    def _take_width(self) -> None:
        sizes = self._splitter.sizes()
        index = self._splitter.indexOf(self._reader)
        centre = self._splitter.indexOf(self._centre)
        room = sizes[centre] + sizes[index]
        taken = min(self._width, max(280, room - 380))
        sizes[index], sizes[centre] = taken, room - taken
        self._splitter.setSizes(sizes)
