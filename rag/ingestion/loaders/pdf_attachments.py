"""Files in a PDF: attached to the document, or pinned to a page."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from rag.ingestion.loaders.archive_names import Names
from rag.ingestion.loaders.base import Member, damaged_document
from rag.ingestion.loaders.pdf_notes import pinned_files

if TYPE_CHECKING:
    import pypdfium2 as pdfium


def attached_files(document: "pdfium.PdfDocument", path: Path) -> Iterator[Member]:
    """Yield the files of an open PDF, those of the document first."""
    names = Names()
    for attachment in _attachments(document):
        yield Member((names.own(_name(attachment)),), partial(_opened, attachment, path), chosen=True)


def _attachments(document: "pdfium.PdfDocument") -> "Iterator[pdfium.PdfAttachment]":
    import pypdfium2 as pdfium

    for index in range(document.count_attachments()):
        yield document.get_attachment(index)
    for index in range(len(document)):
        try:
            page = document[index]
        except pdfium.PdfiumError:
            continue
        yield from pinned_files(page)
        page.close()


def _name(attachment: "pdfium.PdfAttachment") -> str:
    import pypdfium2 as pdfium

    try:
        # A name is no path here, whatever it says.
        return str(attachment.get_name()).strip("\0").replace("\\", "/").rpartition("/")[2] or "attachment"
    except pdfium.PdfiumError:
        return "attachment"


@contextmanager
def _opened(attachment: "pdfium.PdfAttachment", path: Path) -> Iterator[BinaryIO]:
    import pypdfium2 as pdfium

    try:
        data = bytes(attachment.get_data())
    except pdfium.PdfiumError as exc:
        raise damaged_document(path, "a PDF with this file attached") from exc
    yield io.BytesIO(data)
