"""The head of a pane: one line of fixed height with a hairline under it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from gui.theme.tokens import SPACE_4, SPACE_8, SPACE_16

BAR_PX = 45


class Bar(QFrame):
    """Holds a title and buttons; `row` is where they go."""

    def __init__(self, role: str = "bar", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", role)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(BAR_PX)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(SPACE_16, 0, SPACE_8, 0)
        self.row.setSpacing(SPACE_4)
