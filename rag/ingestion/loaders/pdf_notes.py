"""What stands on a PDF page beside its print: values of form fields, comments, text boxes; and files pinned to it.

pdfium's text of a page leaves them out. They are put behind it as lines, each with the place of its field or mark, by
one rule for the index and for the reader, as in `pdf_text`.
"""

import ctypes
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pypdfium2 as pdfium

Rectangle = tuple[float, float, float, float]
_MOST_NOTES = 2000
_LONGEST = 20_000
_HIDDEN = 0x2
_PASSWORD_FIELD = 1 << 13
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\ufffe\uffff]")


@dataclass(frozen=True)
class PageNote:
    """A line of text, and where on the page what it belongs to stands: left, bottom, right, top in its coordinates."""

    text: str
    bounds: Rectangle


def page_notes(page: "pdfium.PdfPage") -> list[PageNote]:
    """Return filled fields and comments of a page, in the order of the file."""
    import pypdfium2.raw as pdfium_c

    notes: list[PageNote] = []
    for annotation in _annotations(page):
        if pdfium_c.FPDFAnnot_GetFlags(annotation) & _HIDDEN:
            continue
        if pdfium_c.FPDFAnnot_GetSubtype(annotation) == pdfium_c.FPDF_ANNOT_WIDGET:
            text = _field(page, annotation)
        else:
            text = _comment(annotation)
        if text:
            notes.append(PageNote(text[:_LONGEST], _bounds(annotation)))
    return notes


def with_notes(text: str, notes: Sequence[PageNote]) -> str:
    """Return a page's text with its notes below it."""
    return text + NOTES_APART + "\n".join(note.text for note in notes) if notes else text


NOTES_APART = "\n\n"


def pinned_files(page: "pdfium.PdfPage") -> "Iterator[pdfium.PdfAttachment]":
    """Yield the files that are attached to places on the page."""
    import pypdfium2 as pdfium
    import pypdfium2.raw as pdfium_c

    for annotation in _annotations(page):
        if pdfium_c.FPDFAnnot_GetSubtype(annotation) == pdfium_c.FPDF_ANNOT_FILEATTACHMENT:
            raw = pdfium_c.FPDFAnnot_GetFileAttachment(annotation)
            if raw:
                yield pdfium.PdfAttachment(raw, page.pdf)


def _annotations(page: "pdfium.PdfPage") -> Iterator[object]:
    import pypdfium2.raw as pdfium_c

    for index in range(min(_MOST_NOTES, pdfium_c.FPDFPage_GetAnnotCount(page))):
        annotation = pdfium_c.FPDFPage_GetAnnot(page, index)
        if annotation:
            try:
                yield annotation
            finally:
                pdfium_c.FPDFPage_CloseAnnot(annotation)


def _field(page: "pdfium.PdfPage", annotation: object) -> str:
    """Return "name: value" of a field that is filled in or ticked."""
    import pypdfium2.raw as pdfium_c

    form = page.formenv
    if form is None:
        return ""
    kind = pdfium_c.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind in {pdfium_c.FPDF_FORMFIELD_PUSHBUTTON, pdfium_c.FPDF_FORMFIELD_UNKNOWN}:
        return ""
    if pdfium_c.FPDFAnnot_GetFormFieldFlags(form, annotation) & _PASSWORD_FIELD and kind == (
        pdfium_c.FPDF_FORMFIELD_TEXTFIELD
    ):
        return ""
    value = _asked(lambda *buffer: pdfium_c.FPDFAnnot_GetFormFieldValue(form, annotation, *buffer))
    if kind in {pdfium_c.FPDF_FORMFIELD_CHECKBOX, pdfium_c.FPDF_FORMFIELD_RADIOBUTTON}:
        value = value if pdfium_c.FPDFAnnot_IsChecked(form, annotation) else ""
    name = _asked(lambda *buffer: pdfium_c.FPDFAnnot_GetFormFieldAlternateName(form, annotation, *buffer))
    name = name or _readable(_asked(lambda *buffer: pdfium_c.FPDFAnnot_GetFormFieldName(form, annotation, *buffer)))
    return f"{name}: {value}" if value and name else value


def _readable(name: str) -> str:
    """Return the last part of a field's full name: "form[0].page1[0].family_name[0]" is "family name"."""
    last = re.sub(r"\[\d+\]", "", name.rpartition(".")[2])
    return re.sub(r"[_\s]+", " ", last).strip()


def _comment(annotation: object) -> str:
    import pypdfium2.raw as pdfium_c

    # A popup repeats what it belongs to, and links have nothing to say.
    silent = {pdfium_c.FPDF_ANNOT_POPUP, pdfium_c.FPDF_ANNOT_LINK}
    kind = pdfium_c.FPDFAnnot_GetSubtype(annotation)
    if kind in silent:
        return ""
    text = _string(annotation, b"Contents")
    if not text or kind == pdfium_c.FPDF_ANNOT_FREETEXT:
        return text
    author = _string(annotation, b"T")
    return f"Comment by {author}: {text}" if author else f"Comment: {text}"


def _string(annotation: object, key: bytes) -> str:
    import pypdfium2.raw as pdfium_c

    return _asked(lambda *buffer: pdfium_c.FPDFAnnot_GetStringValue(annotation, key, *buffer))


def _asked(ask: Callable[..., int]) -> str:
    """Return a string that pdfium writes into a buffer of UTF-16, on one line."""
    size = ask(None, 0)
    if size <= 2:
        return ""
    buffer = (ctypes.c_ushort * (size // 2 + 1))()
    ask(buffer, size)
    text = bytes(buffer)[: size - 2].decode("utf-16-le", "replace")
    return " ".join(_CONTROLS.sub("", text).split())


def _bounds(annotation: object) -> Rectangle:
    import pypdfium2.raw as pdfium_c

    rectangle = pdfium_c.FS_RECTF()
    if not pdfium_c.FPDFAnnot_GetRect(annotation, ctypes.byref(rectangle)):
        return 0.0, 0.0, 0.0, 0.0
    return rectangle.left, rectangle.bottom, rectangle.right, rectangle.top
