"""How failures are shown: known ones in plain words with a button, anything else as a report that can be sent.

The core raises facts; each `KnownError` brings its message and remedy, and here the remedy gets the button that does
it, where the window has one.
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass

from PySide6.QtCore import QLibraryInfo
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPlainTextEdit, QVBoxLayout, QWidget

from gui.theme.tokens import SPACE_12, SPACE_24
from gui.widgets.labels import text_label

REMEDY_ACTIONS = {
    "document_encrypted": "password",
    "document_wrong_password": "password",
    "document_scanned": "recognise",
    "document_scanned_pages": "recognise",
    "document_damaged": "retry",
    "document_damaged_pages": "retry",
    "document_limits": "retry",
    "file_unreadable": "retry",
    "disk_full": "retry",
    "model_not_gguf": "choose_model",
    "model_damaged": "choose_model",
    "model_architecture_unknown": "choose_model",
    "model_too_large": "choose_model",
    "model_crashed": "choose_model",
    "model_not_found": "choose_model",
    "model_checksum": "choose_model",
    "model": "choose_model",
}
"""What the window can do about an error, by its code."""

FILE_ACTIONS = ("password", "recognise", "retry")
"""Those that the library has a button for."""

ACTION_WORDS = {
    "password": "Enter password",
    "recognise": "Run OCR",
    "retry": "Try again",
    "choose_model": "Choose another model",
}


@dataclass(frozen=True)
class Notice:
    """A failure in words. `action` names what a button can do about it, or is empty."""

    message: str
    remedy: str
    code: str = ""

    @property
    def action(self) -> str:
        return REMEDY_ACTIONS.get(self.code, "")

    @property
    def text(self) -> str:
        return f"{self.message} {self.remedy}".strip()


def notice_of(error: BaseException) -> Notice | None:
    """Return the words for a known error, or None for a bug of ours."""
    message, remedy = getattr(error, "message", None), getattr(error, "remedy", None)
    if isinstance(message, str) and isinstance(remedy, str):
        return Notice(message, remedy, str(getattr(error, "code", "")))
    return None


class LogTail(logging.Handler):
    """Keeps the last lines of the log for a report; any thread."""

    def __init__(self, lines: int = 200) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        self._lines: deque[str] = deque(maxlen=lines)

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record))

    def text(self) -> str:
        return "\n".join(self._lines)


def report_text(error: BaseException, log: str) -> str:
    """Return what a developer needs to know about a bug; it names no document and no question."""
    # Imported where they are needed: a window that starts has no use for them.
    import platform
    import traceback

    qt = QLibraryInfo.version().toString()
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}, Qt {qt}"
    trace = "".join(traceback.format_exception(error))
    return f"{system}\n\n{trace}\n{log}".strip()


class ReportDialog(QDialog):
    """Says that the program made a mistake, and lets the details be copied."""

    def __init__(self, error: BaseException, log: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Something went wrong in Carrel")
        self.resize(640, 420)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_24, SPACE_24, SPACE_24, SPACE_24)
        layout.setSpacing(SPACE_12)
        layout.addWidget(text_label("Carrel made a mistake", "heading"))
        said = "Your documents and chats are safe. Copy the report and send it to the makers, so that it can be mended."
        layout.addWidget(text_label(said, wrap=True))
        self.details = QPlainTextEdit(report_text(error, log))
        self.details.setReadOnly(True)
        self.details.setProperty("role", "report")
        self.details.setAccessibleName("Report")
        layout.addWidget(self.details, 1)
        layout.addWidget(self._buttons())

    def _buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox()
        copy = buttons.addButton("Copy the report", QDialogButtonBox.ButtonRole.ActionRole)
        copy.clicked.connect(self._copy)
        close = buttons.addButton("Close", QDialogButtonBox.ButtonRole.RejectRole)
        close.clicked.connect(self.reject)
        return buttons

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.details.toPlainText())
