"""The drawings of the sample documents, made of lines and words so that they need no picture files."""

from __future__ import annotations

from collections.abc import Callable

from reportlab.graphics.shapes import Circle, Drawing, Line, Rect, String
from reportlab.lib import colors

_INK = colors.HexColor("#33312e")
_PALE = colors.HexColor("#eee9dd")


def figure(name: str) -> Drawing:
    """Return the drawing called `name`; a KeyError names what the sources ask for and nobody drew."""
    drawings: dict[str, Callable[[], Drawing]] = {"plan": _plan, "boiler": _boiler, "panel": _panel}
    drawing = drawings[name]()
    drawing.hAlign = "CENTER"
    return drawing


def _box(left: float, bottom: float, width: float, height: float, label: str) -> list[Rect | String]:
    middle = left + width / 2
    return [
        Rect(left, bottom, width, height, fillColor=_PALE, strokeColor=_INK, strokeWidth=0.8),
        String(middle, bottom + height / 2 - 3, label, fontName="Times-Italic", fontSize=9, textAnchor="middle"),
    ]


def _display(across: float, up: float, shown: str, size: float) -> String:
    return String(
        across, up, shown, fillColor=colors.white, fontName="Courier-Bold", fontSize=size, textAnchor="middle"
    )


def _plan() -> Drawing:
    drawing = Drawing(400, 210)
    parts = [(20, 120, 120, 70, "East House"), (250, 120, 110, 70, "West House"), (20, 24, 80, 45, "Wash-house")]
    drawing.add(Rect(140, 24, 220, 91, fillColor=None, strokeColor=_INK, strokeDashArray=[3, 2]))
    for part in parts:
        for shape in _box(*part):
            drawing.add(shape)
    drawing.add(String(250, 65, "Walled garden", fontName="Times-Italic", fontSize=9, textAnchor="middle"))
    drawing.add(Line(0, 12, 400, 12, strokeColor=_INK, strokeWidth=2))
    drawing.add(String(395, 2, "Lamp Road", fontName="Times-Italic", fontSize=8, textAnchor="end"))
    return drawing


def _boiler() -> Drawing:
    drawing = Drawing(220, 230)
    drawing.add(Rect(50, 30, 120, 170, rx=8, ry=8, fillColor=_PALE, strokeColor=_INK, strokeWidth=1.2))
    drawing.add(Rect(95, 200, 30, 26, fillColor=colors.white, strokeColor=_INK))
    drawing.add(Circle(110, 135, 32, fillColor=colors.white, strokeColor=_INK))
    for across in (70, 97, 124, 150):
        drawing.add(Line(across, 30, across, 5, strokeColor=_INK, strokeWidth=2))
    drawing.add(Rect(70, 55, 80, 22, fillColor=_INK, strokeColor=_INK))
    drawing.add(_display(110, 62, "52", 12))
    return drawing


def _panel() -> Drawing:
    drawing = Drawing(300, 90)
    drawing.add(Rect(0, 5, 300, 80, rx=6, ry=6, fillColor=_PALE, strokeColor=_INK))
    for across, label in ((55, "heating"), (245, "hot water")):
        drawing.add(Circle(across, 50, 22, fillColor=colors.white, strokeColor=_INK, strokeWidth=1.2))
        drawing.add(Line(across, 50, across, 70, strokeColor=_INK, strokeWidth=2))
        drawing.add(String(across, 14, label, fontName="Helvetica", fontSize=8, textAnchor="middle"))
    drawing.add(Rect(110, 35, 80, 32, fillColor=_INK, strokeColor=_INK))
    drawing.add(_display(150, 45, "E4", 18))
    drawing.add(Circle(150, 20, 4, fillColor=colors.green, strokeColor=_INK))
    return drawing
