"""Tables as text: rows as "a | b | c" in blocks that begin with the header, so that a row keeps its header.

A block is as long as a passage may be, and each begins with a heading, where passages are cut (`chunking`). What is too
wide to stand beside its header is written as "Header: value" lines. Everything works row by row, so tables may be long.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

_BLOCK_CHARACTERS = 600
_BLOCK_WEIGHT = 185
"""What a passage holds (222 tokens and its context line), less the title line that a small stretch above may add."""
_ENDS_ONE_IN = 3
"""Once a block is half full, every third row ends it, by its own words: after an inserted row, blocks soon begin at the
same rows as before, and their passages need not be embedded again."""
_PIECE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]|[^\W\d_]{1,5}|\d{1,2}|[^\w\s]|_")
_LETTER = re.compile(r"[^\W\d_]")
_YEAR = re.compile(r"(?:19|20)\d\d")
_DATE = re.compile(r"\d{4}-\d\d(?:-\d\d)?")
_LONGEST_LABEL = 120
_HEADER_WITHIN = 20
"""A header stands in one of the first rows, or nowhere."""


@dataclass(frozen=True)
class TableLine:
    """A row as it stands in the text.

    Attributes:
        text: The line, or the lines "Header: value" of a wide row.
        number: The row's number; 0 for a header that is repeated.
        opens_block: A block begins here.
    """

    text: str
    number: int
    opens_block: bool


class TableLines:
    """Writes the rows of one table; one thread.

    Args:
        header: The header's cells, empty where the table has none.
        number: The header's row number.
    """

    def __init__(self, header: Sequence[str] = (), number: int = 0) -> None:
        self._labels = [plain_cell(cell) for cell in header]
        self._header = _joined(self._labels)
        self._header_weight = _weight(self._header)
        self._wide = self._header_weight > _BLOCK_WEIGHT // 2
        self._number = number
        self._said_header = not self._header
        self._room = 0
        self._characters = 0
        self._in_records = False

    def row(self, cells: Sequence[str], number: int) -> Iterator[TableLine]:
        """Yield the lines of a row, a header before it where a block begins; nothing for an empty row."""
        clean = [plain_cell(cell) for cell in cells]
        text = _joined(clean)
        if not text:
            return
        weight = _weight(text)
        record = bool(self._header) and (self._wide or self._header_weight + weight > _BLOCK_WEIGHT)
        if record:
            if not self._said_header:
                yield self._header_line()
                self._room = 0
            text = self._record(clean)
            weight = _weight(text)
        if not self._fits(text, weight, record):
            yield from self._begin_block(record)
            opens = record or not self._header
        else:
            opens = False
        self._room -= weight
        self._characters += len(text) + 1
        self._in_records = record
        yield TableLine(text, number, opens)
        if self._room < _BLOCK_WEIGHT // 2 and crc32(text.encode("utf-8", "replace")) % _ENDS_ONE_IN == 0:
            self.end_block()

    def finish(self) -> Iterator[TableLine]:
        """Yield the header of a table that has no other rows."""
        if not self._said_header:
            yield self._header_line()

    def end_block(self) -> None:
        """Make the next row begin a block: the text is cut here."""
        self._room = 0

    def _fits(self, text: str, weight: int, record: bool) -> bool:
        same_kind = record == self._in_records
        return same_kind and weight <= self._room and self._characters + len(text) <= _BLOCK_CHARACTERS

    def _begin_block(self, record: bool) -> Iterator[TableLine]:
        self._room = _BLOCK_WEIGHT
        self._characters = 0
        if self._header and not record:
            line = self._header_line()
            self._room -= self._header_weight
            self._characters = len(line.text) + 1
            yield line

    def _header_line(self) -> TableLine:
        number = 0 if self._said_header else self._number
        self._said_header = True
        return TableLine(self._header, number, True)

    def _record(self, cells: Sequence[str]) -> str:
        labels = [*self._labels, *[""] * (len(cells) - len(self._labels))]
        pairs = zip(labels, cells, strict=False)
        return "\n".join(f"{_short(label)}: {cell}" if label else cell for label, cell in pairs if cell)


def find_header(rows: Sequence[Sequence[str]]) -> int | None:
    """Return the index of the header among a table's first rows, which are not empty; None where it has none."""
    counts = [sum(1 for cell in row if cell.strip()) for row in rows]
    width = max(counts, default=0)
    for index, row in enumerate(rows[:_HEADER_WITHIN]):
        if counts[index] * 2 < width or counts[index] < min(width, 2):
            continue  # A title above the table.
        below = rows[index + 1 : index + 6]
        return index if _is_header(row, below) else None
    return None


def plain_cell(cell: str) -> str:
    """Return a cell's text on one line."""
    return " ".join(cell.split()) if cell else ""


def is_text(cell: str) -> bool:
    """Tell whether a cell holds words, not a number, a date or an amount with its currency."""
    letters = len(_LETTER.findall(cell))
    return letters > 0 and (letters > 3 or not any(sign.isdigit() for sign in cell))


def _is_header(row: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    cells = [cell for cell in row if cell.strip()]
    if not cells or max(len(cell) for cell in cells) > _LONGEST_LABEL:
        return False
    if sum(len(cell) for cell in cells) > 60 * len(cells):
        return False
    texts = sum(is_text(cell) for cell in cells)
    if len(cells) == 1:
        # A list of words has no header; a column of numbers under a word has.
        return texts == 1 and any(_filled(other) and not any(map(is_text, other)) for other in below)
    labels = sum(
        is_text(cell)
        or (_is_year_or_date(cell) and not any(_is_year_or_date(other[at]) for other in below if other[at:]))
        for at, cell in enumerate(row)
    )
    return texts > 0 and labels * 5 >= len(cells) * 3


def _is_year_or_date(cell: str) -> bool:
    return bool(_YEAR.fullmatch(cell) or _DATE.fullmatch(cell))


def _filled(row: Sequence[str]) -> bool:
    return any(cell.strip() for cell in row)


def _joined(cells: Sequence[str]) -> str:
    last = len(cells)
    while last and not cells[last - 1]:
        last -= 1
    return " | ".join(cells[:last])


def _weight(text: str) -> int:
    """Return how many tokens a text has, rather too many; the model that counts them is not known to loaders."""
    return len(_PIECE.findall(text))


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else label[:_LONGEST_LABEL].rsplit(" ", 1)[0] + "…"
