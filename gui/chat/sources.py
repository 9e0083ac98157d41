"""The sources of an answer: cards of the passages that were found, before it; chips of those it cites, under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from gui.theme.tokens import CARD_HEIGHT_PX, CARD_WIDTH_PX, SPACE_4, SPACE_8, SPACE_12
from gui.widgets.buttons import push_button
from gui.widgets.flow_layout import FlowLayout
from gui.widgets.labels import ElidedLabel, text_label
from gui.widgets.lines_label import LinesLabel
from gui.wording import place, short_source, source_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.api import Citation, RankedPassage

_CHIP_CHARACTERS = 36


class PassageCard(QFrame):
    """A passage in short: its document, its page, its first words.

    Signals:
        opened: The passage (`RankedPassage`).
    """

    opened = Signal(object)

    def __init__(self, result: RankedPassage, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.result = result
        passage = result.passage
        self.setProperty("role", "card")
        self.setFixedSize(CARD_WIDTH_PX, CARD_HEIGHT_PX)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(f"Passage {result.rank}: {source_name(passage)}")
        self.setToolTip(f"{source_name(passage)}\n{passage.section}".strip())
        head = QHBoxLayout()
        head.setSpacing(SPACE_8)
        head.addWidget(ElidedLabel(short_source(passage), "title"), 1)
        head.addWidget(text_label(place(passage), "small"))
        body = LinesLabel(_first_words(passage.text, 300), "small")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_12, SPACE_8, SPACE_12, SPACE_8)
        layout.setSpacing(SPACE_4)
        layout.addLayout(head)
        layout.addWidget(body, 1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.opened.emit(self.result)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.opened.emit(self.result)
        else:
            super().keyPressEvent(event)


class PassageStrip(QScrollArea):
    """The passages found, side by side in one line of fixed height, so that the answer below never moves.

    Signals:
        opened: The passage (`RankedPassage`) whose card was chosen.
    """

    opened = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setWidgetResizable(True)
        self.setFixedHeight(CARD_HEIGHT_PX + SPACE_12)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Passages found")

    def set_passages(self, results: Sequence[RankedPassage]) -> None:
        content = QWidget()
        content.setProperty("role", "plain")
        row = QHBoxLayout(content)
        row.setContentsMargins(0, 0, 0, SPACE_12)
        row.setSpacing(SPACE_8)
        for result in results:
            card = PassageCard(result)
            card.opened.connect(self.opened)
            card.installEventFilter(self)
            row.addWidget(card)
        row.addStretch(1)
        self.setWidget(content)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusIn and isinstance(watched, QWidget):
            self.ensureWidgetVisible(watched, SPACE_8, 0)
        return super().eventFilter(watched, event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if abs(event.angleDelta().x()) > abs(event.angleDelta().y()):
            super().wheelEvent(event)
        else:
            event.ignore()


class SourceChips(QWidget):
    """The cited sources as small buttons.

    Signals:
        opened: The number of a citation.
    """

    opened = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._flow = FlowLayout(self)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName("Sources")

    def set_citations(self, citations: Sequence[Citation]) -> None:
        while self._flow.count():
            item = self._flow.takeAt(0)
            if item is not None and (widget := item.widget()) is not None:
                widget.deleteLater()
        for citation in citations:
            self._flow.addWidget(self._chip(citation))
        self.setVisible(bool(citations))

    def _chip(self, citation: Citation) -> QWidget:
        name = _middle(short_source(citation))
        where = place(citation)
        chip = push_button(f"{citation.n}   {name}" + (f", {where}" if where else ""), "chip")
        chip.setAccessibleName(f"Source {citation.n}: {source_name(citation)}")
        chip.setToolTip(f"{source_name(citation)}\n“{_first_words(citation.quote, 240)}”")
        chip.setProperty("number", citation.n)
        chip.clicked.connect(self._clicked)
        return chip

    def _clicked(self) -> None:
        chip = self.sender()
        if chip is not None:
            self.opened.emit(int(chip.property("number")))


def _first_words(text: str, characters: int = 150) -> str:
    words = " ".join(text.split())
    return words if len(words) <= characters else words[: characters - 1].rstrip() + "…"


def _middle(name: str) -> str:
    if len(name) <= _CHIP_CHARACTERS:
        return name
    half = _CHIP_CHARACTERS // 2
    return f"{name[:half]}…{name[-half:]}"
