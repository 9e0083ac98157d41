"""What could not be read, and why: a plain list, each with the button that mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from gui.errors import ACTION_WORDS, FILE_ACTIONS, Notice
from gui.theme.theme import Theme
from gui.theme.tokens import SPACE_4, SPACE_8, SPACE_12
from gui.widgets.buttons import IconButton, push_button
from gui.widgets.icon_label import IconLabel
from gui.widgets.labels import ElidedLabel, text_label
from gui.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.api import FileRow

_MOST_HEIGHT_PX = 260
_MOST_CARDS = 50
_BUTTONS_BESIDE_FROM_PX = 520
"""Narrower, the buttons of a card stand under its words."""


class ProblemCard(QFrame):
    """One file that could not be read, or not wholly.

    Signals:
        retry_asked: The file's id and a password (empty for none).
        recognise_asked: The file's id and no pages: all that wait are to be read by OCR.
        skip_asked: The file's id: leave it as it is, and say no more about it.
        remove_asked: The file's id.
        report_asked: The file (`FileRow`) whose reading report is wanted.
    """

    retry_asked = Signal(int, str)
    recognise_asked = Signal(int, tuple)
    skip_asked = Signal(int)
    remove_asked = Signal(int)
    report_asked = Signal(object)

    def __init__(self, theme: Theme, row: FileRow, *, named: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        assert row.problem is not None
        self.row = row
        self.notice = Notice(row.problem.message, row.problem.remedy, row.problem.code)
        self.setProperty("role", "problem")
        self.setAccessibleName(f"{row.path.name}: {self.notice.text}")
        whole = row.state == "failed"
        icon = IconLabel(theme, "circle-alert" if whole else "triangle-alert", "error" if whole else "warning")
        words = QVBoxLayout()
        words.setSpacing(SPACE_4)
        if named:
            name = ElidedLabel(row.path.name, "title")
            name.setToolTip(str(row.path))
            words.addWidget(name)
        words.addWidget(text_label(self.notice.message, wrap=True))
        words.addWidget(text_label(self.notice.remedy, "muted", wrap=True))
        words.addLayout(self._build_password())
        self._lines = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._lines.setSpacing(SPACE_4)
        self._lines.addLayout(words, 1)
        self._lines.addLayout(self._build_buttons(named=named))
        self.remove_button = IconButton(theme, "x", f"Remove {row.path.name} from the collection", colour="muted")
        self.remove_button.clicked.connect(self._remove)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(SPACE_12, SPACE_8, SPACE_8, SPACE_8)
        layout.setSpacing(SPACE_8)
        layout.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(self._lines, 1)
        layout.addWidget(self.remove_button, 0, Qt.AlignmentFlag.AlignTop)

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

    def _build_buttons(self, *, named: bool) -> QHBoxLayout:
        self.action_button = push_button(ACTION_WORDS.get(self.notice.action, ""))
        self.action_button.clicked.connect(self._act)
        self.action_button.setVisible(self.notice.action in FILE_ACTIONS)
        self.report_button = push_button("Report", "link")
        self.report_button.setAccessibleName(f"Reading report of {self.row.path.name}")
        self.report_button.clicked.connect(self._report)
        self.report_button.setVisible(named)
        self.skip_button = push_button("Skip", "link")
        self.skip_button.setToolTip("Leave it as it is, and say no more about it")
        self.skip_button.setAccessibleName(f"Skip {self.row.path.name}: leave it as it is")
        self.skip_button.clicked.connect(self._skip)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE_4)
        for button in (self.action_button, self.report_button, self.skip_button):
            buttons.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        buttons.addStretch(1)
        return buttons

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = event.size().width() < _BUTTONS_BESIDE_FROM_PX
        direction = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        if self._lines.direction() != direction:
            self._lines.setDirection(direction)

    def _act(self) -> None:
        if self.notice.action == "password":
            self.action_button.hide()
            self.password.show()
            self.open_button.show()
            self.password.setFocus()
        elif self.notice.action == "recognise":
            self.recognise_asked.emit(self.row.id, ())
        else:
            self.retry_asked.emit(self.row.id, "")

    def _report(self) -> None:
        self.report_asked.emit(self.row)

    def _skip(self) -> None:
        self.skip_asked.emit(self.row.id)

    def _retry(self) -> None:
        if self.password.text():
            self.retry_asked.emit(self.row.id, self.password.text())

    def _remove(self) -> None:
        self.remove_asked.emit(self.row.id)


class ProblemList(QScrollArea):
    """All problems of a collection.

    Signals:
        retry_asked, recognise_asked, skip_asked, remove_asked, report_asked: Those of its cards.
    """

    retry_asked = Signal(int, str)
    recognise_asked = Signal(int, tuple)
    skip_asked = Signal(int)
    remove_asked = Signal(int)
    report_asked = Signal(object)

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
        self.cards = [self._card(row) for row in self._rows[:_MOST_CARDS]]
        content = QWidget()
        content.setProperty("role", "plain")
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, SPACE_8, 0)
        column.setSpacing(SPACE_8)
        for card in self.cards:
            column.addWidget(card)
        if len(self._rows) > _MOST_CARDS:
            said = (
                f"and {counted(len(self._rows) - _MOST_CARDS, 'more file', 'more files')}; the list below has them all"
            )
            column.addWidget(text_label(said, "muted"))
        column.addStretch(1)
        self.setWidget(content)
        self.setMaximumHeight(min(_MOST_HEIGHT_PX, content.sizeHint().height() + SPACE_8))
        self.setMinimumHeight(min(120, content.sizeHint().height()))

    def _card(self, row: FileRow) -> ProblemCard:
        card = ProblemCard(self._theme, row)
        card.retry_asked.connect(self.retry_asked)
        card.recognise_asked.connect(self.recognise_asked)
        card.skip_asked.connect(self.skip_asked)
        card.remove_asked.connect(self.remove_asked)
        card.report_asked.connect(self.report_asked)
        return card


class ProblemSection(QWidget):
    """The problems under a heading that folds them away.

    Signals:
        retry_all_asked: Try all of them again.
    """

    retry_all_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.list = ProblemList(theme)
        self.heading = push_button("", "fold")
        self.heading.clicked.connect(self._fold)
        self.retry_all = push_button("Try all again", "link")
        self.retry_all.clicked.connect(self.retry_all_asked)
        head = QHBoxLayout()
        head.setSpacing(SPACE_8)
        head.addWidget(self.heading)
        head.addStretch(1)
        head.addWidget(self.retry_all)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_4)
        column.addLayout(head)
        column.addWidget(self.list)
        theme.changed.connect(self._show_fold)
        self._show_fold()
        self.hide()

    @property
    def cards(self) -> list[ProblemCard]:
        return self.list.cards

    def show_problems(self, rows: Sequence[FileRow]) -> None:
        """Show these, or nothing."""
        self.heading.setText(f"{counted(len(rows), 'file')} could not be read, or only in part")
        self.retry_all.setVisible(sum(1 for row in rows if row.state == "failed") > 1)
        self.list.show_problems(rows)
        self.setVisible(bool(rows))

    def _fold(self) -> None:
        self.list.setVisible(self.list.isHidden())
        self._show_fold()

    def _show_fold(self) -> None:
        folded = self.list.isHidden()
        icon = "chevron-right" if folded else "chevron-down"
        self.heading.setIcon(self._theme.icon(icon, colour=self._theme.palette.muted))
        self.heading.setToolTip("Show them" if folded else "Hide them")
