"""Colours, icons and the one place for literals."""

import re
from pathlib import Path

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

import gui
from gui.theme.icons import icon_names, icon_pixmap
from gui.theme.theme import Theme
from gui.theme.tokens import DARK, HIGH_CONTRAST, LIGHT, Palette

SOURCES = sorted(Path(gui.__file__).parent.rglob("*.py"))


def luminance(colour: str) -> float:
    parts = [channel / 255 for channel in QColor(colour).getRgb()[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK, HIGH_CONTRAST], ids=lambda palette: palette.name)
@pytest.mark.parametrize("colour", ["ink", "muted", "accent", "warning", "error", "good"])
def test_text_colours_are_readable(palette: Palette, colour: str) -> None:
    for ground in (palette.paper, palette.surface):
        assert contrast(getattr(palette, colour), ground) >= 4.5
    assert contrast(palette.ink, palette.mark) >= 4.5
    assert contrast(palette.ink, palette.cited) >= 4.5
    assert contrast(palette.on_accent, palette.accent) >= 4.5


def test_colours_are_literals_only_in_the_tokens() -> None:
    found = [
        f"{path.name}: {match.group()}"
        for path in SOURCES
        if path.name != "tokens.py"
        for match in re.finditer(r"[\"']#[0-9A-Fa-f]{3,8}\b|QColor\(\s*\d", path.read_text("utf-8"))
    ]
    assert found == []


def test_every_icon_that_is_named_is_shipped(qapp: QApplication) -> None:
    shipped = set(icon_names())
    pattern = re.compile(
        r"(?:IconButton|IconLabel|set_icon|\.icon|EmptyState)\(\s*(?:self\._theme, |theme, )?\"([a-z0-9-]+)\""
    )
    named = {name for path in SOURCES for name in pattern.findall(path.read_text("utf-8"))}
    assert len(named) > 10
    assert named <= shipped


def test_an_icon_is_drawn_in_the_colour_asked(qapp: QApplication) -> None:
    image = icon_pixmap("check", LIGHT.accent, 32).toImage()
    colours = {
        image.pixelColor(x, y).name().upper()
        for x in range(image.width())
        for y in range(image.height())
        if image.pixelColor(x, y).alpha() == 255
    }
    assert LIGHT.accent in colours


def test_switching_the_theme_tells_its_listeners(theme: Theme, qtbot: object) -> None:
    told: list[int] = []
    theme.changed.connect(lambda: told.append(1))
    theme.use(DARK)
    assert theme.palette is DARK
    assert told == [1]
    theme.use(LIGHT)
