"""The map of a document's pages: one tile each, painted, so that thousands of them stay smooth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.library.map_layout import LINE_PX, Group, MapLayout
from gui.library.page_kinds import is_doubtful, page_words, paint_tile, tile_font
from gui.theme.theme import Theme
from gui.theme.tokens import FONT_SMALL_PX, SPACE_8, TILE_GAP_PX, TILE_PX, TILE_RADIUS
from gui.wording import counted, way

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rag.api import PageReport

_EDGE_PX = 2
"""Room around the tiles for the frame of the current one."""


class PageMap(QWidget):
    """Shows the pages of a `DocumentReport`; the arrow keys move from tile to tile.

    Signals:
        current_changed: The page (`PageReport`) that the keyboard stands on, with the area of its tile.
        opened: The page to show in the reader.
    """

    current_changed = Signal(object, QRect)
    opened = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._pages: tuple[PageReport, ...] = ()
        self._layout = MapLayout()
        self._current = -1
        self._hovered = -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName("Map of the pages")
        theme.changed.connect(self.update)

    def set_pages(self, pages: Sequence[PageReport]) -> None:
        """Show these pages; the current one stays where it is."""
        if tuple(pages) == self._pages:
            return
        self._pages = tuple(pages)
        self._layout.set_pages(self._pages)
        self._current = min(self._current, len(self._pages) - 1)
        self._hovered = -1
        self._lay_out()

    def forget_current(self) -> None:
        """Stand on no page: another document is shown."""
        self._current = -1

    @property
    def current(self) -> PageReport | None:
        return self._pages[self._current] if 0 <= self._current < len(self._pages) else None

    def go_to_next(self, wanted: Callable[[PageReport], bool]) -> None:
        """Stand on the next page that is wanted, around the end."""
        count = len(self._pages)
        for step in range(1, count + 1):
            position = (self._current + step) % count
            if wanted(self._pages[position]):
                self._stand_on(position)
                self.setFocus()
                return

    def tile_area(self, position: int) -> QRect:
        """Return where a page's tile is painted."""
        return self._layout.tile(position).translated(_EDGE_PX, _EDGE_PX)

    # --- Lay-out ------------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self._layout.set_width(max(TILE_PX, self.width() - 2 * _EDGE_PX))
        self.updateGeometry()
        self.setFixedHeight(self._layout.height + 2 * _EDGE_PX)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, self._layout.height + 2 * _EDGE_PX)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._lay_out()

    # --- Painting -----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(_EDGE_PX, _EDGE_PX)
        top, bottom = event.rect().top() - _EDGE_PX, event.rect().bottom()
        signs = tile_font(self._theme.font)
        for group in self._layout.seen(top, bottom):
            self._paint_name(painter, group)
            painter.setFont(signs)
            for position in self._layout.rows_seen(group, top, bottom):
                self._paint_page(painter, position)
        painter.end()

    def _paint_page(self, painter: QPainter, position: int) -> None:
        page, palette = self._pages[position], self._theme.palette
        area = QRectF(self._layout.tile(position))
        paint_tile(painter, area, page.kind, palette, doubtful=is_doubtful(page))
        stands = position == self._current
        if not stands and position != self._hovered:
            return
        painter.setBrush(Qt.BrushStyle.NoBrush)
        colour = palette.ink if stands and self.hasFocus() else palette.muted
        painter.setPen(QPen(QColor(colour), 2 if stands else 1))
        painter.drawRoundedRect(area.adjusted(-1, -1, 1, 1), TILE_RADIUS + 1, TILE_RADIUS + 1)

    def _paint_name(self, painter: QPainter, group: Group) -> None:
        if not group.inside:
            return
        font = QFont(self._theme.font)
        font.setPixelSize(FONT_SMALL_PX)
        painter.setFont(font)
        painter.setPen(QColor(self._theme.palette.muted))
        left = TILE_PX + SPACE_8 if group.on_a_line else 0
        height = LINE_PX if group.on_a_line else group.heading_px - TILE_GAP_PX
        area = QRect(left, group.top, max(40, self.width() - 2 * _EDGE_PX - left), height)
        text = way(group.inside) if group.on_a_line else f"{way(group.inside)} · {counted(group.count, 'page')}"
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)

    # --- Keys and mouse -----------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        columns, last = self._layout.columns, len(self._pages) - 1
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -columns,
            Qt.Key.Key_Down: columns,
            Qt.Key.Key_PageUp: -columns * 10,
            Qt.Key.Key_PageDown: columns * 10,
            Qt.Key.Key_Home: -last - 1,
            Qt.Key.Key_End: last + 1,
        }
        key = Qt.Key(event.key())
        if key in steps and self._pages:
            self._stand_on(min(max(max(self._current, 0) + steps[key], 0), last) if self._current >= 0 else 0)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.current is not None:
            self.opened.emit(self.current)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        position = self._at(event)
        if event.button() == Qt.MouseButton.LeftButton and position is not None:
            self._stand_on(position)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        position = self._at(event)
        if event.button() == Qt.MouseButton.LeftButton and position is not None and position == self._current:
            self.opened.emit(self._pages[position])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        position = self._at(event)
        hovered = -1 if position is None else position
        if hovered != self._hovered:
            self._hovered = hovered
            self.setCursor(Qt.CursorShape.ArrowCursor if hovered < 0 else Qt.CursorShape.PointingHandCursor)
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hovered = -1
        self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            position = self._layout.at(event.pos().x() - _EDGE_PX, event.pos().y() - _EDGE_PX)
            if position is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), page_words(self._pages[position]), self, self.tile_area(position))
            return True
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self._current < 0 and self._pages and event.reason() != Qt.FocusReason.MouseFocusReason:
            self._stand_on(0)
        self.update()

    def _at(self, event: QMouseEvent) -> int | None:
        place = event.position().toPoint()
        return self._layout.at(place.x() - _EDGE_PX, place.y() - _EDGE_PX)

    def _stand_on(self, position: int) -> None:
        self._current = position
        page = self._pages[position]
        self.setAccessibleDescription(f"{page_words(page)}. Page {position + 1} of {len(self._pages)} on the map.")
        self.current_changed.emit(page, self.tile_area(position))
        self.update()
