"""What could not be read, and why: a plain list, each with the button that mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from gui.errors import ACTION_WORDS, Notice
from gui.theme.theme import Theme
from gui.theme.tokens import SPACE_4, SPACE_8, SPACE_12
from gui.widgets.buttons import IconButton, push_button
from gui.widgets.icon_label import IconLabel
from gui.widgets.labels import ElidedLabel, text_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.api import FileRow

_MOST_HEIGHT_PX = 260


class ProblemCard(QFrame):
    """One file that could not be read, or not wholly.

    Signals:
        retry_asked: The file's id and a password (empty for none).
        remove_asked: The file's id.
    """

    retry_asked = Signal(int, str)
    remove_asked = Signal(int)

    def __init__(self, theme: Theme, row: FileRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        assert row.problem is not None
        self.row = row
        self.notice = Notice(row.problem.message, row.problem.remedy, row.problem.code)
        self.setProperty("role", "problem")
        self.setAccessibleName(f"{row.path.name}: {self.notice.text}")
        whole = row.state == "failed"
        icon = IconLabel(theme, "circle-alert" if whole else "triangle-alert", "error" if whole else "warning")
        name = ElidedLabel(row.path.name, "title")
        name.setToolTip(str(row.path))
        words = QVBoxLayout()
        words.setSpacing(SPACE_4)
        words.addWidget(name)
        words.addWidget(text_label(self.notice.message, wrap=True))
        words.addWidget(text_label(self.notice.remedy, "muted", wrap=True))
        words.addLayout(self._build_password())
        layout = QHBoxLayout(self)
        layout.setContentsMargins(SPACE_12, SPACE_8, SPACE_8, SPACE_8)
        layout.setSpacing(SPACE_8)
        layout.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(words, 1)
        self._add_buttons(theme, layout)

    def _build_password(self) -> QHBoxLayout:
        self.password = QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.password.setPlaceholderText("Password; it is not stored")
        self.password.setAccessibleName(f"Password of {self.row.path.name}")
        self.password.setMaximumWidth(260)
        self.password.returnPressed.connect(self._retry)
        self.open_button = push_button("Open", "primary")
        self.open_button.clicked.connect(self._retry)
        row = QHBoxLayout()
        row.addWidget(self.password)
        row.addWidget(self.open_button)
        row.addStretch(1)
        self.password.hide()
        self.open_button.hide()
        return row

    def _add_buttons(self, theme: Theme, layout: QHBoxLayout) -> None:
        top = Qt.AlignmentFlag.AlignTop
        self.action_button = push_button(ACTION_WORDS.get(self.notice.action, ""))
        self.action_button.clicked.connect(self._act)
        self.action_button.setVisible(self.notice.action in ("password", "retry"))
        self.remove_button = IconButton(theme, "x", f"Remove {self.row.path.name} from the collection", colour="muted")
        self.remove_button.clicked.connect(self._remove)
        layout.addWidget(self.action_button, 0, top)
        layout.addWidget(self.remove_button, 0, top)

    def _act(self) -> None:
        if self.notice.action == "password":
            self.action_button.hide()
            self.password.show()
            self.open_button.show()
            self.password.setFocus()
        else:
            self.retry_asked.emit(self.row.id, "")

    def _retry(self) -> None:
        if self.password.text():
            self.retry_asked.emit(self.row.id, self.password.text())

    def _remove(self) -> None:
        self.remove_asked.emit(self.row.id)


class ProblemList(QScrollArea):
    """All problems of a collection.

    Signals:
        retry_asked: A file's id and a password (empty for none).
        remove_asked: A file's id.
    """

    retry_asked = Signal(int, str)
    remove_asked = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows: list[FileRow] = []
        self.cards: list[ProblemCard] = []
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Files that could not be read")

    def show_problems(self, rows: Sequence[FileRow]) -> None:
        """Show these; a card in which a password is being typed stays as it is while nothing changed."""
        if list(rows) == self._rows:
            return
        self._rows = list(rows)
        self.cards = [self._card(row) for row in self._rows]
        content = QWidget()
        content.setProperty("role", "plain")
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, SPACE_8, 0)
        column.setSpacing(SPACE_8)
        for card in self.cards:
            column.addWidget(card)
        column.addStretch(1)
        self.setWidget(content)
        self.setMaximumHeight(min(_MOST_HEIGHT_PX, content.sizeHint().height() + SPACE_8))
        self.setMinimumHeight(min(120, content.sizeHint().height()))

    def _card(self, row: FileRow) -> ProblemCard:
        card = ProblemCard(self._theme, row)
        card.retry_asked.connect(self.retry_asked)
        card.remove_asked.connect(self.remove_asked)
        return card
