"""The message bar: what happened, to what, and a button for what to do about it; and Undo for ten seconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from gui.theme.theme import Theme
from gui.theme.tokens import MESSAGE_MS, SPACE_8, SPACE_12, UNDO_MS
from gui.widgets.buttons import IconButton, push_button
from gui.widgets.icon_label import IconLabel
from gui.widgets.labels import text_label

_ICONS = {
    "info": ("info", "muted"),
    "good": ("circle-check", "good"),
    "warning": ("triangle-alert", "warning"),
    "error": ("circle-alert", "error"),
}


@dataclass(frozen=True)
class Message:
    """One message. `kind` is info, good, warning or error; errors stay until they are closed."""

    text: str
    kind: str = "info"
    button: str = ""
    on_button: Callable[[], None] | None = None
    on_gone: Callable[[], None] | None = None
    lasts_ms: int | None = None


class MessageBar(QFrame):
    """Floats at the foot of the window and shows one message at a time. GUI thread only."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "message")
        self._message: Message | None = None
        self._icon = IconLabel(theme, "info")
        self.label = text_label(wrap=True)
        self.label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.button: QPushButton = push_button("", "link")
        self.button.clicked.connect(self._pressed)
        self.close_button = IconButton(theme, "x", "Dismiss this message")
        self.close_button.clicked.connect(self.dismiss)
        layout = self._layout = QHBoxLayout(self)
        layout.setContentsMargins(SPACE_12, SPACE_8, SPACE_8, SPACE_8)
        layout.setSpacing(SPACE_8)
        for widget in (self._icon, self.label, self.button, self.close_button):
            layout.addWidget(widget)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.dismiss)
        self.hide()

    def show_message(self, message: Message) -> None:
        """Show a message in place of the one before."""
        self.dismiss()
        self._message = message
        self._icon.set_icon(*_ICONS[message.kind])
        self.label.setText(message.text)
        self.setAccessibleName(message.text)
        self.button.setText(message.button)
        self.button.setAccessibleName(message.button)
        self.button.setVisible(bool(message.button))
        lasts_ms = message.lasts_ms if message.lasts_ms is not None else _default_ms(message)
        if lasts_ms:
            self._timer.start(lasts_ms)
        self.show()
        self.place()

    def offer_undo(self, text: str, commit: Callable[[], None], undo: Callable[[], None]) -> None:
        """Say what was done, and call `undo` if asked within ten seconds, else `commit`."""
        self.show_message(Message(text, button="Undo", on_button=undo, on_gone=commit, lasts_ms=UNDO_MS))

    def dismiss(self) -> None:
        """Take the message away; what it offered to undo is done for good."""
        self._timer.stop()
        message, self._message = self._message, None
        self.hide()
        if message is not None and message.on_gone is not None:
            message.on_gone()

    def place(self) -> None:
        """Sit at the foot of the window, in its middle."""
        parent = self.parentWidget()
        if parent is None or not self.isVisible():
            return
        width = min(parent.width() - 2 * SPACE_12, 640)
        self.setFixedWidth(width)
        height = max(self._layout.heightForWidth(width), self.sizeHint().height())
        self.setGeometry((parent.width() - width) // 2, parent.height() - height - 116, width, height)
        self.raise_()

    def _pressed(self) -> None:
        message, self._message = self._message, None
        self._timer.stop()
        self.hide()
        if message is not None and message.on_button is not None:
            message.on_button()


def _default_ms(message: Message) -> int:
    return 0 if message.kind in ("error", "warning") or message.button else MESSAGE_MS
