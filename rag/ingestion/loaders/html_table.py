"""A table of a web page: its rows until it ends, when it is known whether it holds data or only lays out the page.

Rows of data are written in blocks that repeat their header. What merely lays out is written row by row, as it is seen.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from rag.ingestion.loaders.table_text import find_header
from rag.ingestion.loaders.text_builder import TextBuilder

_MOST_COLUMNS = 100
_LAST_ROW = 65_534
"""A cell may reach down so far; 0 means to the end."""
_FEWEST_ROWS = 3
_LONGEST_CELL = 300
"""Longer cells are no data, unless the page says what is a header."""


@dataclass(frozen=True)
class HtmlCell:
    """A cell; `columns` and `rows` are how many of them it fills."""

    text: str
    is_header: bool = False
    columns: int = 1
    rows: int = 1


@dataclass
class _Below:
    text: str
    rows: int


class HtmlTable:
    """Collects the rows of a table that is in no other; one thread.

    Attributes:
        lays_out: It holds other tables, or says that it is for layout.
    """

    def __init__(self) -> None:
        self.lays_out = False
        self._rows: list[list[HtmlCell]] = []

    def row(self, cells: list[HtmlCell]) -> None:
        """Add a row, unless all its cells are empty and fill but one row."""
        if any(cell.text or cell.rows > 1 for cell in cells):
            self._rows.append(cells)

    def write(self, builder: TextBuilder) -> None:
        """Write the table, and forget its rows."""
        rows, self._rows = self._rows, []
        builder.end_table()
        if not self.lays_out:
            while len(rows) > 1 and _is_title(rows[0]):
                builder.paragraph(" ".join(cell.text for cell in rows.pop(0)))
            headers = _header_rows(rows)
            grid = list(_grid(rows, headers - 1))
            if 0 < headers < len(rows):
                builder.table([_merged(grid[:headers]), *grid[headers:]], has_header=True)
                return
            # Where it is said what is a header, and the first row is none, headers stand beside the rows.
            if not any(cell.is_header for row in rows for cell in row) and _holds_data(grid):
                builder.table(grid)
                return
        for row in rows:
            builder.row([cell.text for cell in row if cell.text])


def _is_title(row: list[HtmlCell]) -> bool:
    """Tell a header cell that stands alone in its row."""
    filled = [cell for cell in row if cell.text]
    return len(filled) == 1 and filled[0].is_header and filled[0].rows == 1 and filled[0].columns > 1


def _header_rows(rows: list[list[HtmlCell]]) -> int:
    """Return how many rows at the top have header cells and no others."""
    for count, row in enumerate(rows):
        filled = [cell for cell in row if cell.text]
        if not filled or not all(cell.is_header for cell in filled):
            return count
    return len(rows)


def _holds_data(grid: list[list[str]]) -> bool:
    if len(grid) < _FEWEST_ROWS or len({len(row) for row in grid}) > 1 or len(grid[0]) < 2:
        return False
    return max(len(cell) for row in grid for cell in row) <= _LONGEST_CELL and find_header(grid) is not None


def _grid(rows: list[list[HtmlCell]], titles: int) -> Iterator[list[str]]:
    """Yield the rows with each text in its column; what reaches over several rows stands in each of them.

    Args:
        rows: Of the table.
        titles: So many rows at the top stand above other headers: their texts stand in each column that they fill.
    """
    below: dict[int, _Below] = {}
    for number, row in enumerate(rows):
        line: list[str] = []
        for cell in row:
            _fill(line, below)
            if cell.rows > 1:
                below[len(line)] = _Below(cell.text if len(cell.text) <= _LONGEST_CELL else "", cell.rows - 1)
            line.append(cell.text)
            line += [cell.text if number < titles else ""] * (cell.columns - 1)
        _fill(line, below)
        yield line


def _fill(line: list[str], below: dict[int, _Below]) -> None:
    """Add what reaches down into the next columns of a row."""
    while (found := below.get(len(line))) is not None:
        found.rows -= 1
        if not found.rows:
            del below[len(line)]
        line.append(found.text)


def _merged(headers: list[list[str]]) -> list[str]:
    """Return one header of several rows: "2024 Income"."""
    width = max(len(row) for row in headers)
    columns = ([row[at] for row in headers if at < len(row) and row[at]] for at in range(width))
    return [" ".join(dict.fromkeys(column)) for column in columns]


def span(value: str | None, *, rows: bool = False) -> int:
    """Return what "colspan" or "rowspan" says, within reason."""
    digits = (value or "").strip()
    if not (digits.isascii() and digits.isdigit()):
        return 1
    number = int(digits[:6])
    if rows:
        return min(number, _LAST_ROW) if number else _LAST_ROW
    return min(max(1, number), _MOST_COLUMNS)
