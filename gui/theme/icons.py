"""The line icons (Lucide), tinted for the theme. GUI thread only."""

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from gui.theme.tokens import ICON_PX, Palette
from resources import root


def icon_names() -> list[str]:
    """Return the names of all icons that are shipped."""
    return sorted(path.stem for path in (root() / "icons").glob("*.svg"))


def icon_pixmap(name: str, colour: str, size_px: int = ICON_PX, ratio: float = 1.0) -> QPixmap:
    """Return the icon in one colour, `size_px` wide on a screen with the given pixel ratio."""
    renderer = QSvgRenderer(QByteArray(_svg(name).replace("currentColor", colour).encode()))
    pixels = round(size_px * ratio)
    pixmap = QPixmap(QSize(pixels, pixels))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def themed_icon(name: str, palette: Palette, size_px: int = ICON_PX, colour: str | None = None) -> QIcon:
    """Return the icon in the theme's colours: ink by default, the accent when it is on, a hairline when disabled."""
    icon = QIcon()
    for ratio in _ratios():
        icon.addPixmap(icon_pixmap(name, colour or palette.ink, size_px, ratio), QIcon.Mode.Normal)
        icon.addPixmap(icon_pixmap(name, palette.strong_line, size_px, ratio), QIcon.Mode.Disabled)
        if colour is None:
            on = icon_pixmap(name, palette.accent, size_px, ratio)
            icon.addPixmap(on, QIcon.Mode.Normal, QIcon.State.On)
    return icon


def _ratios() -> set[float]:
    application = QGuiApplication.instance()
    return {1.0, application.devicePixelRatio()} if isinstance(application, QGuiApplication) else {1.0}


@lru_cache(maxsize=128)
def _svg(name: str) -> str:
    path = root() / "icons" / f"{name}.svg"
    return path.read_text(encoding="utf-8")
