"""Where questions are written: grows with the text, says what is asked, sends and stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import QAction, QFocusEvent, QFont, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QPlainTextEdit, QToolButton, QVBoxLayout, QWidget

from gui.theme.theme import Theme
from gui.theme.tokens import FONT_READING_PX, SPACE_4, SPACE_8, SPACE_12
from gui.widgets.buttons import IconButton
from gui.widgets.labels import ElidedLabel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.api import Collection

_MOST_LINES = 8


class QuestionEdit(QPlainTextEdit):
    """Text that sends itself on Enter; Shift+Enter makes a line.

    Signals:
        submitted: Enter was pressed.
        focused: It got or lost the focus.
    """

    submitted = Signal()
    focused = Signal(bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "composer-text")
        font = QFont(theme.font)
        font.setPixelSize(FONT_READING_PX)
        self.setFont(font)
        self.setPlaceholderText("Ask your documents…")
        self.setAccessibleName("Your question")
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(SPACE_4)
        self.textChanged.connect(self._fit)
        self._fit()

    def _fit(self) -> None:
        lines = max(1, min(_MOST_LINES, round(self.document().size().height())))
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + 2 * SPACE_4 + 2)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.submitted.emit()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focused.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.focused.emit(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        # Files are for the window, which adds them to a collection; here only text is welcome.
        return source.hasText() and not source.hasUrls()


class Composer(QFrame):
    """The question box with its row of buttons.

    Signals:
        sent: The question.
        stopped: Stop the answer.
        collection_toggled: A collection's id, and whether it shall be asked.
        draft_changed: The text changed.
    """

    sent = Signal(str)
    stopped = Signal()
    collection_toggled = Signal(int, bool)
    draft_changed = Signal(str)

    def __init__(self, theme: Theme, add_files: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._answering = False
        self._ready = False
        self._waiting = False
        self.setProperty("role", "composer")
        self.edit = QuestionEdit(theme)
        self.edit.submitted.connect(self.send)
        self.edit.focused.connect(self._show_focus)
        self.edit.textChanged.connect(self._text_changed)
        self.scope = QToolButton()
        self.scope.setProperty("role", "text")
        self.scope.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.scope.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.scope.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.scope.setToolTip("Choose which collections are asked")
        self.scope.setMenu(QMenu(self.scope))
        self.attach = IconButton(theme, "paperclip", "Add files", colour="muted")
        self.attach.follow(add_files)
        self.send_button = IconButton(theme, "arrow-up", "Send the question", role="send", colour="on_accent")
        self.send_button.clicked.connect(self._press)
        self.hint = ElidedLabel("", "small", mode=Qt.TextElideMode.ElideRight)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignRight)
        row = QHBoxLayout()
        row.setSpacing(SPACE_4)
        row.addWidget(self.scope)
        row.addWidget(self.hint, 1)
        row.addWidget(self.attach)
        row.addWidget(self.send_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_12, SPACE_8, SPACE_8, SPACE_8)
        layout.setSpacing(SPACE_4)
        layout.addWidget(self.edit)
        layout.addLayout(row)
        self.setFocusProxy(self.edit)
        theme.changed.connect(self._tint)
        self.set_collections((), ())
        self._tint()
        self._update_send()

    # --- What it shows ------------------------------------------------------------------------------------------------

    def set_ready(self, ready: bool) -> None:
        """Say whether questions can be answered yet; writing one is possible before, and it is sent when they can."""
        self._ready = ready
        self._update_send()
        if ready and self._waiting:
            self.send()

    def set_answering(self, answering: bool) -> None:
        """Offer to stop instead of to send."""
        self._answering = answering
        icon, name = ("square", "Stop the answer") if answering else ("arrow-up", "Send the question")
        self.send_button.set_icon(icon, name)
        self._update_send()

    def set_collections(self, collections: Sequence[Collection], attached: Sequence[int]) -> None:
        """Show which collections are asked, and offer the others."""
        menu = self.scope.menu()
        menu.clear()
        for collection in collections:
            action = menu.addAction(collection.name)
            action.setCheckable(True)
            action.setChecked(collection.id in attached)
            action.setData(collection.id)
            action.toggled.connect(self._toggle)
        names = [each.name for each in collections if each.id in attached]
        said = _scope_text(names, bool(collections))
        self.scope.setText(f" {said}")
        self.scope.setAccessibleName(f"Collections asked: {said}")
        self.scope.setEnabled(bool(collections))

    def set_draft(self, text: str) -> None:
        """Put a question into the box, ready to send."""
        if text != self.edit.toPlainText():
            self.edit.setPlainText(text)
            cursor = self.edit.textCursor()
            cursor.movePosition(cursor.MoveOperation.End)
            self.edit.setTextCursor(cursor)

    def send(self) -> None:
        """Send what is written, unless an answer is being written or there is nothing."""
        text = self.edit.toPlainText()
        if self._answering or not text.strip():
            return
        self._wait(not self._ready)
        if self._ready:
            self.edit.clear()
            self.sent.emit(text)

    def _wait(self, waiting: bool) -> None:
        self._waiting = waiting
        self.hint.set_text("Sent as soon as the documents are read" if waiting else "")

    # --- Slots --------------------------------------------------------------------------------------------------------

    def _press(self) -> None:
        if self._answering:
            self.stopped.emit()
        else:
            self.send()

    def _toggle(self, checked: bool) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.collection_toggled.emit(int(action.data()), checked)

    def _text_changed(self) -> None:
        self._wait(False)
        self._update_send()
        self.draft_changed.emit(self.edit.toPlainText())

    def _update_send(self) -> None:
        written = bool(self.edit.toPlainText().strip())
        self.send_button.setEnabled(self._answering or written)

    def _show_focus(self, focused: bool) -> None:
        self.setProperty("active", "true" if focused else "false")
        self.style().unpolish(self)
        self.style().polish(self)

    def _tint(self) -> None:
        self.scope.setIcon(self._theme.icon("layers", colour=self._theme.palette.muted))


def _scope_text(names: Sequence[str], any_collection: bool) -> str:
    if not any_collection:
        return "No documents yet"
    if not names:
        return "No collection chosen"
    if len(names) <= 2:
        return ", ".join(names)
    return f"{names[0]} and {len(names) - 1} more"
