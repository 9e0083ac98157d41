"""What covers the window while files are held over it: says what letting go will do."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from gui.theme.theme import Theme
from gui.theme.tokens import PICTURE_PX, RADIUS_CARD, SPACE_12, SPACE_24
from gui.widgets.icon_label import IconLabel
from gui.widgets.labels import text_label


class DropCover(QFrame):
    """Covers its parent while something can be dropped."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        layout = QVBoxLayout(self)
        layout.setSpacing(SPACE_12)
        centre = Qt.AlignmentFlag.AlignHCenter
        layout.addStretch(1)
        layout.addWidget(IconLabel(theme, "upload", "accent", PICTURE_PX), 0, centre)
        layout.addWidget(text_label("Drop to add to your library", "heading"), 0, centre)
        layout.addWidget(text_label("The documents stay where they are; they are read, not moved.", "muted"), 0, centre)
        layout.addStretch(1)
        self.hide()

    def show_over(self) -> None:
        self.show()
        self.place()
        self.raise_()

    def place(self) -> None:
        parent = self.parentWidget()
        if parent is not None:
            self.setGeometry(parent.rect())

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QColor(self._theme.palette.paper)
        ground.setAlphaF(0.975)
        painter.fillRect(self.rect(), ground)
        painter.setPen(QPen(QColor(self._theme.palette.accent), 2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(
            self.rect().adjusted(SPACE_24, SPACE_24, -SPACE_24, -SPACE_24), RADIUS_CARD, RADIUS_CARD
        )
