"""Pictures as documents: checked here, read by text recognition later.

PNG, JPEG, TIFF (each frame a page), WEBP, HEIC, GIF and BMP. A picture's points are its pixels, so that a passage's
region is in pixels of the picture as it is shown, turned upright where the camera says how.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import DocumentError
from rag.ingestion.loaders import progress
from rag.ingestion.loaders.base import damaged_document, loader_identity
from rag.ingestion.loaders.contents import Contents
from rag.types import LoadedDocument, Page

if TYPE_CHECKING:
    from PIL import Image

MOST_PIXELS = 120_000_000
"""A page of A3 at 600 dots an inch has 70 million; more is a mistake, or a bomb."""
_SMALLEST_SIDE = 100
_MOST_FRAMES = 5000
_FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "GIF", "BMP", "HEIF", "MPO")
_MAGIC = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*")
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")
_WAITS = "The page is a picture: it needs text recognition (OCR)."
_TOO_SMALL = "The picture is too small to hold text."
# What Pillow raises for broken pictures.
_UNSOUND = (OSError, EOFError, SyntaxError, ValueError, ZeroDivisionError, TypeError, IndexError, KeyError)


class PictureLoader:
    name = "image"
    version = 1
    suffixes = frozenset({".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".webp", ".heic", ".heif", ".gif", ".bmp"})
    described_as = "a picture"

    def recognises(self, contents: Contents) -> bool:
        head = contents.head
        if head.startswith(_MAGIC) or (head.startswith(b"RIFF") and head[8:12] == b"WEBP"):
            return True
        is_heif = head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS
        return is_heif or (head.startswith(b"BM") and contents.suffix == ".bmp")

    def load(self, path: Path, password: str | None = None) -> LoadedDocument:
        """Return pages that wait for recognition; every frame is decoded once, so that a broken one is known."""
        del password
        with opened_picture(path) as picture:
            frames = _frames(picture)
            pages = [_page(picture, path, index, frames) for index in range(frames)]
        if all(page.kind == "failed" for page in pages):
            raise damaged_document(path, self.described_as)
        return LoadedDocument(path.stem, self.name, loader_identity(self), tuple(pages))


def _frames(picture: "Image.Image") -> int:
    """Return how many pages a picture has; one, if the list of them is broken behind the first."""
    if picture.format != "TIFF":
        return 1
    try:
        return min(getattr(picture, "n_frames", 1), _MOST_FRAMES)
    except _UNSOUND:
        return 1


@contextmanager
def opened_picture(path: Path) -> "Iterator[Image.Image]":
    """Open a picture without decoding it; raises `DocumentError` for what is none, or has too many pixels."""
    from PIL import Image, UnidentifiedImageError

    with suppress(ImportError):
        import pi_heif

        pi_heif.register_heif_opener(thumbnails=False)
    with warnings.catch_warnings():
        # Its own limit warns first; ours is taken below.
        warnings.simplefilter("ignore")
        try:
            Image.init()
            picture = Image.open(path, formats=[name for name in _FORMATS if name in Image.OPEN])
        except Image.DecompressionBombError as exc:
            raise _too_many_pixels(path) from exc
        except _UNSOUND as exc:
            if isinstance(exc, OSError) and not isinstance(exc, UnidentifiedImageError):
                raise
            raise damaged_document(path, "a picture") from exc
        with picture:
            yield picture


def frame(picture: "Image.Image", path: Path, index: int) -> "Image.Image":
    """Return a frame, upright and decoded, in grey or colours; raises `DocumentError`."""
    from PIL import ImageOps

    try:
        if index:
            picture.seek(index)
        width, height = picture.size
        if width * height > MOST_PIXELS:
            raise _too_many_pixels(path)
        upright = ImageOps.exif_transpose(picture)
        if "A" in upright.getbands() or "transparency" in upright.info:
            return _on_white(upright)
        return upright.convert("L" if upright.mode in {"1", "L"} else "RGB")
    except _UNSOUND as exc:
        raise damaged_document(path, "a picture") from exc


def _on_white(picture: "Image.Image") -> "Image.Image":
    from PIL import Image

    coloured = picture.convert("RGBA")
    paper = Image.new("RGBA", coloured.size, "white")
    paper.alpha_composite(coloured)
    return paper.convert("RGB")


def _page(picture: "Image.Image", path: Path, index: int, frames: int) -> Page:
    label = str(index + 1)
    try:
        decoded = frame(picture, path, index)
    except DocumentError as error:
        if frames == 1:
            raise
        return Page(index, index + 1, label, "", "failed", note=error.message)
    progress.step(index + 1, frames)
    width, height = decoded.size
    tiny = min(width, height) < _SMALLEST_SIDE
    return Page(
        index,
        index + 1,
        label,
        "",
        "empty" if tiny else "scanned",
        locator_kind="region" if frames == 1 else "page",
        width=float(width),
        height=float(height),
        note=_TOO_SMALL if tiny else _WAITS,
    )


def _too_many_pixels(path: Path) -> DocumentError:
    return DocumentError(
        f"“{path.name}” was not read: it has more than {MOST_PIXELS // 1_000_000} million pixels.",
        remedy="Save it smaller and add that.",
        path=path,
    )
