"""The theme in force: follows the system's light and dark, and tells the widgets that paint themselves.

One `Theme` is built by `gui.app` and handed to whoever draws. GUI thread only.
"""

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPalette
from PySide6.QtWidgets import QApplication

from gui.theme.fonts import code_family, interface_font
from gui.theme.icons import themed_icon
from gui.theme.stylesheet import stylesheet
from gui.theme.tokens import DARK, HIGH_CONTRAST, ICON_PX, LIGHT, Palette

_BY_NAME = {palette.name: palette for palette in (LIGHT, DARK, HIGH_CONTRAST)}


class Theme(QObject):
    """The palette and fonts of the window.

    Signals:
        changed: The palette is another one; icons and HTML are to be made again.
    """

    changed = Signal()

    def __init__(self, application: QApplication, fixed: str | None = None) -> None:
        super().__init__(application)
        self._application = application
        self._fixed = fixed
        self.palette = LIGHT
        self._icons: dict[tuple[str, int, str | None], QIcon] = {}
        self.font = interface_font()
        self.code_family = code_family()
        application.setFont(self.font)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_system)
        self._follow_system()

    def icon(self, name: str, size_px: int = ICON_PX, colour: str | None = None) -> QIcon:
        """Return an icon in this theme's colours."""
        key = (name, size_px, colour)
        if key not in self._icons:
            self._icons[key] = themed_icon(name, self.palette, size_px, colour)
        return self._icons[key]

    @Slot()
    def _follow_system(self) -> None:
        scheme = QGuiApplication.styleHints().colorScheme()
        wanted = DARK if scheme == Qt.ColorScheme.Dark else LIGHT
        self.use(_BY_NAME.get(self._fixed or "", wanted))

    def use(self, palette: Palette) -> None:
        """Switch to a palette now."""
        if palette is self.palette and self._application.styleSheet():
            return
        self.palette = palette
        self._icons.clear()
        self._application.setPalette(_qt_palette(palette))
        self._application.setStyleSheet(stylesheet(palette))
        self.changed.emit()


def _qt_palette(palette: Palette) -> QPalette:
    colours = {
        QPalette.ColorRole.Window: palette.paper,
        QPalette.ColorRole.Base: palette.surface,
        QPalette.ColorRole.AlternateBase: palette.paper,
        QPalette.ColorRole.WindowText: palette.ink,
        QPalette.ColorRole.Text: palette.ink,
        QPalette.ColorRole.Button: palette.surface,
        QPalette.ColorRole.ButtonText: palette.ink,
        QPalette.ColorRole.PlaceholderText: palette.muted,
        QPalette.ColorRole.ToolTipBase: palette.surface,
        QPalette.ColorRole.ToolTipText: palette.ink,
        QPalette.ColorRole.Highlight: palette.accent,
        QPalette.ColorRole.HighlightedText: palette.on_accent,
        QPalette.ColorRole.Link: palette.accent,
        QPalette.ColorRole.LinkVisited: palette.accent,
    }
    made = QPalette()
    for role, colour in colours.items():
        made.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, role, QColor(palette.muted))
    return made
