"""A page of a sheet as rows and cells again, from the text that was read of it. Plain functions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.api import StoredPage

CELL_BREAK = " | "
_FIRST_COLUMN = re.compile(r"!?\$?([A-Z]{1,3})\$?\{first\}")


@dataclass(frozen=True)
class TableRow:
    """One row: `number` as the sheet counts it, 0 for a header that is repeated; `start`, `end` in the page's text."""

    number: int
    cells: tuple[str, ...]
    start: int
    end: int

    @property
    def is_header(self) -> bool:
        return self.number == 0


@dataclass(frozen=True)
class Table:
    """The rows of a page and the name of their first column."""

    rows: tuple[TableRow, ...]
    first_column: int = 0

    @property
    def columns(self) -> int:
        return max((len(row.cells) for row in self.rows), default=0)

    def column_name(self, column: int) -> str:
        """Return "A", "B", … "AA" as sheets name their columns."""
        number, name = self.first_column + column + 1, ""
        while number:
            number, letter = divmod(number - 1, 26)
            name = chr(ord("A") + letter) + name
        return name

    def rows_of(self, start: int, end: int) -> range:
        """Return which rows a span of the page's text touches."""
        touched = [index for index, row in enumerate(self.rows) if row.start < end and start < row.end]
        return range(touched[0], touched[-1] + 1) if touched else range(0)


def is_table(page: StoredPage) -> bool:
    """Tell whether a page is a sheet with rows."""
    return page.locator_kind == "cells" and bool(page.unit_starts)


def table_of(page: StoredPage) -> Table:
    """Return the rows of a sheet's page."""
    text, starts = page.text, page.unit_starts
    numbers = page.unit_numbers or tuple(range(1, len(starts) + 1))
    rows = []
    for number, (start, end) in zip(numbers, pairwise((*starts, len(text))), strict=False):
        line = text[start:end].rstrip("\n")
        rows.append(TableRow(number, tuple(line.split(CELL_BREAK)), start, start + max(1, len(line))))
    return Table(tuple(rows), _first_column(page.locator_template))


def _first_column(template: str) -> int:
    found = _FIRST_COLUMN.search(template)
    if found is None:
        return 0
    number = 0
    for letter in found.group(1):
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
