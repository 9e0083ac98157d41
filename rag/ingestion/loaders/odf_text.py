"""Walks the content of OpenDocument files: headings, paragraphs, lists, tables, text boxes, notes and comments."""

from typing import TYPE_CHECKING

from rag.ingestion.loaders.text_builder import TextBuilder

if TYPE_CHECKING:
    from lxml.etree import _Element

_BASE = "urn:oasis:names:tc:opendocument:xmlns:"
OFFICE = f"{{{_BASE}office:1.0}}"
TEXT = f"{{{_BASE}text:1.0}}"
TABLE = f"{{{_BASE}table:1.0}}"
DRAW = f"{{{_BASE}drawing:1.0}}"
STYLE = f"{{{_BASE}style:1.0}}"
PRESENTATION = f"{{{_BASE}presentation:1.0}}"
_CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
_SKIPPED = frozenset(
    {
        *(TEXT + name for name in ("tracked-changes", "sequence-decls", "variable-decls", "user-field-decls")),
        *(OFFICE + name for name in ("forms", "scripts", "event-listeners")),
        TEXT + "table-of-content",  # It repeats the headings.
        PRESENTATION + "notes",  # Read by the slide that they belong to.
        STYLE + "style",
    }
)
_ROW_GROUPS = frozenset(TABLE + name for name in ("table-header-rows", "table-rows", "table-row-group"))
_MOST_REPEATED = 100
"""Empty cells are repeated by thousands; a real table on a page has no more columns than this."""


class BlockReader:
    """Reads blocks into a builder, and keeps notes and comments for the end; one thread."""

    def __init__(self, builder: TextBuilder) -> None:
        self._builder = builder
        self._later: list[str] = []

    def read(self, parent: "_Element", bullet: str = "") -> None:
        """Read what is in an element: all blocks, in order."""
        for child in parent:
            self._read_block(child, bullet)

    def finish(self) -> None:
        """Add the notes and comments that were met."""
        for text in self._later:
            self._builder.paragraph(text)
        self._later.clear()

    def _read_block(self, block: "_Element", bullet: str) -> None:
        if not isinstance(block.tag, str) or block.tag in _SKIPPED:
            return
        if block.tag == TEXT + "h":
            self._builder.heading(self._inline(block), _level(block))
        elif block.tag == TEXT + "p":
            text = self._inline(block)
            self._builder.paragraph(bullet + text if text else "")
            self._read_boxes(block)
        elif block.tag == TEXT + "list":
            for item in block:
                self.read(item, f"{bullet.replace('- ', '  ')}- ")
        elif block.tag == TABLE + "table":
            self._read_table(block)
        elif block.tag == OFFICE + "annotation":
            self._keep(block)
        else:
            self.read(block, bullet)

    def _read_boxes(self, paragraph: "_Element") -> None:
        """Read the text boxes and tables that hang on a paragraph."""
        for box in paragraph.iter(DRAW + "text-box", DRAW + "custom-shape"):
            # A box in a box is read with the outer one.
            if not any(outer.tag in {DRAW + "text-box", DRAW + "custom-shape"} for outer in box.iterancestors()):
                self.read(box)

    def _read_table(self, table: "_Element") -> None:
        rows, header = self._rows(table)
        self._builder.table(rows, has_header=header)

    def _rows(self, parent: "_Element") -> tuple[list[list[str]], bool]:
        rows: list[list[str]] = []
        has_header = False
        for child in parent:
            if child.tag == TABLE + "table-row":
                rows.append(self._cells(child))
            elif child.tag in _ROW_GROUPS:
                has_header = has_header or (child.tag == TABLE + "table-header-rows" and not rows)
                rows += self._rows(child)[0]
        return rows, has_header

    def _cells(self, row: "_Element") -> list[str]:
        cells: list[str] = []
        for cell in row.iterchildren(TABLE + "table-cell", TABLE + "covered-table-cell"):
            repeated = attribute(cell, TABLE + "number-columns-repeated")
            count = min(int(repeated), _MOST_REPEATED) if repeated.isdecimal() else 1
            text = " ".join(self._inline(each) for each in cell.iter(TEXT + "p", TEXT + "h"))
            cells.extend([" ".join(text.split())] * count)
        return cells

    def _inline(self, paragraph: "_Element") -> str:
        for note in paragraph.iter(TEXT + "note", OFFICE + "annotation"):
            self._keep(note)
        return inline_text(paragraph)

    def _keep(self, note: "_Element") -> None:
        text = "\n".join(filter(None, (inline_text(each) for each in note.iter(TEXT + "p"))))
        author = note.findtext(_CREATOR)
        if note.tag == OFFICE + "annotation":
            text = f"Comment by {author}: {text}" if author else f"Comment: {text}"
        self._later.append(text)


def inline_text(paragraph: "_Element") -> str:
    """Return a paragraph's own words: no notes, comments or text boxes, which are read by themselves."""
    parts: list[str] = []
    _collect(paragraph, parts)
    return "".join(parts).strip()


def attribute(element: "_Element", name: str) -> str:
    """Return an attribute as text, empty where it is missing."""
    return str(element.get(name) or "")


_APART = frozenset({TEXT + "note", OFFICE + "annotation", DRAW + "text-box", DRAW + "custom-shape", DRAW + "object"})
_SIGNS = {TEXT + "tab": "\t", TEXT + "line-break": "\n"}


def _collect(element: "_Element", parts: list[str]) -> None:
    parts.append(_spaced(element.text))
    for child in element:
        if child.tag in _SIGNS:
            parts.append(_SIGNS[child.tag])
        elif child.tag == TEXT + "s":
            count = attribute(child, TEXT + "c")
            parts.append(" " * (min(int(count), 1000) if count.isdecimal() else 1))
        elif isinstance(child.tag, str) and child.tag not in _APART:
            _collect(child, parts)
        parts.append(_spaced(child.tail))


def _spaced(text: str | None) -> str:
    """Line ends of the file are spaces; those of the text are elements."""
    return " ".join(text.split("\n")) if text else ""


def _level(heading: "_Element") -> int:
    level = attribute(heading, TEXT + "outline-level")
    return int(level) if level.isdecimal() and level != "0" else 1
