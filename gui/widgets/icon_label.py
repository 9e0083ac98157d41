"""A small picture in the colours of the theme: says with a shape what a colour alone must not say."""

from PySide6.QtWidgets import QLabel, QWidget

from gui.theme.icons import icon_pixmap
from gui.theme.theme import Theme
from gui.theme.tokens import ICON_PX


class IconLabel(QLabel):
    """Shows an icon; `colour` names a field of the palette."""

    def __init__(
        self, theme: Theme, icon: str, colour: str = "muted", size_px: int = ICON_PX, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icon, self._colour, self._size_px = icon, colour, size_px
        self.setFixedSize(size_px, size_px)
        theme.changed.connect(self._tint)
        self._tint()

    def set_icon(self, icon: str, colour: str) -> None:
        self._icon, self._colour = icon, colour
        self._tint()

    def _tint(self) -> None:
        colour = getattr(self._theme.palette, self._colour)
        self.setPixmap(icon_pixmap(self._icon, colour, self._size_px, self.devicePixelRatioF()))
