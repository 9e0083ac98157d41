"""Draws the rows of the side panes' lists: headings, and names with an icon before and a figure behind."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from gui.theme.fonts import tabular
from gui.theme.theme import Theme
from gui.theme.tokens import FONT_SMALL_PX, ICON_PX, RADIUS_CONTROL, ROW_PX, SPACE_8

_Index = QModelIndex | QPersistentModelIndex
HEADING_ROLE = int(Qt.ItemDataRole.UserRole) + 100
DETAIL_ROLE = HEADING_ROLE + 1
_INSET = 6


class RowDelegate(QStyledItemDelegate):
    """Rows of one height; HEADING_ROLE marks a heading, DETAIL_ROLE is the figure at the end."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, _option: QStyleOptionViewItem, _index: _Index) -> QSize:
        return QSize(80, ROW_PX)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, _index: _Index) -> None:
        editor.setGeometry(_area(option.rect))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if index.data(HEADING_ROLE):
            self._paint_heading(painter, _rect(option), str(index.data()))
        else:
            self._paint_ground(painter, option)
            self._paint_row(painter, option, index)
        painter.restore()

    def _paint_heading(self, painter: QPainter, rect: QRect, text: str) -> None:
        painter.setFont(self._font(FONT_SMALL_PX, QFont.Weight.Medium))
        painter.setPen(QColor(self._theme.palette.muted))
        area = rect.adjusted(_INSET + SPACE_8, 0, -SPACE_8, -4)
        painter.drawText(area, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, text)

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        palette = self._theme.palette
        selected, focused = _is(option, QStyle.StateFlag.State_Selected), _is(option, QStyle.StateFlag.State_HasFocus)
        if not (selected or focused or _is(option, QStyle.StateFlag.State_MouseOver)):
            return
        painter.setPen(QColor(palette.accent) if focused else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(palette.selected if selected else palette.hover))
        painter.drawRoundedRect(_area(_rect(option)), RADIUS_CONTROL, RADIUS_CONTROL)

    def _paint_row(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        inside = _area(_rect(option)).adjusted(SPACE_8, 0, -SPACE_8, 0)
        icon = index.data(Qt.ItemDataRole.DecorationRole)
        if isinstance(icon, QIcon):
            icon.paint(painter, QRect(inside.left(), inside.center().y() - ICON_PX // 2, ICON_PX, ICON_PX))
            inside.setLeft(inside.left() + ICON_PX + SPACE_8)
        inside.setRight(inside.right() - self._paint_detail(painter, inside, index.data(DETAIL_ROLE)))
        weight = QFont.Weight.Medium if _is(option, QStyle.StateFlag.State_Selected) else QFont.Weight.Normal
        painter.setFont(self._font(self._theme.font.pixelSize(), weight))
        painter.setPen(QColor(self._theme.palette.ink))
        mode = Qt.TextElideMode.ElideMiddle if icon is not None else Qt.TextElideMode.ElideRight
        shown = painter.fontMetrics().elidedText(str(index.data()), mode, inside.width())
        painter.drawText(inside, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)

    def _paint_detail(self, painter: QPainter, inside: QRect, detail: object) -> int:
        if not detail:
            return 0
        painter.setFont(tabular(self._font(FONT_SMALL_PX, QFont.Weight.Normal)))
        painter.setPen(QColor(self._theme.palette.muted))
        painter.drawText(inside, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, str(detail))
        return painter.fontMetrics().horizontalAdvance(str(detail)) + SPACE_8

    def _font(self, size_px: int, weight: QFont.Weight) -> QFont:
        font = QFont(self._theme.font)
        font.setPixelSize(size_px)
        font.setWeight(weight)
        return font


def _rect(option: QStyleOptionViewItem) -> QRect:
    return QRect(option.rect)


def _is(option: QStyleOptionViewItem, flag: QStyle.StateFlag) -> bool:
    return bool(option.state & flag)


def _area(rect: QRect) -> QRect:
    return rect.adjusted(_INSET, 1, -_INSET, -1)
