"""The rail: the rooms that there are, and at its foot what hides the side pane."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QButtonGroup, QFrame, QVBoxLayout, QWidget

from gui.theme.theme import Theme
from gui.theme.tokens import ICON_RAIL_PX, RAIL_PX, SPACE_4, SPACE_8
from gui.widgets.buttons import IconButton


class Rail(QFrame):
    """Buttons for the rooms."""

    def __init__(self, theme: Theme, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "rail")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(RAIL_PX)
        self.chats = self._button(theme, "message-square", actions["show_chats"])
        self.library = self._button(theme, "library", actions["show_library"])
        self.side = self._button(theme, "panel-left", actions["toggle_side"])
        self._rooms = QButtonGroup(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_8, SPACE_8, SPACE_8, SPACE_8)
        layout.setSpacing(SPACE_4)
        for button in (self.chats, self.library):
            button.setCheckable(True)
            self._rooms.addButton(button)
            layout.addWidget(button)
        layout.addStretch(1)
        layout.addWidget(self.side)

    def _button(self, theme: Theme, icon: str, action: QAction) -> IconButton:
        button = IconButton(theme, icon, action.text(), size_px=ICON_RAIL_PX)
        button.follow(action)
        button.setFixedSize(RAIL_PX - 2 * SPACE_8, RAIL_PX - 2 * SPACE_8)
        return button
