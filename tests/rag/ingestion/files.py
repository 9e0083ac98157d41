"""Real files, made when a test needs them: whole ones and bad ones."""

import io
import random
from collections.abc import Sequence
from pathlib import Path

import docx
import pypdf
from msoffcrypto.format.ooxml import OOXMLFile
from PIL import Image
from pypdf.constants import PageLabelStyle
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

LINE_HEIGHT = 14
TOP = A4[1] - 72
LEFT = 72
STORY = "The lighthouse keeper counted eleven ships before the fog came in from the north."


def pdf(path: Path, pages: Sequence[str], *, title: str | None = None, bookmarks: bool = False) -> Path:
    """Write a PDF with one text line below the other on each page; "[scan]" draws a picture instead."""
    canvas = Canvas(str(path), pagesize=A4)
    if title is not None:
        canvas.setTitle(title)
    for number, text in enumerate(pages):
        if text == "[scan]":
            canvas.drawImage(ImageReader(_noise(number)), 0, 0, *A4)
        else:
            _draw_lines(canvas, text)
        if bookmarks and text.strip():
            canvas.bookmarkPage(f"page{number}")
            canvas.addOutlineEntry(text.splitlines()[0], f"page{number}", level=0)
        canvas.showPage()
    canvas.save()
    return path


def labelled(path: Path, front_pages: int) -> Path:
    """Number the first pages i, ii, ... and the others from 1, as books do."""
    writer = pypdf.PdfWriter(clone_from=path)
    writer.set_page_label(0, front_pages - 1, style=PageLabelStyle.LOWERCASE_ROMAN)
    writer.set_page_label(front_pages, len(writer.pages) - 1, style=PageLabelStyle.DECIMAL, start=1)
    writer.write(path)
    return path


def encrypted(path: Path, password: str) -> Path:
    writer = pypdf.PdfWriter(clone_from=path)
    writer.encrypt(password, algorithm="AES-256")
    writer.write(path)
    return path


def turned(path: Path, degrees: int) -> Path:
    writer = pypdf.PdfWriter(clone_from=path)
    for page in writer.pages:
        page.rotate(degrees)
    writer.write(path)
    return path


def word(path: Path, *, title: str | None = None) -> Path:
    """Write a Word document with headings, paragraphs and a table."""
    document = docx.Document()
    document.core_properties.title = title or ""
    document.core_properties.author = "Ada"
    document.add_heading("Harbour rules", 1)
    document.add_paragraph("Boats moor at the east wall.")
    document.add_heading("Fees", 2)
    document.add_paragraph(STORY)
    table = document.add_table(rows=3, cols=3)
    rows = (("Boat", "Length", "Fee"), ("Dinghy", "4 m", "12"), ("Ketch", "11 m", "48"))
    for row, values in zip(table.rows, rows, strict=True):
        for cell, value in zip(row.cells, values, strict=True):
            cell.text = value
    document.add_paragraph("Fees are due in March.")
    document.save(str(path))
    return path


def text(path: Path, words: str = STORY) -> Path:
    path.write_text(words + "\n", encoding="utf-8")
    return path


def noise_bytes(count: int, seed: int = 7) -> bytes:
    return random.Random(seed).randbytes(count)


def _draw_lines(canvas: Canvas, text: str) -> None:
    canvas.setFont("Helvetica", 11)
    for row, line in enumerate(text.splitlines()):
        canvas.drawString(LEFT, TOP - row * LINE_HEIGHT, line)


def _noise(seed: int) -> io.BytesIO:
    picture = Image.frombytes("L", (60, 80), random.Random(seed).randbytes(60 * 80))
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    stream.seek(0)
    return stream


def locked(path: Path, password: str) -> Path:
    """Encrypt an Office document in place, as Office does."""
    plain = io.BytesIO(path.read_bytes())
    with path.open("wb") as file:
        OOXMLFile(plain).encrypt(password, file)
    return path
