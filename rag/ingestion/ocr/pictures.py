"""The picture of one page, for engines to read: a page of a PDF drawn, or a picture file opened."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rag.ingestion.loaders.base import damaged_document
from rag.ingestion.loaders.pdf import PdfLoader, open_pdf
from rag.ingestion.loaders.pictures import frame, opened_picture
from rag.ingestion.loaders.registry import default_loaders

if TYPE_CHECKING:
    from PIL import Image

_DOTS_PER_INCH = 300
_MOST_PIXELS = 25_000_000
_PHOTO_DOTS_PER_INCH = 150
"""What is assumed of pictures that do not say, or say nonsense."""


@dataclass(frozen=True)
class PagePicture:
    """A page to be read.

    Attributes:
        image: In grey.
        dots_per_inch: What it was drawn at or scanned with.
        pixels_per_point: Pixels of `image` for each point of the page as it is shown.
        width: Points.
        height: Points.
    """

    image: "Image.Image"
    dots_per_inch: int
    pixels_per_point: float
    width: float
    height: float


def page_picture(path: Path, index: int, password: str | None) -> PagePicture:
    """Return page `index` (from 0) of a file as a picture; raises `DocumentError`. In a parse process only."""
    if isinstance(default_loaders().choose(path), PdfLoader):
        return _pdf_page(path, index, password)
    return _frame(path, index)


def _pdf_page(path: Path, index: int, password: str | None) -> PagePicture:
    import pypdfium2 as pdfium

    document = open_pdf(path, password)
    if document is None:
        raise damaged_document(path, "a PDF")
    try:
        page = document[index]
        width, height = page.get_size()
        scale = min(_DOTS_PER_INCH / 72, (_MOST_PIXELS / max(1.0, width * height)) ** 0.5)
        image = page.render(scale=scale, grayscale=True).to_pil().convert("L")
    except (pdfium.PdfiumError, IndexError) as exc:
        raise damaged_document(path, f"a PDF with a page {index + 1}") from exc
    finally:
        document.close()
    return PagePicture(image, round(scale * 72), scale, width, height)


def _frame(path: Path, index: int) -> PagePicture:
    with opened_picture(path) as opened:
        image = frame(opened, path, index).convert("L")
        told = opened.info.get("dpi", (0, 0))[0]
    width, height = image.size
    dots = round(float(told)) if 100 <= float(told) <= 1200 else _PHOTO_DOTS_PER_INCH
    smaller = (_MOST_PIXELS / max(1, width * height)) ** 0.5
    if smaller < 1:
        image = image.resize((round(width * smaller), round(height * smaller)))
    return PagePicture(image, dots, image.width / width, float(width), float(height))
