"""The child process that draws pages of PDFs and pictures, and tells where the characters of PDFs stand.

It opens untrusted files, so it may die; the parent then starts another one. The last document stays open, since a
reader turns pages of one file. A PDF in an archive or a message lies in a private folder while it is open.
"""

import ctypes
import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from inference.api import KnownError
from rag.ingestion.boxes import Boxes
from rag.ingestion.loaders.base import damaged_document, unreadable_file
from rag.ingestion.loaders.members import MemberReader
from rag.ingestion.loaders.pdf import open_pdf
from rag.ingestion.loaders.pdf_notes import NOTES_APART, PageNote, page_notes, with_notes
from rag.ingestion.loaders.pdf_text import char_indices, clean_with_origin, raw_text
from rag.ingestion.loaders.pictures import PictureLoader, frame, opened_picture
from rag.ingestion.loaders.registry import default_loaders
from rag.ingestion.problems import known_error
from rag.ingestion.temporary import private_folder

if TYPE_CHECKING:
    import pypdfium2 as pdfium

_MOST_PIXELS = 40_000_000
_FINE = 1000
"""pdfium maps page to device in whole numbers; so many make a point."""


@dataclass(frozen=True)
class DrawPage:
    path: Path
    page_index: int
    scale: float
    password: str | None
    inside: tuple[str, ...] = ()


@dataclass(frozen=True)
class LocateText:
    path: Path
    page_index: int
    password: str | None
    inside: tuple[str, ...] = ()


PageRequest = DrawPage | LocateText


@dataclass(frozen=True)
class PageFailed:
    error: KnownError


@dataclass(frozen=True)
class PageDrawn:
    """Size of a picture, whose pixels follow as one message of bytes: four bytes a pixel, B, G, R, unused."""

    width: int
    height: int
    stride: int


@dataclass(frozen=True)
class PageBoxes:
    """Where the characters of a page stand.

    Attributes:
        text: The page's text; if it is not the stored one, the file has changed and nothing can be marked.
        boxes: float32, (len(text), 4), as in `rag.ingestion.boxes`.
        width: Points, of the page as it is shown.
        height: Points.
    """

    text: str
    boxes: Boxes
    width: float
    height: float


class _OpenDocument:
    """The document that was asked for last, with what tells whether it changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._members = MemberReader(default_loaders)
        self._key: object = None
        self._document: pdfium.PdfDocument | None = None

    def get(self, path: Path, password: str | None, inside: tuple[str, ...]) -> "pdfium.PdfDocument":
        try:
            stat = path.stat()
        except OSError as exc:
            raise unreadable_file(path, exc) from exc
        key = (path, password, inside, stat.st_mtime_ns, stat.st_size)
        if self._document is None or key != self._key:
            self._close()
            self._document = open_pdf(self.taken_out(path, inside, password), password)
            self._key = key
        if self._document is None:
            raise damaged_document(path, "a PDF")
        return self._document

    def taken_out(self, path: Path, inside: tuple[str, ...], password: str | None) -> Path:
        """Return where the innermost file lies now; what was taken out before is closed and removed."""
        self._close()
        for earlier in self._folder.iterdir():
            shutil.rmtree(earlier, ignore_errors=True)
        return self._members.extract(path, inside, self._folder, password) if inside else path

    def _close(self) -> None:
        if self._document is not None:
            self._document.close()
            self._document = None


def serve(connection: "Connection[object, object]") -> None:
    """Answer requests until the parent hangs up; the main function of the child."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with private_folder() as folder:
        opened = _OpenDocument(folder)
        while True:
            try:
                request = connection.recv()
                if not isinstance(request, DrawPage | LocateText):
                    return
                _answer(connection, request, opened)
            except (EOFError, OSError):
                return


def _answer(connection: "Connection[object, object]", request: PageRequest, opened: _OpenDocument) -> None:
    try:
        if isinstance(request, DrawPage) and is_picture(request):
            drawn, pixels = _draw_picture(request, opened)
            connection.send(drawn)
            connection.send_bytes(pixels)
            return
        with _page(opened, request) as page:
            if isinstance(request, LocateText):
                connection.send(page_boxes(page))
                return
            drawn, pixels = _draw(page, request.scale)
    except KnownError as error:
        connection.send(PageFailed(error))
        return
    except Exception as error:  # noqa: BLE001 - taking a member out of what strangers made may fail in any way.
        connection.send(PageFailed(known_error(error, request.path)))
        return
    connection.send(drawn)
    connection.send_bytes(pixels)


@contextmanager
def _page(opened: _OpenDocument, request: PageRequest) -> "Iterator[pdfium.PdfPage]":
    import pypdfium2 as pdfium

    document = opened.get(request.path, request.password, request.inside)
    try:
        page = document[request.page_index]
    except (pdfium.PdfiumError, IndexError) as exc:
        raise damaged_document(request.path, f"a PDF with a page {request.page_index + 1}") from exc
    try:
        yield page
    finally:
        page.close()


def is_picture(request: DrawPage) -> bool:
    """Tell by its name whether a page is that of a picture, and of no PDF."""
    name = request.inside[-1] if request.inside else request.path.name
    return PurePosixPath(name).suffix.lower() in PictureLoader.suffixes


def _draw_picture(request: DrawPage, opened: _OpenDocument) -> tuple[PageDrawn, bytes]:
    """Draw a picture file; one of its pixels is a point."""
    path = opened.taken_out(request.path, request.inside, request.password)
    with opened_picture(path) as picture:
        image = frame(picture, path, request.page_index)
    largest = (_MOST_PIXELS / max(1, image.width * image.height)) ** 0.5
    scale = min(request.scale, largest)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    if size != image.size:
        image = image.resize(size)
    pixels = image.convert("RGB").tobytes("raw", "BGRX")
    return PageDrawn(*size, 4 * size[0]), pixels


def _draw(page: "pdfium.PdfPage", scale: float) -> tuple[PageDrawn, bytes]:
    width, height = page.get_size()
    largest = (_MOST_PIXELS / max(1.0, width * height)) ** 0.5
    bitmap = page.render(scale=min(scale, largest), prefer_bgrx=True)
    try:
        return PageDrawn(bitmap.width, bitmap.height, bitmap.stride), bytes(bitmap.buffer)
    finally:
        bitmap.close()


def page_boxes(page: "pdfium.PdfPage") -> PageBoxes:
    """Return the text of a page, as it is indexed, with the box of each character."""
    width, height = page.get_size()
    text_page = page.get_textpage()
    try:
        raw = raw_text(text_page)
        clean = clean_with_origin(raw)
        indices = char_indices(text_page, raw, clean.origin)
        notes = page_notes(page)
        own = np.vstack([_char_boxes(text_page, indices), _note_boxes(notes)])
        boxes = _shown(own, _to_device(page, width, height))
    finally:
        text_page.close()
    return PageBoxes(with_notes(clean.text, notes), boxes, width, height)


def _note_boxes(notes: Sequence[PageNote]) -> NDArray[np.float64]:
    """Return for each character behind the page's text the place of its field or mark."""
    rows: list[NDArray[np.float64]] = [np.empty((0, 4))]
    for place, note in enumerate(notes):
        rows.append(np.full((len(NOTES_APART) if place == 0 else 1, 4), np.nan))
        rows.append(np.tile(np.array(note.bounds), (len(note.text), 1)))
    return np.vstack(rows)


def _char_boxes(text_page: "pdfium.PdfTextpage", indices: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return left, bottom, right, top in the page's own coordinates; NaN where pdfium knows none."""
    import pypdfium2.raw as pdfium_c

    boxes = np.full((len(indices), 4), np.nan)
    rectangle = pdfium_c.FS_RECTF()
    pointer = ctypes.byref(rectangle)
    get_box = pdfium_c.FPDFText_GetLooseCharBox
    for row, index in enumerate(indices.tolist()):
        if index >= 0 and get_box(text_page, index, pointer):
            boxes[row] = rectangle.left, rectangle.bottom, rectangle.right, rectangle.top
    flat = (boxes[:, 2] <= boxes[:, 0]) | (boxes[:, 3] <= boxes[:, 1])
    boxes[flat] = np.nan
    return boxes


def _to_device(page: "pdfium.PdfPage", width: float, height: float) -> NDArray[np.float64]:
    """Return the affine map, (2, 3), from the page's coordinates to points from the top left of what is shown.

    The page may be turned or cropped; pdfium knows, and three corners tell.
    """
    corners = [_device_point(page, width, height, x, y) for x, y in ((0, 0), (100, 0), (0, 100))]
    origin, right, up = (np.array(corner) for corner in corners)
    return np.column_stack([(right - origin) / 100, (up - origin) / 100, origin])


def _device_point(page: "pdfium.PdfPage", width: float, height: float, x: float, y: float) -> tuple[float, float]:
    import pypdfium2.raw as pdfium_c

    device_x, device_y = ctypes.c_int(), ctypes.c_int()
    size = round(width * _FINE), round(height * _FINE)
    pdfium_c.FPDF_PageToDevice(page, 0, 0, *size, 0, x, y, ctypes.byref(device_x), ctypes.byref(device_y))
    return device_x.value / _FINE, device_y.value / _FINE


def _shown(boxes: NDArray[np.float64], to_device: NDArray[np.float64]) -> Boxes:
    first = boxes[:, 0:2] @ to_device[:, :2].T + to_device[:, 2]
    second = boxes[:, 2:4] @ to_device[:, :2].T + to_device[:, 2]
    return np.hstack([np.minimum(first, second), np.maximum(first, second)]).astype(np.float32)
