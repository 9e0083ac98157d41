"""Builds the text of formats that have no layout: paragraphs and tables, one below the other, with headings.

Offsets are known while the text grows, so headings and paragraph starts need no search afterwards.
"""

import re
from collections.abc import Sequence

from rag.ingestion.loaders.table_text import TableLine, TableLines, find_header
from rag.types import Heading, Page


class TextBuilder:
    """Collects paragraphs into one page located by paragraphs; one thread."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._starts: list[int] = []
        self._numbers: list[int] = []
        self._units = 0
        self._headings: list[Heading] = []
        self._after_row = False
        self._after_table = False

    def paragraph(self, text: str) -> None:
        """Add a paragraph, with an empty line above it; nothing if it is blank."""
        self._add(text, row=False)

    def row(self, cells: list[str]) -> None:
        """Add a table row as "a | b | c"; rows follow each other without empty lines."""
        if any(cells):
            self._add(" | ".join(cells), row=True)

    def table(self, rows: Sequence[Sequence[str]], *, has_header: bool = False) -> None:
        """Add a table in blocks that repeat its header, parted from the text around it.

        Args:
            rows: Cells of each row.
            has_header: The format says that the first row is the header; otherwise it is looked for.
        """
        filled = [row for row in rows if any(cell.strip() for cell in row)]
        at = 0 if has_header and filled else find_header(filled)
        self.end_table()
        for row in filled[:at]:
            self.paragraph(" ".join(" ".join(row).split()))
        # Rows count as paragraphs do; 0 tells a repeated header, which does not count.
        lines = TableLines() if at is None else TableLines(filled[at], number=1)
        for row in filled if at is None else filled[at + 1 :]:
            for line in lines.row(row, 1):
                self._add_line(line)
        for line in lines.finish():
            self._add_line(line)
        self.end_table()
        self._after_table = bool(filled)

    def heading(self, text: str, level: int) -> None:
        """Add a heading; level 1 is the outermost."""
        title = re.sub(r"\s+", " ", text).strip()
        if not title:
            return
        self._after_table = False
        self._add(title, row=False)
        self._headings.append(Heading(self._starts[-1], self._length, level, title))

    def end_table(self) -> None:
        """Make the next row begin a new table."""
        self._after_row = False

    @property
    def headings(self) -> tuple[Heading, ...]:
        """Return what is a heading to readers; places where tables are parted are none."""
        return tuple(heading for heading in self._headings if heading.title)

    def page(self) -> Page:
        """Return everything as one page without a number."""
        return Page(
            0,
            None,
            None,
            "".join(self._parts),
            locator_kind="paragraph",
            unit_starts=tuple(self._starts),
            headings=tuple(self._headings),
            unit_numbers=tuple(self._numbers) if 0 in self._numbers else (),
        )

    def _add_line(self, line: TableLine) -> None:
        if line.opens_block:
            self.end_table()
            self._after_table = True
        self._add(line.text, row=True, counts=line.number > 0)

    def _add(self, text: str, *, row: bool, counts: bool = True) -> None:
        text = text.strip("\n")
        if not text.strip():
            return
        if self._parts:
            separator = "\n" if row and self._after_row else "\n\n"
            self._parts.append(separator)
            self._length += len(separator)
        if self._after_table:
            # Without a title: text is parted here, so that no passage ends within rows.
            self._headings.append(Heading(self._length, self._length, 1, ""))
            self._after_table = False
        self._units += counts
        self._starts.append(self._length)
        self._numbers.append(self._units if counts else 0)
        self._parts.append(text)
        self._length += len(text)
        self._after_row = row
