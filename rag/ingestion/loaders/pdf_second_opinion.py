"""pypdf, asked where pdfium fails: it repairs some files and pages that pdfium gives up, at a tenth of the speed."""

import logging
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rag.ingestion.loaders.base import has_words
from rag.types import Page

if TYPE_CHECKING:
    from pypdf import PdfReader

_FAILED_NOTE = "The page is damaged and could not be read."


class SecondOpinion:
    """Opens the file only when first asked; whatever goes wrong then means "no text"."""

    def __init__(self, path: Path, password: str | None) -> None:
        self._path = path
        self._password = password

    def pages(self) -> list[Page]:
        """Return all pages as pypdf reads them; none if it cannot open the file."""
        return [self.page(index, label) for index, label in enumerate(self._labels())]

    def page(self, index: int, label: str) -> Page:
        """Return one page; `failed` if pypdf cannot read it either."""
        text = self._text(index)
        if not has_words(text):
            return Page(index, index + 1, label, "", "failed", note=_FAILED_NOTE)
        return Page(index, index + 1, label, text)

    def metadata(self) -> dict[str, str]:
        """Return title and author, where they can be read."""
        try:
            found = self._reader.metadata if self._reader else None
            return {key.lstrip("/"): str(value) for key, value in (found or {}).items() if value is not None}
        except Exception:  # noqa: BLE001 - a parser of broken files fails in every way there is.
            return {}

    @cached_property
    def _reader(self) -> "PdfReader | None":
        import pypdf

        logging.getLogger("pypdf").setLevel(logging.CRITICAL)
        try:
            reader = pypdf.PdfReader(self._path, strict=False, password=self._password)
            return reader if len(reader.pages) else None
        except Exception:  # noqa: BLE001 - as above.
            return None

    def _labels(self) -> list[str]:
        if self._reader is None:
            return []
        try:
            return list(self._reader.page_labels)
        except Exception:  # noqa: BLE001 - as above.
            return [str(number + 1) for number in range(len(self._reader.pages))]

    def _text(self, index: int) -> str:
        try:
            text = self._reader.pages[index].extract_text() if self._reader else ""
        except Exception:  # noqa: BLE001 - as above.
            return ""
        # Lone surrogates cannot be stored.
        return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "").replace("\r", "")
