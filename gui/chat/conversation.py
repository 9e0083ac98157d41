"""The conversation: turns from top to bottom at a readable width; grows at its foot without moving what is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from gui.chat.messages import AnswerView, QuestionView
from gui.errors import Notice
from gui.theme.theme import Theme
from gui.theme.tokens import (
    FONT_READING_PX,
    MEASURE_CHARACTERS,
    SPACE_12,
    SPACE_16,
    SPACE_24,
)
from gui.widgets.buttons import IconButton, push_button

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.api import ChatMessage

_AT_ONCE = 20
"""Turns that are built when a chat is opened; earlier ones are a click away."""
_NEAR_END_PX = 24


def measure_px() -> int:
    """Return the width of a line of the conversation that is comfortable to read."""
    return round(MEASURE_CHARACTERS * FONT_READING_PX * 0.52)


class ConversationView(QScrollArea):
    """Shows a chat's turns.

    Signals:
        passage_opened: The `RankedPassage` of a card.
        citation_opened: An `AnswerView` and the number of one of its citations.
        regenerate_asked: Answer the last question again.
        remedy_asked: The name of what to do about a problem.
    """

    passage_opened = Signal(object, object)
    citation_opened = Signal(object, int)
    regenerate_asked = Signal()
    remedy_asked = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._follows = True
        self._earlier: list[ChatMessage] = []
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Conversation")
        self._column = self._build_column()
        self.latest = IconButton(theme, "arrow-down", "Go to the latest words", role="latest", parent=self)
        self.latest.setText("latest")
        self.latest.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.latest.clicked.connect(self.go_to_end)
        self.latest.hide()
        self.verticalScrollBar().rangeChanged.connect(self._range_changed)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)

    def _build_column(self) -> QVBoxLayout:
        content = QWidget()
        content.setProperty("role", "plain")
        inner = QWidget()
        inner.setMaximumWidth(measure_px() + 2 * SPACE_24)
        column = QVBoxLayout(inner)
        column.setContentsMargins(SPACE_24, SPACE_24, SPACE_24, SPACE_24)
        column.setSpacing(SPACE_16)
        column.addStretch(1)
        row = QHBoxLayout(content)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(inner, 100)
        row.addStretch(1)
        self.setWidget(content)
        return column

    # --- Turns --------------------------------------------------------------------------------------------------------

    def show_messages(self, messages: Sequence[ChatMessage]) -> None:
        """Show a chat from its stored turns, from its end."""
        self.clear()
        self._earlier = list(messages[:-_AT_ONCE])
        if self._earlier:
            self._offer_earlier()
        for message in messages[-_AT_ONCE:]:
            self._add_stored(message, self._column.count() - 1)
        self._mark_last()
        self.go_to_end()

    def clear(self) -> None:
        """Show nothing."""
        self._earlier = []
        while self._column.count() > 1:
            item = self._column.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._follows = True

    def add_question(self, text: str) -> None:
        """Add a question at the foot, and go there."""
        self._insert_question(text, self._column.count() - 1)
        self.go_to_end()

    def add_answer(self) -> AnswerView:
        """Add an empty answer at the foot."""
        view = self._insert_answer(self._column.count() - 1)
        self._mark_last()
        return view

    def remove_last_answer(self) -> None:
        """Take the last answer away, to be written again."""
        answers = self.answers()
        if answers:
            self._column.removeWidget(answers[-1])
            answers[-1].hide()
            answers[-1].deleteLater()

    def answers(self) -> list[AnswerView]:
        """Return the answers shown, from the top."""
        items = (self._column.itemAt(index) for index in range(self._column.count()))
        widgets = (item.widget() for item in items if item is not None)
        return [widget for widget in widgets if isinstance(widget, AnswerView)]

    def _add_stored(self, message: ChatMessage, position: int) -> None:
        if message.role == "user":
            self._insert_question(message.text, position)
            return
        view = self._insert_answer(position)
        view.show_passages(message.passages, open_strip=False)
        view.finish(message, last=False)
        if message.problem is not None:
            view.fail(Notice(message.problem.message, message.problem.remedy, message.problem.code))

    def _insert_question(self, text: str, position: int) -> None:
        self._column.insertWidget(position, QuestionView(text), 0, Qt.AlignmentFlag.AlignRight)

    def _insert_answer(self, position: int) -> AnswerView:
        view = AnswerView(self._theme)
        view.passage_opened.connect(self._open_passage)
        view.citation_opened.connect(self._open_citation)
        view.regenerate_asked.connect(self.regenerate_asked)
        view.remedy_asked.connect(self.remedy_asked)
        self._column.insertWidget(position, view)
        return view

    def _mark_last(self) -> None:
        answers = self.answers()
        for view in answers:
            view.set_last(view is answers[-1])

    def _offer_earlier(self) -> None:
        button = push_button("Show earlier turns", "link")
        button.clicked.connect(self._show_earlier)
        self._column.insertWidget(0, button, 0, Qt.AlignmentFlag.AlignHCenter)

    def _show_earlier(self) -> None:
        from_end = self.verticalScrollBar().maximum() - self.verticalScrollBar().value()
        item = self._column.takeAt(0)
        if item is not None and (button := item.widget()) is not None:
            button.deleteLater()
        batch, self._earlier = self._earlier[-_AT_ONCE:], self._earlier[:-_AT_ONCE]
        for position, message in enumerate(batch):
            self._add_stored(message, position)
        if self._earlier:
            self._offer_earlier()
        self._mark_last()
        self._follows = False
        self._column.activate()
        self.verticalScrollBar().setValue(self.verticalScrollBar().maximum() - from_end)

    def _open_passage(self, result: object) -> None:
        self.passage_opened.emit(self.sender(), result)

    def _open_citation(self, number: int) -> None:
        self.citation_opened.emit(self.sender(), number)

    # --- Scrolling ----------------------------------------------------------------------------------------------------

    def go_to_end(self) -> None:
        """Show the newest words, and follow them."""
        self._follows = True
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum())
        self.latest.hide()

    def _range_changed(self, _minimum: int, maximum: int) -> None:
        if self._follows:
            self.verticalScrollBar().setValue(maximum)
        else:
            self._show_latest()

    def _scrolled(self, value: int) -> None:
        self._follows = value >= self.verticalScrollBar().maximum() - _NEAR_END_PX
        self._show_latest()

    def _show_latest(self) -> None:
        self.latest.setVisible(not self._follows)
        self._place_latest()

    def _place_latest(self) -> None:
        size = self.latest.sizeHint()
        self.latest.setGeometry(
            (self.width() - size.width()) // 2, self.height() - size.height() - SPACE_12, size.width(), size.height()
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_latest()
