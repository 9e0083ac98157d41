"""Pages of known text as a scanner gives them: drawn by reportlab, rasterised by pdfium, with noise and skew."""

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pypdfium2 as pdfium
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

WIDTH, HEIGHT = A4
_MARGIN = 64

ENGLISH = (
    "The tenant shall pay the deposit of $1,850.00 before 3 March 2024 and the landlord shall return it within "
    "twenty-one days after the keys were handed over, less the cost of repairs beyond fair wear and tear.",
    "Repairs of less than $150 are borne by the tenant; the landlord must be told of every leak, crack or fault "
    "within forty-eight hours. Heating is provided from 1 October to 30 April, at no less than 68 degrees.",
    "Minutes of the board: Ms Okafor asked whether the auditors (Brandt & Quill LLP) had seen invoice no. 7731-B. "
    "The treasurer answered that they had, that it was paid twice, and that 12.5% would be credited in June.",
    "If the lift is out of order for more than five working days, the rent is reduced by one thirtieth for each "
    "further day. Bicycles belong in the cellar; prams may stand in the hall, but not before the fire door.",
)
GERMAN = (
    "Der Mieter überweist die Kaution von 1.850,00 € spätestens am 3. März 2024; der Vermieter zahlt sie binnen "
    "einundzwanzig Tagen nach der Schlüsselübergabe zurück, abzüglich der Kosten für größere Schäden.",
    "Für Kleinreparaturen bis 150 € haftet der Mieter. Jeder Rohrbruch, jeder Riss und jede Störung müssen dem "
    "Vermieter innerhalb von achtundvierzig Stunden gemeldet werden. Öffnungszeiten: Büro täglich außer sonntags.",
    "Frau Müller-Lüdenscheidt fragte, ob die Prüfer die Rechnung Nr. 7731-B gesehen hätten. Der Schatzmeister "
    "bejahte: Sie sei versehentlich zweimal bezahlt worden, 12,5 % würden im Juni gutgeschrieben.",
)
TABLE = (
    ("Item", "Quantity", "Unit price", "Total"),
    ("Oak shelf, 120 cm", "4", "89.50", "358.00"),
    ("Desk lamp", "12", "34.25", "411.00"),
    ("Reading chair", "2", "415.00", "830.00"),
    ("Card catalogue", "1", "1,275.00", "1,275.00"),
    ("Delivery", "1", "65.00", "65.00"),
    ("Sum", "20", "", "2,939.00"),
)

Draw = Callable[[Canvas], str]
"""Draws a page; returns its text in reading order."""


@dataclass(frozen=True)
class Scan:
    """A picture of a page, and what stands on it."""

    name: str
    text: str
    picture: Image.Image
    dots_per_inch: int


def all_scans() -> list[Scan]:
    """Return the pages to measure on."""
    plain, german, small = prose(ENGLISH, 11), prose(GERMAN, 11), prose(ENGLISH * 2, 6.5)
    return [
        scan("English, 300 dpi", plain, 300),
        scan("English, 150 dpi", plain, 150),
        scan("English, 300 dpi, noise and skew", plain, 300, skew=1.5, noise=22),
        scan("English, 200 dpi, noise and skew", plain, 200, skew=-1.2, noise=22),
        scan("Small print (6.5 pt), 300 dpi", small, 300),
        scan("Small print, 300 dpi, noise and skew", small, 300, skew=1.5, noise=22),
        scan("German, 300 dpi", german, 300),
        scan("German, 300 dpi, noise and skew", german, 300, skew=1.5, noise=22),
        scan("Two columns, 300 dpi", columns(ENGLISH), 300),
        scan("Two columns, 300 dpi, noise and skew", columns(ENGLISH), 300, skew=1.5, noise=22),
        scan("Table, 300 dpi", table(TABLE), 300),
        scan("English, lying on its side, 300 dpi", plain, 300, turned=90),
        scan("English, upside down, 300 dpi", plain, 300, turned=180),
    ]


def scan(name: str, draw: Draw, dpi: int, *, skew: float = 0.0, noise: float = 0.0, turned: int = 0) -> Scan:
    """Return a page as a scanner would give it; the same one for the same arguments."""
    data = io.BytesIO()
    canvas = Canvas(data, pagesize=A4)
    text = draw(canvas)
    canvas.showPage()
    canvas.save()
    picture = picture_of(data.getvalue(), dpi)
    return Scan(name, text, spoilt(picture, skew, noise).rotate(turned, expand=True), dpi)


def picture_of(pdf: bytes, dpi: int) -> Image.Image:
    """Return the first page of a PDF in grey."""
    document = pdfium.PdfDocument(pdf)
    try:
        return document[0].render(scale=dpi / 72, grayscale=True).to_pil().convert("L")
    finally:
        document.close()


def spoilt(picture: Image.Image, skew: float, noise: float) -> Image.Image:
    """Return a picture as it comes from a scanner: turned by some degrees, grey noise, specks, paler ink."""
    if skew:
        picture = picture.rotate(skew, Image.Resampling.BICUBIC, fillcolor=255)
    if not noise:
        return picture
    chance = np.random.default_rng(20)
    pixels = 40 + np.asarray(picture, dtype=np.float32) * (200 / 255)
    pixels += chance.normal(0, noise, pixels.shape)
    specks = chance.random(pixels.shape) < 0.0005
    pixels[specks] = chance.choice([30.0, 245.0], int(specks.sum()))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def prose(paragraphs: tuple[str, ...], size: float, font: str = "Times-Roman") -> Draw:
    """Return how to draw a page of paragraphs over its whole width."""

    def draw(canvas: Canvas) -> str:
        _column(canvas, paragraphs, size, _MARGIN, WIDTH - 2 * _MARGIN, font)
        return "\n".join(paragraphs)

    return draw


def columns(paragraphs: tuple[str, ...]) -> Draw:
    """Return how to draw a page of two columns, to be read one after the other."""

    def draw(canvas: Canvas) -> str:
        width = (WIDTH - 2 * _MARGIN - 28) / 2
        left, right = paragraphs, tuple(reversed(paragraphs))
        _column(canvas, left, 10, _MARGIN, width, "Helvetica")
        _column(canvas, right, 10, _MARGIN + width + 28, width, "Helvetica")
        return "\n".join((*left, *right))

    return draw


def table(rows: tuple[tuple[str, ...], ...]) -> Draw:
    """Return how to draw a table with lines around its cells, to be read row by row."""

    def draw(canvas: Canvas) -> str:
        canvas.setFont("Helvetica", 11)
        widths = (180.0, 80.0, 90.0, 90.0)
        y = HEIGHT - 120
        for row in rows:
            x = float(_MARGIN)
            for cell, width in zip(row, widths, strict=True):
                canvas.rect(x, y - 7, width, 24)
                canvas.drawString(x + 6, y, cell)
                x += width
            y -= 24
        return "\n".join(" ".join(filter(None, row)) for row in rows)

    return draw


def _column(canvas: Canvas, paragraphs: tuple[str, ...], size: float, left: float, width: float, font: str) -> None:
    canvas.setFont(font, size)
    y = HEIGHT - 90
    for paragraph in paragraphs:
        line: list[str] = []
        for word in paragraph.split():
            if canvas.stringWidth(" ".join([*line, word]), font, size) > width:
                canvas.drawString(left, y, " ".join(line))
                y, line = y - 1.35 * size, []
            line.append(word)
        canvas.drawString(left, y, " ".join(line))
        y -= 2.2 * size
