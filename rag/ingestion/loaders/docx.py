"""Word documents: headings, paragraphs, tables and notes in reading order, located by paragraphs.

The XML is walked instead of python-docx's paragraphs, which leave out content controls, links and insertions.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rag.ingestion.loaders.base import damaged_document, empty_document, has_words, loader_identity, readable_title
from rag.ingestion.loaders.contents import Contents
from rag.ingestion.loaders.packages import check_package, parse_xml
from rag.ingestion.loaders.text_builder import TextBuilder
from rag.types import LoadedDocument

if TYPE_CHECKING:
    from docx.document import Document
    from lxml.etree import _Element

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_CONTAINERS = frozenset(_W + name for name in ("sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo"))
_SKIPPED = frozenset(_W + name for name in ("del", "moveFrom", "instrText", "rPr", "pPr"))
_BREAKS = {_W + "tab": "\t", _W + "br": "\n", _W + "cr": "\n", _W + "noBreakHyphen": "-"}
_CHOICE_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
# What python-docx raises for parts that are missing, or of another kind than expected.
_ODD_PART = (KeyError, ValueError, AttributeError, TypeError)
_UNSOUND = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, *_ODD_PART)
_NOTE_PARTS = ("/footnotes", "/endnotes")
_COMMENT_PARTS = ("/comments",)
_MOST_COLUMNS = 100


class DocxLoader:
    name = "docx"
    version = 2
    suffixes = frozenset({".docx", ".docm", ".dotx", ".dotm"})
    described_as = "a Word document"

    def recognises(self, contents: Contents) -> bool:
        return any(name.startswith("word/document") for name in contents.members or ())

    def load(self, path: Path, password: str | None = None) -> LoadedDocument:
        """Return the document as one page; encrypted ones are no ZIP files and never come here."""
        del password
        return self.read(path.read_bytes(), path)

    def read(self, data: bytes, path: Path) -> LoadedDocument:
        """Return the text of a document in memory; `path` is for names."""
        check_package(data, path, self.described_as)
        document = _open(data, path)
        builder = TextBuilder()
        _read_blocks(document.element.body, builder, _heading_levels(document))
        _read_notes(document, builder, path)
        page = builder.page()
        if not has_words(page.text):
            raise empty_document(path)
        first = builder.headings[0].title if builder.headings else None
        title, author, created = _properties(document)
        name = readable_title(title or first, path)
        return LoadedDocument(name, self.name, loader_identity(self), (page,), author=author, created=created)


def _open(data: bytes, path: Path) -> "Document":
    import docx
    from docx.opc.exceptions import OpcError
    from lxml.etree import LxmlError

    try:
        # By its bytes: python-docx takes a path that is no ZIP file for a missing one, and of a damaged archive
        # zipfile asks for places before the start, which the system reports as if the disk were broken.
        return docx.Document(io.BytesIO(data))
    except (OpcError, LxmlError, *_UNSOUND) as exc:
        raise damaged_document(path, "a Word document") from exc


def _properties(document: "Document") -> tuple[str | None, str | None, datetime | None]:
    """Return title, author and date; a part that is broken costs these and not the text."""
    try:
        properties = document.core_properties
        return properties.title or None, properties.author or None, properties.created
    except _ODD_PART:
        return None, None, None


def _heading_levels(document: "Document") -> dict[str, int]:
    """Map style ids to heading levels: by outline level, by name, or inherited from the style they build on."""
    levels: dict[str, int] = {}
    try:
        styles = document.styles.element
    except _ODD_PART:
        return levels  # Text without headings is better than no text.
    for style in styles.iter(_W + "style"):
        identity = style.get(_W + "styleId")
        name_element = style.find(_W + "name")
        name = "" if name_element is None else (name_element.get(_W + "val") or "").lower()
        outline = style.find(f"{_W}pPr/{_W}outlineLvl")
        based_on = style.find(_W + "basedOn")
        level = _level(name, outline, None if based_on is None else levels.get(based_on.get(_W + "val") or ""))
        if identity and level is not None:
            levels[identity] = level
    return levels


def _level(style_name: str, outline: "_Element | None", inherited: int | None) -> int | None:
    if style_name == "title":
        return 1
    if style_name.startswith("heading ") and style_name[8:].isdigit():
        return int(style_name[8:])
    if outline is not None:
        value = outline.get(_W + "val") or "9"
        return int(value) + 1 if value.isdigit() and int(value) < 9 else None
    return inherited


def _read_blocks(parent: "_Element", builder: TextBuilder, levels: dict[str, int]) -> None:
    for child in parent:
        if child.tag == _W + "p":
            _read_paragraph(child, builder, levels)
        elif child.tag == _W + "tbl":
            _read_table(child, builder)
        elif child.tag in _CONTAINERS:
            _read_blocks(child, builder, levels)


def _read_paragraph(paragraph: "_Element", builder: TextBuilder, levels: dict[str, int]) -> None:
    style = paragraph.find(f"{_W}pPr/{_W}pStyle")
    level = None if style is None else levels.get(style.get(_W + "val") or "")
    text = _text(paragraph)
    if level is not None:
        builder.heading(text, level)
    elif paragraph.find(f"{_W}pPr/{_W}numPr") is not None and text.strip():
        builder.paragraph("- " + text)
    else:
        builder.paragraph(text)


def _read_table(table: "_Element", builder: TextBuilder) -> None:
    # A table in a cell is read with its cell; its rows are not rows of this one.
    rows = [row for row in table.iter(_W + "tr") if next(row.iterancestors(_W + "tbl")) is table]
    has_header = bool(rows) and rows[0].find(f"{_W}trPr/{_W}tblHeader") is not None
    builder.table([_cells(row) for row in rows], has_header=has_header)


def _cells(row: "_Element") -> list[str]:
    """Return a row's cells; one that is as wide as several is followed by empty ones, so that columns keep in line."""
    cells: list[str] = []
    for cell in row.iter(_W + "tc"):
        if next(cell.iterancestors(_W + "tr")) is row:
            cells.append(_cell_text(cell))
            span = cell.find(f"{_W}tcPr/{_W}gridSpan")
            width = "1" if span is None else span.get(_W + "val") or "1"
            cells.extend([""] * (min(int(width), _MOST_COLUMNS) - 1 if width.isdigit() else 0))
    return cells


def _cell_text(cell: "_Element") -> str:
    texts = (_text(paragraph) for paragraph in cell.iter(_W + "p"))
    return " ".join(" ".join(texts).split())


def _text(paragraph: "_Element") -> str:
    return "".join(_pieces(paragraph)).strip()


def _pieces(element: "_Element") -> Iterator[str]:
    for child in element:
        if child.tag == _W + "t":
            yield child.text or ""
        elif child.tag in _BREAKS:
            yield _BREAKS[child.tag]
        elif child.tag == _W + "txbxContent":
            yield "\n"
            for paragraph in child.iter(_W + "p"):
                yield _text(paragraph) + "\n"
        elif child.tag not in _SKIPPED and child.tag != _CHOICE_FALLBACK:
            yield from _pieces(child)


def _read_notes(document: "Document", builder: TextBuilder, path: Path) -> None:
    """Add footnotes and endnotes below the text, and comments with their authors."""
    for relation in document.part.rels.values():
        if relation.is_external or not relation.reltype.endswith((*_NOTE_PARTS, *_COMMENT_PARTS)):
            continue
        for note in parse_xml(relation.target_part.blob, path, "a Word document"):
            if note.get(_W + "type") not in {None, "normal"}:
                continue
            text = "\n".join(filter(None, (_text(paragraph) for paragraph in note.iter(_W + "p"))))
            author = note.get(_W + "author")
            builder.paragraph(f"Comment by {author}: {text}" if author and text else text)
