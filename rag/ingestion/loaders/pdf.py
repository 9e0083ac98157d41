"""PDF: pdfium reads text, labels, outline and metadata; pypdf gives a second opinion where pdfium fails.

Filled fields and comments are put behind the text of their page, attached files behind the pages, as members.
pdfium's labels and outline cost nothing beside pypdf's, which opens each file a second time, in Python.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import EncryptedDocument, WrongPassword
from rag.ingestion.loaders import progress
from rag.ingestion.loaders.base import (
    Member,
    damaged_document,
    empty_document,
    has_words,
    loader_identity,
    readable_title,
)
from rag.ingestion.loaders.contents import Contents
from rag.ingestion.loaders.members import MemberReader
from rag.ingestion.loaders.pdf_attachments import attached_files
from rag.ingestion.loaders.pdf_garbled import is_garbled
from rag.ingestion.loaders.pdf_headings import find_headings
from rag.ingestion.loaders.pdf_notes import page_notes, pinned_files, with_notes
from rag.ingestion.loaders.pdf_second_opinion import SecondOpinion
from rag.ingestion.loaders.pdf_text import clean_text, raw_text
from rag.types import LoadedDocument, Page, PageKind, Skipped

if TYPE_CHECKING:
    import pypdfium2 as pdfium

_DATE = re.compile(r"D:(\d{4})(\d{2})?(\d{2})?(\d{2})?(\d{2})?(\d{2})?(?:([+-])(\d{2})'?(\d{2})?)?")
_FEW_WORD_CHARACTERS = 40
"""A page with fewer letters and digits may be a scan with a stamp or a page number on it."""
_SCAN_COVERAGE = 0.4
_PICTURE_COVERAGE = 0.05
"""Of a page without any letter: a receipt or a business card on an empty sheet is worth a look."""
_MANY_PATHS = 150

_PASSWORD_ERROR = 4
_GARBLED_NOTE = "Its fonts do not say which letters they show: the page needs text recognition (OCR)."
_SCANNED_NOTE = "The page is a picture without text: it needs text recognition (OCR)."


class PdfLoader:
    name = "pdf"
    version = 2
    suffixes = frozenset({".pdf"})
    described_as = "a PDF"

    def __init__(self, members: MemberReader) -> None:
        self._members = members

    def recognises(self, contents: Contents) -> bool:
        return b"%PDF-" in contents.head[:1024]

    def load(self, path: Path, password: str | None = None) -> LoadedDocument:
        """Return the pages with text; some, or all of a scan, may be `scanned`, and some `failed`."""
        opinion = SecondOpinion(path, password)
        document = open_pdf(path, password)
        if document is None:
            return self._by_second_opinion(path, opinion)
        with closing(document):
            outline = _outline(document)
            read = [_read_page(document, index, opinion) for index in range(len(document))]
            has_files = document.count_attachments() > 0 or any(pins for _, pins in read)
            metadata = document.get_metadata_dict()
        pages = [page for page, _ in read]
        if not has_files:
            _refuse_without_text(path, pages)
        own = self._document(path, pages, outline, metadata)
        return self._with_files(own, path, password) if has_files else own

    def members(self, path: Path, password: str | None = None) -> Iterator[Member | Skipped]:
        """Yield the attached files."""
        document = open_pdf(path, password)
        if document is not None:
            with closing(document):
                yield from attached_files(document, path)

    def _with_files(self, own: LoadedDocument, path: Path, password: str | None) -> LoadedDocument:
        with self._members.gather(password) as gathered:
            for page in own.pages:
                gathered.page(page)
            for part in self.members(path, password):
                gathered.add(part)
            gathered.refuse_if_empty(path)
        outline = (*own.outline, *gathered.outline)
        return replace(own, pages=tuple(gathered.pages), outline=outline, skipped=gathered.skipped)

    def _document(
        self,
        path: Path,
        pages: list[Page],
        outline: tuple[tuple[int, str, int], ...],
        metadata: dict[str, str],
    ) -> LoadedDocument:
        headings = find_headings([page.text for page in pages], outline)
        return LoadedDocument(
            _title(metadata.get("Title"), path),
            self.name,
            loader_identity(self),
            tuple(replace(page, headings=found) for page, found in zip(pages, headings, strict=True)),
            author=metadata.get("Author") or None,
            created=_date(metadata.get("CreationDate")),
            outline=outline,
        )

    def _by_second_opinion(self, path: Path, opinion: SecondOpinion) -> LoadedDocument:
        pages = opinion.pages()
        if not any(has_words(page.text) for page in pages):
            raise damaged_document(path, "a PDF")
        return self._document(path, pages, (), opinion.metadata())


def open_pdf(path: Path, password: str | None) -> "pdfium.PdfDocument | None":
    """Open a PDF; None if pdfium cannot. Raises `EncryptedDocument` or `WrongPassword`."""
    import pypdfium2 as pdfium

    try:
        document = pdfium.PdfDocument(path, password=password)
    except pdfium.PdfiumError as exc:
        if getattr(exc, "err_code", None) == _PASSWORD_ERROR:
            raise encrypted_document(path, password) from exc
        return None
    # It warns of forms in XFA, whose fields it does not know; those of the other kind beside them are read.
    logging.getLogger("pypdfium2").setLevel(logging.ERROR)
    with suppress(pdfium.PdfiumError):
        document.init_forms()
    if len(document) == 0:
        document.close()
        return None
    return document


def encrypted_document(path: Path, password: str | None) -> EncryptedDocument:
    """Return the error for a missing or a wrong password."""
    if password:
        return WrongPassword(
            f"The password does not open “{path.name}”.", remedy="Check the password and try again.", path=path
        )
    return EncryptedDocument(
        f"“{path.name}” is protected by a password.", remedy="Enter its password to have it read.", path=path
    )


def _outline(document: "pdfium.PdfDocument") -> tuple[tuple[int, str, int], ...]:
    entries = []
    for bookmark in document.get_toc():
        target = bookmark.get_dest()
        index = target.get_index() if target is not None else None
        title = " ".join(bookmark.get_title().split())
        if title and index is not None:
            entries.append((bookmark.level + 1, title, index))
    return tuple(entries)


def _read_page(document: "pdfium.PdfDocument", index: int, opinion: SecondOpinion) -> tuple[Page, bool]:
    """Return a page, and whether files are pinned to it."""
    import pypdfium2 as pdfium

    progress.step(index, len(document))
    label = document.get_page_label(index) or str(index + 1)
    try:
        page = document[index]
        text_page = page.get_textpage()
        raw = raw_text(text_page)
        text_page.close()
    except pdfium.PdfiumError:
        return opinion.page(index, label), False
    text, notes, pins = clean_text(raw), page_notes(page), any(pinned_files(page))
    width, height = page.get_size()
    kind = _kind(page, text, width * height)
    note = _SCANNED_NOTE if kind == "scanned" else ""
    if kind != "scanned" and is_garbled(raw):
        kind, note = "scanned", _GARBLED_NOTE
    if kind == "empty" and notes:
        kind = "text"
    page.close()
    return Page(index, index + 1, label, with_notes(text, notes), kind, width=width, height=height, note=note), pins


def _kind(page: "pdfium.PdfPage", text: str, area: float) -> PageKind:
    word_characters = sum(map(str.isalnum, text))
    if word_characters >= _FEW_WORD_CHARACTERS:
        return "text"
    if _looks_scanned(page, area, no_letters=word_characters == 0):
        return "scanned"
    return "text" if word_characters else "empty"


def _looks_scanned(page: "pdfium.PdfPage", area: float, *, no_letters: bool) -> bool:
    """Tell whether pictures fill the page; where there is no letter, whether there are pictures, or drawn shapes."""
    import pypdfium2.raw as pdfium_c

    covered, paths = 0.0, 0
    for item in page.get_objects(filter=(pdfium_c.FPDF_PAGEOBJ_IMAGE, pdfium_c.FPDF_PAGEOBJ_PATH), max_depth=4):
        if item.type == pdfium_c.FPDF_PAGEOBJ_PATH:
            paths += 1
        else:
            left, bottom, right, top = item.get_bounds()
            covered += abs(right - left) * abs(top - bottom)
    enough = _PICTURE_COVERAGE if no_letters else _SCAN_COVERAGE
    return covered >= enough * max(area, 1.0) or (no_letters and paths >= _MANY_PATHS)


def _refuse_without_text(path: Path, pages: list[Page]) -> None:
    if any(page.kind in {"text", "scanned"} for page in pages):
        return
    if any(page.kind == "failed" for page in pages):
        raise damaged_document(path, "a PDF")
    raise empty_document(path)


def _title(candidate: str | None, path: Path) -> str:
    """Prefer a telling file name over a title that shares no word with it: PDFs inherit titles from templates."""
    title = readable_title(candidate, path)
    name_words = set(re.findall(r"[^\W_]{3,}", path.stem.casefold()))
    telling = len(name_words) >= 2 and any(re.search(r"[^\W\d]{4,}", word) for word in name_words)
    shares_words = any(word in title.casefold() for word in name_words)
    return path.stem if telling and not shares_words else title


def _date(value: str | None) -> datetime | None:
    """Read a PDF date, "D:20230105120000+01'00'"; None for anything else."""
    match = _DATE.match(value or "")
    if match is None:
        return None
    parts = [
        int(part) if part else default for part, default in zip(match.groups()[:6], (1, 1, 1, 0, 0, 0), strict=True)
    ]
    year, month, day, hour, minute, second = parts
    sign, hours, minutes = match.groups()[6:]
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    zone = UTC if not sign else timezone(offset if sign == "+" else -offset)
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None
