"""What kinds of pages there are, in words and as tiles, which differ by shape and sign and not by colour alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from gui.theme.tokens import TILE_RADIUS, Palette
from gui.wording import count, counted, page_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rag.api import PageKind, PageReport

_DARK_GROUND = 1.4
"""On a dark ground a fill must be stronger to be seen as well."""
DOUBTFUL_BELOW = 0.6
"""Recognised text that is less sure than this is marked as doubtful."""


@dataclass(frozen=True)
class KindLook:
    """How a kind of page is said and drawn: `colour` names a field of the palette, `ground` how strong its fill is."""

    name: str
    colour: str
    sign: str
    ground: float
    framed: bool


LOOKS: dict[PageKind, KindLook] = {
    "text": KindLook("Text", "accent", "", 0.32, framed=False),
    "ocr": KindLook("Read by OCR", "accent", "R", 0.0, framed=True),
    "empty": KindLook("Empty", "muted", "–", 0.0, framed=False),
    "scanned": KindLook("Waiting for OCR", "warning", "W", 0.14, framed=True),
    "failed": KindLook("Not read", "error", "!", 0.18, framed=True),
}


def kind_counts(pages: Iterable[PageReport]) -> dict[PageKind, int]:
    """Return how many pages there are of each kind, in the order of the legend."""
    counts: dict[PageKind, int] = dict.fromkeys(LOOKS, 0)
    for page in pages:
        counts[page.kind] += 1
    return counts


def kind_words(kind: PageKind, number: int) -> str:
    """Return "3 waiting for OCR"."""
    name = LOOKS[kind].name
    return f"{count(number)} {name[0].lower()}{name[1:]}"


def is_doubtful(page: PageReport) -> bool:
    """Tell whether a page has text that may be wrong."""
    unsure = page.confidence is not None and page.confidence < DOUBTFUL_BELOW
    return unsure or (page.kind in ("text", "ocr") and bool(page.note))


def page_words(page: PageReport) -> str:
    """Return one line on a page: "p. iv · Read by OCR, 91 % sure · 3 passages"."""
    name = page_name(page.number, page.label) or f"Part {page.index + 1}"
    kind = LOOKS[page.kind].name
    if page.confidence is not None:
        kind += f", {page.confidence:.0%} sure"
    parts = [name, kind]
    if page.passages:
        parts.append(counted(page.passages, "passage"))
    if page.note:
        parts.append(page.note)
    return " · ".join(parts)


def paint_tile(painter: QPainter, area: QRectF, kind: PageKind, palette: Palette, *, doubtful: bool = False) -> None:
    """Draw the tile of a page; the painter's font is taken for its sign."""
    look = LOOKS[kind]
    colour = QColor(getattr(palette, look.colour))
    ground = QColor(colour)
    ground.setAlphaF(min(1.0, look.ground * (_DARK_GROUND if palette.dark else 1.0)))
    inside = area.adjusted(0.5, 0.5, -0.5, -0.5)
    edge = colour if look.framed else QColor(palette.strong_line)
    painter.setPen(Qt.PenStyle.NoPen if kind == "text" else QPen(edge, 1))
    painter.setBrush(ground)
    painter.drawRoundedRect(inside, TILE_RADIUS, TILE_RADIUS)
    if look.sign:
        painter.setPen(colour)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, look.sign)
    if doubtful:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(palette.warning))
        painter.drawEllipse(QRectF(area.right() - 5, area.top() + 1, 4, 4))


def tile_font(font: QFont) -> QFont:
    """Return the font of the signs on tiles."""
    small = QFont(font)
    small.setPixelSize(11)
    small.setWeight(QFont.Weight.DemiBold)
    return small
