"""Files with pages that are pictures of known text, made when a test needs them."""

import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from rag.ingestion.ocr.choice import OcrOptions, engine_state
from tests.eval.scans import picture_of, spoilt

needs_ocr = pytest.mark.skipif(
    not engine_state(OcrOptions()).names, reason="no text recognition: neither tesseract nor rapidocr is installed"
)


def printed(lines: Sequence[str], *, size: float = 14, top: float = 120) -> bytes:
    """Return a PDF of one page with these lines, the first of them `top` points below the page's top."""
    data = io.BytesIO()
    canvas = Canvas(data, pagesize=A4)
    canvas.setFont("Times-Roman", size)
    for row, line in enumerate(lines):
        canvas.drawString(72, A4[1] - top - row * 1.4 * size, line)
    canvas.showPage()
    canvas.save()
    return data.getvalue()


def scanned_page(
    lines: Sequence[str], *, dpi: int = 150, skew: float = 0.0, noise: float = 0.0, top: float = 120
) -> Image.Image:
    """Return a page with these lines as a scanner gives it."""
    return spoilt(picture_of(printed(lines, top=top), dpi), skew, noise)


def mixed_pdf(path: Path, pages: Sequence[str | Image.Image]) -> Path:
    """Write a PDF of pages with text and pages that are pictures."""
    canvas = Canvas(str(path), pagesize=A4)
    for page in pages:
        if isinstance(page, str):
            canvas.setFont("Helvetica", 11)
            canvas.drawString(72, A4[1] - 72, page)
        else:
            canvas.drawImage(ImageReader(page), 0, 0, *A4)
        canvas.showPage()
    canvas.save()
    return path
