"""A small ring that fills: progress inline in a list."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from gui.theme.theme import Theme
from gui.theme.tokens import ICON_PX


class ProgressRing(QWidget):
    """Shows a share from 0 to 1 as an arc."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.share = 0.0
        self.setFixedSize(ICON_PX, ICON_PX)
        theme.changed.connect(self.update)

    def set_share(self, share: float) -> None:
        self.share = max(0.0, min(1.0, share))
        self.setAccessibleName(f"{self.share:.0%} done")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        pen = QPen(QColor(self._theme.palette.strong_line), 2)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawEllipse(area)
        if self.share > 0:
            pen.setColor(QColor(self._theme.palette.accent))
            painter.setPen(pen)
            painter.drawArc(area, 90 * 16, round(-360 * 16 * self.share))
