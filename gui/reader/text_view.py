"""A page or a document as its text, with the passage marked and brought into sight."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QTextEdit, QWidget

from gui.theme.theme import Theme
from gui.theme.tokens import FONT_READING_PX, SPACE_24

Span = tuple[int, int]


_LONGEST_LINE = 4_000
"""A line of 200,000 characters takes Qt a third of a second to lay out; in parts of this length, a tenth of that."""
_LINE = re.compile(rf"[^\n]{{{_LONGEST_LINE},}}")


def document_offset(text: str, offset: int, breaks: Sequence[int] = ()) -> int:
    """Return where a character of `text` stands in a Qt document, which counts UTF-16 units and joins line ends.

    `breaks` are the offsets in `text` before which a line end was put in for the eye, as `soft_breaks` gives them.
    """
    before = text[:offset].replace("\r\n", "\n")
    return len(before.encode("utf-16-le")) // 2 + bisect_right(breaks, offset)


def soft_breaks(text: str) -> list[int]:
    """Return where lines that are too long to lay out at once are to be broken: behind a space, where there is one."""
    breaks: list[int] = []
    for line in _LINE.finditer(text):
        start = line.start()
        while line.end() - start > _LONGEST_LINE:
            space = text.rfind(" ", start + _LONGEST_LINE // 2, start + _LONGEST_LINE)
            start = space + 1 if space > 0 else start + _LONGEST_LINE
            breaks.append(start)
    return breaks


def _broken(text: str, breaks: Sequence[int]) -> str:
    edges = [0, *breaks, len(text)]
    return "\n".join(text[start:end] for start, end in pairwise(edges))


class TextView(QPlainTextEdit):
    """Read-only text with marks."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._text = ""
        self._breaks: list[int] = []
        self._spans: tuple[Span | None, Span | None] = (None, None)
        self.setReadOnly(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setProperty("role", "reading")
        self.setAccessibleName("Text of the document")
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        font = QFont(theme.font)
        font.setPixelSize(FONT_READING_PX)
        self.setFont(font)
        self.document().setDocumentMargin(SPACE_24)
        theme.changed.connect(self._paint_marks)

    def open(self, text: str, *, is_code: bool = False) -> None:
        """Show a text from its beginning."""
        self._text = text
        self._spans = (None, None)
        font = QFont(self._theme.code_family) if is_code else QFont(self._theme.font)
        font.setPixelSize(FONT_READING_PX - (1 if is_code else 0))
        self.setFont(font)
        self._breaks = soft_breaks(text)
        self.setPlainText(_broken(text, self._breaks))
        self.setExtraSelections([])

    def mark(self, passage: Span | None, cited: Span | None) -> None:
        """Mark a passage and in it the cited sentence, and bring the latter into the upper third."""
        self._spans = (passage, cited)
        self._paint_marks()
        target = cited or passage
        if target is not None:
            self._bring_up(document_offset(self._text, target[0], self._breaks))

    @property
    def position(self) -> float:
        """The share of the text above the view."""
        bar = self.verticalScrollBar()
        return bar.value() / bar.maximum() if bar.maximum() else 0.0

    def go_to_position(self, position: float) -> None:
        bar = self.verticalScrollBar()
        bar.setValue(round(position * bar.maximum()))

    def _bring_up(self, offset: int) -> None:
        cursor = QTextCursor(self.document())
        cursor.setPosition(min(offset, max(0, self.document().characterCount() - 1)))
        self.setTextCursor(cursor)
        self.centerCursor()
        visible_lines = self.viewport().height() // max(1, self.fontMetrics().lineSpacing())
        bar = self.verticalScrollBar()
        bar.setValue(min(bar.maximum(), bar.value() + visible_lines // 6))

    def _paint_marks(self) -> None:
        passage, cited = self._spans
        colours = (self._theme.palette.mark, self._theme.palette.cited)
        made = [self._mark(span, colour) for span, colour in zip((passage, cited), colours, strict=True) if span]
        self.setExtraSelections(made)

    def _mark(self, span: Span, colour: str) -> QTextEdit.ExtraSelection:
        selection = QTextEdit.ExtraSelection()
        cursor = QTextCursor(self.document())
        last = max(0, self.document().characterCount() - 1)
        cursor.setPosition(min(document_offset(self._text, span[0], self._breaks), last))
        cursor.setPosition(
            min(document_offset(self._text, span[1], self._breaks), last), QTextCursor.MoveMode.KeepAnchor
        )
        look = QTextCharFormat()
        look.setBackground(QColor(colour))
        look.setForeground(QColor(self._theme.palette.ink))
        selection.cursor = cursor
        selection.format = look
        return selection
