"""The chat room: the head with title and model, the conversation or what stands in its place, the composer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from gui.chat.composer import Composer
from gui.chat.conversation import ConversationView, measure_px
from gui.theme.theme import Theme
from gui.theme.tokens import SPACE_4, SPACE_8, SPACE_12, SPACE_16, SPACE_24
from gui.widgets.bar import Bar
from gui.widgets.buttons import IconButton, push_button
from gui.widgets.labels import ElidedLabel, text_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gui.models.menu import ModelButton


class Welcome(QWidget):
    """What an empty chat shows: one sentence, one button, and questions that can be asked.

    Signals:
        question_chosen: A suggested question.
        retry_asked: Try again to open the data folder.
    """

    question_chosen = Signal(str)
    retry_asked = Signal()

    def __init__(self, add_folder: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heading = text_label("Ask your documents", "heading")
        self.sentence = text_label("", "muted", wrap=True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.button = push_button("Add a folder", "primary")
        self.button.clicked.connect(add_folder.trigger)
        self.retry = push_button("Try again", "primary")
        self.retry.clicked.connect(self.retry_asked)
        self.retry.hide()
        self._suggestions = QVBoxLayout()
        self._suggestions.setSpacing(SPACE_8)
        inner = QWidget()
        inner.setMaximumWidth(460)
        column = QVBoxLayout(inner)
        column.setSpacing(SPACE_12)
        column.addWidget(self.heading, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.sentence)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.retry, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(SPACE_16)
        column.addLayout(self._suggestions)
        layout = QVBoxLayout(self)
        layout.addStretch(1)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(inner, 100)
        row.addStretch(1)
        layout.addLayout(row)
        layout.addStretch(1)

    def set_ready(self) -> None:
        """Say that documents can be asked, after a problem is solved."""
        self.heading.setText("Ask your documents")
        self.button.show()
        self.retry.hide()

    def show_state(self, sentence: str, questions: Sequence[str] = ()) -> None:
        self.sentence.setText(sentence)
        while (item := self._suggestions.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for question in questions:
            button = push_button(question, "suggestion")
            button.clicked.connect(self._choose)
            self._suggestions.addWidget(button)

    def show_problem(self, message: str, remedy: str) -> None:
        """Say why nothing can be asked."""
        self.heading.setText("Carrel could not open its data")
        self.button.hide()
        self.retry.show()
        self.show_state(f"{message} {remedy}")

    def _choose(self) -> None:
        button = self.sender()
        if button is not None:
            self.question_chosen.emit(str(button.property("text")))


class ChatPage(QWidget):
    """The room in which questions are asked."""

    def __init__(self, theme: Theme, actions: dict[str, QAction], model: ModelButton) -> None:
        super().__init__()
        self.setProperty("role", "pane")
        self.title = ElidedLabel("", "title", mode=Qt.TextElideMode.ElideRight)
        self.model = model
        self.more = self._build_more(theme, actions)
        self.reader_button = IconButton(theme, "panel-right", "Show or hide the reader")
        self.reader_button.follow(actions["toggle_reader"])
        self.reader_button.setCheckable(True)
        self.conversation = ConversationView(theme)
        self.welcome = Welcome(actions["add_folder"])
        self.stack = QStackedWidget()
        self.stack.addWidget(self.welcome)
        self.stack.addWidget(self.conversation)
        self.composer = Composer(theme, actions["add_files"])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._build_bar())
        layout.addWidget(self.stack, 1)
        layout.addLayout(self._build_foot())

    def show_conversation(self, shown: bool) -> None:
        """Show the conversation, or the welcome in its place."""
        self.stack.setCurrentWidget(self.conversation if shown else self.welcome)

    def _build_bar(self) -> QWidget:
        bar = Bar()
        bar.row.addWidget(self.title, 1)
        bar.row.addWidget(self.model)
        bar.row.addWidget(self.more)
        bar.row.addWidget(self.reader_button)
        return bar

    def _build_more(self, theme: Theme, actions: dict[str, QAction]) -> QToolButton:
        more = IconButton(theme, "ellipsis", "More")
        menu = QMenu(more)
        menu.addAction(actions["rename_chat"])
        menu.addAction(actions["delete_chat"])
        menu.addSeparator()
        menu.addAction(actions["about"])
        more.setMenu(menu)
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        return more

    def _build_foot(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(SPACE_24, SPACE_4, SPACE_24, SPACE_16)
        self.composer.setMaximumWidth(measure_px())
        row.addStretch(1)
        row.addWidget(self.composer, 100)
        row.addStretch(1)
        return row
