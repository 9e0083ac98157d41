"""A place that one comes to from a room and goes back to it from: a head with the way back, and what it is about."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from gui.theme.theme import Theme
from gui.theme.tokens import SPACE_8, SPACE_12, SPACE_16, SPACE_24
from gui.widgets.bar import Bar
from gui.widgets.buttons import IconButton
from gui.widgets.labels import ElidedLabel


class Panel(QWidget):
    """A head and a column that scrolls; Esc goes back.

    Signals:
        back_asked: Go back to the room.
    """

    back_asked = Signal()

    def __init__(self, theme: Theme, title: str, back: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "pane")
        self.head = Bar()
        self.head.row.setContentsMargins(SPACE_8, 0, SPACE_8, 0)
        self.head.row.setSpacing(SPACE_8)
        self.back = IconButton(theme, "arrow-left", back)
        self.back.clicked.connect(self.back_asked)
        self.title = ElidedLabel(title, "title")
        self.head.row.addWidget(self.back)
        self.head.row.addWidget(self.title, 1)
        self.content = QWidget()
        self.content.setProperty("role", "plain")
        self.column = QVBoxLayout(self.content)
        self.column.setContentsMargins(SPACE_16, SPACE_16, SPACE_16, SPACE_24)
        self.column.setSpacing(SPACE_12)
        self.area = QScrollArea()
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(self.content)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.head)
        layout.addWidget(self.area, 1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.back_asked.emit()
        else:
            super().keyPressEvent(event)
