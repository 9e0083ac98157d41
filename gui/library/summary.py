"""How a collection was read, in two lines at the top of the library: files and passages, and its pages by kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from gui.library.page_kinds import LOOKS, kind_words, paint_tile, tile_font
from gui.theme.theme import Theme
from gui.theme.tokens import FONT_SMALL_PX, SPACE_4, SPACE_8, SPACE_16, TILE_PX
from gui.widgets.labels import text_label
from gui.wording import count, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.api import Collection, CollectionReport, FileRow, PageKind

_LINE_PX = TILE_PX + SPACE_8


class CollectionSummary(QWidget):
    """Shows a `CollectionReport`."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = text_label("", "muted", wrap=True)
        self.kinds = KindLine(theme)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_4)
        column.addWidget(self.words)
        column.addWidget(self.kinds)

    def show_report(self, collection: Collection, rows: Sequence[FileRow], report: CollectionReport | None) -> None:
        """Show how far a collection is read; without a report only what its files say."""
        failed = sum(1 for row in rows if row.state == "failed")
        in_part = sum(1 for row in rows if row.problem is not None and row.state != "failed")
        ready = sum(1 for row in rows if row.state == "ready" and row.problem is None)
        parts = [f"{count(ready)} of {counted(len(rows), 'file')} ready"]
        if in_part:
            parts.append(f"{count(in_part)} read in part")
        if failed:
            parts.append(f"{count(failed)} not read")
        if report is not None:
            parts.append(counted(report.pages, "page"))
        parts.append(counted(report.passages if report is not None else collection.passages, "passage"))
        self.words.setText(" · ".join(parts))
        self.kinds.show_counts(report.pages_by_kind if report is not None else {})


class KindLine(QWidget):
    """The kinds of pages that there are beside plain text, each with its tile and number; nothing if all is text."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._counts: dict[PageKind, int] = {}
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme.changed.connect(self.update)
        self.hide()

    def show_counts(self, counts: dict[PageKind, int]) -> None:
        self._counts = {kind: counts[kind] for kind in LOOKS if counts.get(kind)}
        self.setVisible(bool(set(self._counts) - {"text"}))
        self.setAccessibleName("Pages: " + ", ".join(kind_words(*each) for each in self._counts.items()))
        self.updateGeometry()
        self.update()

    def heightForWidth(self, width: int) -> int:
        places = self._places(width)
        return (round(places[-1][1].top()) if places else 0) + TILE_PX

    def sizeHint(self) -> QSize:
        return QSize(200, self.heightForWidth(max(200, self.width())))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        words = self._font()
        for kind, area in self._places(self.width()):
            painter.setFont(tile_font(self._theme.font))
            paint_tile(painter, QRectF(area.left(), area.top(), TILE_PX, TILE_PX), kind, self._theme.palette)
            painter.setFont(words)
            painter.setPen(QColor(self._theme.palette.muted))
            text = area.adjusted(TILE_PX + SPACE_8, 0, 0, 0)
            painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, kind_words(kind, self._counts[kind]))
        painter.end()

    def _places(self, width: int) -> list[tuple[PageKind, QRectF]]:
        metrics, places = QFontMetrics(self._font()), []
        left = top = 0
        for kind, number in self._counts.items():
            taken = TILE_PX + SPACE_8 + metrics.horizontalAdvance(kind_words(kind, number)) + 1
            if left and left + taken > width:
                left, top = 0, top + _LINE_PX
            places.append((kind, QRectF(left, top, taken, TILE_PX)))
            left += taken + SPACE_16
        return places

    def _font(self) -> QFont:
        font = self.font()
        font.setPixelSize(FONT_SMALL_PX)
        return font
