"""Find in the document that is open."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from gui.theme.theme import Theme
from gui.widgets.bar import Bar
from gui.widgets.buttons import IconButton
from gui.widgets.labels import text_label


class _FindEdit(QLineEdit):
    escaped = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        else:
            super().keyPressEvent(event)


class FindBar(Bar):
    """A line with the words to find.

    Signals:
        find_asked: The words, and 1 for the next or -1 for the one before.
    """

    find_asked = Signal(str, int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__("bar", parent)
        self.edit = _FindEdit()
        self.edit.setPlaceholderText("Find in this document…")
        self.edit.setAccessibleName("Find in this document")
        self.edit.returnPressed.connect(self._next)
        self.edit.escaped.connect(self.hide)
        self.result = text_label("", "small")
        back = IconButton(theme, "chevron-up", "Previous place")
        back.clicked.connect(self._previous)
        forth = IconButton(theme, "chevron-down", "Next place")
        forth.clicked.connect(self._next)
        close = IconButton(theme, "x", "Close the search")
        close.clicked.connect(self.hide)
        self.row.addWidget(self.edit, 1)
        for widget in (self.result, back, forth, close):
            self.row.addWidget(widget)
        self.hide()

    def open(self) -> None:
        self.show()
        self.result.setText("")
        self.edit.setFocus()
        self.edit.selectAll()

    def _next(self) -> None:
        self._ask(1)

    def _previous(self) -> None:
        self._ask(-1)

    def _ask(self, step: int) -> None:
        if self.edit.text().strip():
            self.find_asked.emit(self.edit.text(), step)
