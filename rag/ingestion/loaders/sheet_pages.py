"""Sheets of rows as pages that are located by cells, "Costs!A12:F14"; a long sheet becomes several pages."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from rag.ingestion.loaders import progress
from rag.ingestion.loaders.table_text import TableLine, TableLines, find_header, plain_cell
from rag.types import Heading, Page

PAGE_CHARACTERS = 120_000
"""So long a page still opens at once, and stays below 200 KB in scripts of two bytes a character."""
_SAMPLE_ROWS = 500
_PLAIN_NAME = re.compile(r"[^\W\d]\w*")

Row = tuple[int, Sequence[str]]
"""A row's number, from 1, and its cells from the sheet's first column that is read."""


class SheetText:
    """Writes one sheet; one thread.

    Args:
        name: The sheet's name, or what its table is called; the title of its blocks.
        prefix: What stands in front of cells in locators: "Costs!", or nothing.
        number: The sheet's position in its file, from 1; None for a file that is one table.
        first_column: The column of the cells' first, from 0.
        note: Said of each page: that the sheet is hidden, say.
    """

    def __init__(
        self,
        name: str,
        prefix: str,
        number: int | None,
        *,
        first_column: int = 0,
        note: str = "",
        label: str | None = None,
    ) -> None:
        self._name = name
        self._prefix = prefix.replace("{", "(").replace("}", ")")
        self._number = number
        self._label = label
        self._first_column = first_column
        self._note = note
        self._kept: list[int] = []
        self._width = 1
        self._start_page()
        self.last_row = 0

    def pages(self, rows: Iterable[Row]) -> Iterator[Page]:
        """Yield the sheet's pages, their index 0; nothing for a sheet without words. Empty rows are passed over."""
        filled = ((number, cells) for number, cells in rows if any(cells))
        sample = list(islice(filled, _SAMPLE_ROWS))
        self._kept = sorted({at for _, cells in sample for at, cell in enumerate(cells) if cell})
        header_at = find_header([cells for _, cells in sample[:40]])
        rest = chain(sample, filled)
        if header_at is not None:
            yield from self._write(islice(rest, header_at), TableLines())
            number, header = next(rest)
            lines = TableLines(self._chosen(header), number)
        else:
            lines = TableLines()
        yield from self._write(rest, lines)
        for line in lines.finish():
            self._add(line)
        if self._parts:
            yield self._page()

    def _write(self, rows: Iterable[Row], lines: TableLines) -> Iterator[Page]:
        for number, cells in rows:
            if self._length > PAGE_CHARACTERS:
                yield self._page()
                self._start_page()
                lines.end_block()
                progress.step(number, 0)
            for line in lines.row(self._chosen(cells), number):
                self._add(line)
            self.last_row = number

    def _chosen(self, cells: Sequence[str]) -> list[str]:
        """Leave out columns that are empty; what is filled only far below stands at the end of its row."""
        kept = [cells[at] if at < len(cells) else "" for at in self._kept]
        if len(cells) > len(self._kept):
            known = set(self._kept)
            kept.extend(cell for at, cell in enumerate(cells) if cell and at not in known)
        self._width = max(self._width, max((at + 1 for at, cell in enumerate(cells) if cell), default=0))
        return kept

    def _add(self, line: TableLine) -> None:
        if self._parts:
            separator = "\n\n" if line.opens_block else "\n"
            self._parts.append(separator)
            self._length += len(separator)
        self._starts.append(self._length)
        self._numbers.append(line.number)
        if line.opens_block:
            end = self._length + len(line.text.partition("\n")[0])
            self._headings.append(Heading(self._length, end, 1, plain_cell(self._name)))
        self._parts.append(line.text)
        self._length += len(line.text)

    def _start_page(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._starts: list[int] = []
        self._numbers: list[int] = []
        self._headings: list[Heading] = []

    def _page(self) -> Page:
        first, last = column_name(self._first_column), column_name(self._first_column + self._width - 1)
        return Page(
            0,
            self._number,
            self._label,
            "".join(self._parts),
            locator_kind="cells",
            unit_starts=tuple(self._starts),
            headings=tuple(self._headings),
            note=self._note,
            unit_numbers=tuple(self._numbers),
            locator_template=f"{self._prefix}{first}{{first}}:{last}{{last}}",
        )


def column_name(index: int) -> str:
    """Return the letters of a column, counted from 0: 0 is A, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def sheet_prefix(name: str) -> str:
    """Return a sheet's name as formulas write it, "Costs!" or "'Costs 2024'!"."""
    if _PLAIN_NAME.fullmatch(name):
        return f"{name}!"
    return "'" + name.replace("'", "''") + "'!"
