"""Buttons whose icons follow the theme, and keep a name for those who do not see them."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget

from gui.theme.theme import Theme
from gui.theme.tokens import CONTROL_PX, ICON_PX


class IconButton(QToolButton):
    """A flat button with an icon. `colour` names a field of the palette for an icon of another colour than ink."""

    def __init__(
        self,
        theme: Theme,
        icon: str,
        name: str,
        *,
        size_px: int = ICON_PX,
        role: str = "",
        colour: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icon = icon
        self._size_px = size_px
        self._colour = colour
        self.setProperty("role", role)
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setIconSize(QSize(size_px, size_px))
        self.setMinimumSize(CONTROL_PX, CONTROL_PX)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        theme.changed.connect(self._tint)
        self._tint()

    def set_icon(self, icon: str, name: str | None = None) -> None:
        """Show another icon, and say what the button does now."""
        self._icon = icon
        if name is not None:
            self.setAccessibleName(name)
            self.setToolTip(name)
        self._tint()

    def follow(self, action: QAction) -> None:
        """Do what an action does, and carry its name and tooltip."""
        self.clicked.connect(action.trigger)
        self.setToolTip(action.toolTip())
        self.setAccessibleName(action.text())

    def _tint(self) -> None:
        colour = getattr(self._theme.palette, self._colour) if self._colour else None
        self.setIcon(self._theme.icon(self._icon, self._size_px, colour))


def push_button(text: str, role: str = "", parent: QWidget | None = None) -> QPushButton:
    """Return a button with words on it that looks as its role says."""
    button = QPushButton(text, parent)
    button.setProperty("role", role)
    button.setAccessibleName(text)
    button.setAutoDefault(False)
    if role in ("link", "fold", "chip", "suggestion"):
        button.setCursor(Qt.CursorShape.PointingHandCursor)
    return button
