"""The window's typefaces: the system's interface font, or Inter where the system has none worth the name."""

import sys

from PySide6.QtGui import QFont, QFontDatabase, QFontInfo

from gui.theme.tokens import FONT_PX
from resources import root

# What fontconfig falls back to on a system without a desktop; legible, but no interface font.
_BARE_FAMILIES = ("dejavu sans", "bitstream vera sans", "sans serif", "sans", "helvetica", "liberation sans", "")


def interface_font(size_px: int = FONT_PX) -> QFont:
    """Return the font of the interface at `size_px`; loads the shipped one where it is needed."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    if sys.platform.startswith("linux") and QFontInfo(font).family().lower() in _BARE_FAMILIES:
        _load_inter()
        font = QFont("Inter")
    font.setPixelSize(size_px)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def code_family() -> str:
    """Return the family of the system's monospaced font."""
    return QFontInfo(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)).family()


def tabular(font: QFont) -> QFont:
    """Return the font with figures of equal width, for numbers in lists."""
    figures = QFont(font)
    figures.setFeature(QFont.Tag("tnum"), 1)
    return figures


def _load_inter() -> None:
    if "Inter" in QFontDatabase.families():
        return
    for path in sorted((root() / "fonts").glob("Inter-*.otf")):
        QFontDatabase.addApplicationFont(str(path))
