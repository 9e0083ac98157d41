"""A document's pages as pictures: drawn when they come into sight, with marks multiplied onto the paper."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from gui.reader.page_layout import GAP_PX, PageLayout
from gui.theme.theme import Theme
from gui.theme.tokens import LIGHT, PAGE_CITED, PAGE_MARK, PAGE_PAPER

Rectangle = tuple[float, float, float, float]
_KEPT_BYTES = 96_000_000
_SETTLE_MS = 60
ZOOMS = (0.5, 0.67, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0)


@dataclass(frozen=True)
class PageMarks:
    """What is marked on a page, in points from its top left: the passage, and in it the cited sentence."""

    page_index: int
    passage: tuple[Rectangle, ...] = ()
    cited: tuple[Rectangle, ...] = ()


class PagesView(QAbstractScrollArea):
    """Shows pages one under the other.

    Signals:
        page_needed: Index and scale (1 is 72 dots an inch) of a page to be drawn.
        page_changed: Index of the page that is read now.
        zoom_changed: The zoom, 1 is 100 %.
    """

    page_needed = Signal(int, float)
    page_changed = Signal(int)
    zoom_changed = Signal(float)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.pages = PageLayout()
        self._pictures: OrderedDict[int, tuple[float, QImage]] = OrderedDict()
        self._asked: dict[int, float] = {}
        self._failed: dict[int, str] = {}
        self._marks: PageMarks | None = None
        self._fits_width = True
        self._page = 0
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Pages")
        self.verticalScrollBar().valueChanged.connect(self._moved)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._ask_for_pages)
        theme.changed.connect(self._tint)
        self._tint()

    # --- Document -----------------------------------------------------------------------------------------------------

    def open(self, count: int, first_size: tuple[float, float]) -> None:
        """Show a document of so many pages; the size of the first one stands for all until they are known."""
        self._pictures.clear()
        self._asked.clear()
        self._failed.clear()
        self._marks = None
        self._page = 0
        self.pages.reset(count, first_size)
        self.verticalScrollBar().setValue(0)
        self._relayout()

    def set_picture(self, index: int, scale: float, image: QImage) -> None:
        """Show a page that was drawn."""
        if not 0 <= index < len(self.pages.sizes):
            return
        self._asked.pop(index, None)
        self._pictures[index] = (scale, image)
        self._pictures.move_to_end(index)
        size = (image.width() / scale, image.height() / scale)
        if abs(size[0] - self.pages.sizes[index][0]) > 1.5 or abs(size[1] - self.pages.sizes[index][1]) > 1.5:
            self._resize_page(index, size)
        self._forget_far_pages()
        self.viewport().update()

    def set_failed(self, index: int, why: str) -> None:
        """Say why a page cannot be shown."""
        self._asked.pop(index, None)
        self._failed[index] = why
        self.viewport().update()

    def set_marks(self, marks: PageMarks | None) -> None:
        """Mark a passage."""
        self._marks = marks
        self.viewport().update()

    @property
    def page(self) -> int:
        """The page that is read now."""
        return self._page

    @property
    def position(self) -> float:
        """Where the view stands: page and the share of it that is above, as 3.25."""
        y = self.verticalScrollBar().value()
        index = self.pages.page_at(y) if self.pages.sizes else 0
        if not self.pages.sizes:
            return 0.0
        share = (y - self.pages.top_px(index)) / max(1, self.pages.size_px(index)[1])
        return index + min(max(share, 0.0), 0.999)

    def go_to_position(self, position: float) -> None:
        """Go back to where `position` was."""
        index = min(int(position), len(self.pages.sizes) - 1)
        if index >= 0:
            top = self.pages.top_px(index) + round((position - int(position)) * self.pages.size_px(index)[1])
            self.verticalScrollBar().setValue(top - (GAP_PX if position == int(position) else 0))

    def go_to(self, index: int, y_points: float | None = None) -> None:
        """Go to a page, or to a height on it, which then stands in the upper third."""
        if not 0 <= index < len(self.pages.sizes):
            return
        top = self.pages.top_px(index)
        if y_points is None:
            self.verticalScrollBar().setValue(top - GAP_PX)
        else:
            third = round(top + y_points * self.pages.scale - self.viewport().height() / 3)
            self.verticalScrollBar().setValue(max(top - GAP_PX, third))
        self._set_page(index)
        self._settle.start()

    # --- Zoom ---------------------------------------------------------------------------------------------------------

    @property
    def zoom(self) -> float:
        return self.pages.zoom

    def fit_width(self) -> None:
        """Make the pages as wide as the view, now and when it is resized."""
        self._fits_width = True
        self._relayout()

    def zoom_by(self, steps: int) -> None:
        """Go to the next larger or smaller zoom."""
        larger = [zoom for zoom in ZOOMS if zoom > self.zoom + 0.01]
        smaller = [zoom for zoom in ZOOMS if zoom < self.zoom - 0.01]
        if steps > 0 and larger:
            self.set_zoom(larger[0])
        elif steps < 0 and smaller:
            self.set_zoom(smaller[-1])

    def set_zoom(self, zoom: float) -> None:
        self._fits_width = False
        self.pages.zoom = min(max(zoom, ZOOMS[0]), ZOOMS[-1])
        self._relayout()

    # --- Lay-out ------------------------------------------------------------------------------------------------------

    def _relayout(self) -> None:
        position = self.position
        if self._fits_width:
            self.pages.zoom = min(ZOOMS[-1], self.pages.zoom_to_width(self.viewport().width()))
        self._set_ranges()
        self.go_to_position(position)
        self.zoom_changed.emit(self.zoom)
        self._settle.start()
        self.viewport().update()

    def _set_ranges(self) -> None:
        vertical, horizontal = self.verticalScrollBar(), self.horizontalScrollBar()
        view = self.viewport().size()
        vertical.setRange(0, max(0, self.pages.height_px() - view.height()))
        vertical.setPageStep(view.height())
        vertical.setSingleStep(48)
        too_wide = 0 if self._fits_width else self.pages.width_px() - view.width()
        horizontal.setRange(0, max(0, too_wide))
        horizontal.setPageStep(view.width())
        if too_wide > 0:
            horizontal.setValue(too_wide // 2)

    def _resize_page(self, index: int, size: tuple[float, float]) -> None:
        position = self.position
        self.pages.sizes[index] = size
        self._set_ranges()
        if index < int(position):
            self.go_to_position(position)

    def _page_rect(self, index: int) -> QRect:
        width, height = self.pages.size_px(index)
        view_width = max(self.viewport().width(), self.pages.width_px())
        if self._fits_width:
            view_width = self.viewport().width()
        left = (view_width - width) // 2 - self.horizontalScrollBar().value()
        return QRect(left, self.pages.top_px(index) - self.verticalScrollBar().value(), width, height)

    def _visible_pages(self) -> range:
        if not self.pages.sizes:
            return range(0)
        top = self.verticalScrollBar().value()
        return range(self.pages.page_at(top), self.pages.page_at(top + self.viewport().height()) + 1)

    # --- Pictures -----------------------------------------------------------------------------------------------------

    def _ask_for_pages(self) -> None:
        if not self.isVisible():
            return
        scale = round(self.pages.scale * self.devicePixelRatioF(), 3)
        visible = self._visible_pages()
        wanted = [*visible, visible.stop, visible.start - 1]
        for index in wanted:
            if not 0 <= index < len(self.pages.sizes) or index in self._failed:
                continue
            drawn = self._pictures.get(index)
            if (drawn is None or drawn[0] != scale) and self._asked.get(index) != scale:
                self._asked[index] = scale
                self.page_needed.emit(index, scale)

    def _forget_far_pages(self) -> None:
        visible = self._visible_pages()
        while sum(image.sizeInBytes() for _scale, image in self._pictures.values()) > _KEPT_BYTES:
            far = next((index for index in self._pictures if index not in visible), None)
            if far is None:
                return
            del self._pictures[far]

    def _moved(self) -> None:
        if self.pages.sizes:
            middle = self.verticalScrollBar().value() + self.viewport().height() // 3
            self._set_page(self.pages.page_at(middle))
        self._settle.start()
        self.viewport().update()

    def _set_page(self, index: int) -> None:
        if index != self._page:
            self._page = index
            self.page_changed.emit(index)

    # --- Qt -----------------------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for index in self._visible_pages():
            area = self._page_rect(index)
            painter.fillRect(area, QColor(PAGE_PAPER))
            drawn = self._pictures.get(index)
            if drawn is not None:
                painter.drawImage(area, drawn[1])
            elif index in self._failed:
                self._paint_failure(painter, area, self._failed[index])
            if self._marks is not None and self._marks.page_index == index:
                self._paint_marks(painter, area.topLeft(), self._marks)
            painter.setPen(QColor(self._theme.palette.hairline))
            painter.drawRect(area.adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_marks(self, painter: QPainter, origin: QPoint, marks: PageMarks) -> None:
        cited = self._area(marks.cited, origin)
        painter.save()
        # Multiplied, as a marker pen does on paper: the ink stays as dark as it was.
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Multiply)
        painter.fillPath(self._area(marks.passage, origin).subtracted(cited), QColor(PAGE_MARK))
        painter.fillPath(cited, QColor(PAGE_CITED))
        painter.restore()

    def _area(self, rectangles: Sequence[Rectangle], origin: QPoint) -> QPainterPath:
        """Return the rectangles as one area, so that where lines overlap nothing is marked twice."""
        scale, path = self.pages.scale, QPainterPath()
        for left, top, right, bottom in rectangles:
            line = QPainterPath()
            size = ((right - left) * scale + 2, (bottom - top) * scale + 2)
            line.addRect(QRectF(left * scale - 1, top * scale - 1, *size).translated(origin))
            path = path.united(line)
        return path

    def _paint_failure(self, painter: QPainter, area: QRect, why: str) -> None:
        painter.setPen(QColor(LIGHT.error))
        painter.drawText(area.adjusted(32, 32, -32, -32), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, why)

    def _tint(self) -> None:
        palette = self.viewport().palette()
        palette.setColor(QPalette.ColorRole.Window, QColor(self._theme.palette.hover))
        self.viewport().setPalette(palette)
        self.viewport().setAutoFillBackground(True)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._relayout()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._settle.start()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_by(1 if event.angleDelta().y() > 0 else -1)
        else:
            super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Plus: 1, Qt.Key.Key_Equal: 1, Qt.Key.Key_Minus: -1}
        if event.key() in steps:
            self.zoom_by(steps[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_Home:
            self.verticalScrollBar().setValue(0)
        elif event.key() == Qt.Key.Key_End:
            self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())
        else:
            super().keyPressEvent(event)
