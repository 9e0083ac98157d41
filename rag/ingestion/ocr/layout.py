"""The order in which lines of text on a picture are read: columns one after the other, rows of a table row by row.

For engines that find lines and leave their order to us. Coordinates are pixels of the page set straight, so that a
slanted scan has level rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

_GUTTER_HEIGHTS = 0.6
"""A gap between columns is at least so many line heights wide."""
_FEWEST_LINES = 3
_PROSE_CHARACTERS = 12
"""Lines of a column hold at least so many characters on average; cells of a table hold fewer."""
_WIDE = 0.6
_SAME_ROW = 0.5
_PARAGRAPH_GAP = 0.6


@dataclass(frozen=True)
class Line:
    """A line, or a cell, that an engine found; `number` is its place in the engine's list."""

    number: int
    text: str
    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        return self.bottom - self.top


Row = list[Line]


def reading_order(lines: Sequence[Line]) -> list[list[Row]]:
    """Return blocks of rows of lines in reading order; cells that stand side by side share a row."""
    if not lines:
        return []
    height = median(line.height for line in lines)
    return [block for part in _parts(list(lines), height) for block in _blocks(_rows(part), height)]


def _parts(lines: list[Line], height: float) -> list[list[Line]]:
    """Split into columns, also between lines that run across all of them."""
    sides = _columns(lines, height)
    if sides is not None:
        return [part for side in sides for part in _parts(side, height)]
    width = max(line.right for line in lines) - min(line.left for line in lines)
    parts: list[list[Line]] = [[]]
    across = False
    for line in sorted(lines, key=lambda each: each.top + each.bottom):
        is_wide = line.right - line.left > _WIDE * width
        if parts[-1] and is_wide != across:
            parts.append([])
        across = is_wide
        parts[-1].append(line)
    split = [_columns(part, height) or (part,) for part in parts]
    if all(len(each) == 1 for each in split):
        return [lines]
    return [side for each in split for side in each]


def _columns(lines: list[Line], height: float) -> tuple[list[Line], list[Line]] | None:
    """Return what stands left and right of the widest gap from top to bottom, if both sides are prose."""
    ordered = sorted(lines, key=lambda line: line.left)
    best: tuple[float, int] | None = None
    reach = ordered[0].right if ordered else 0.0
    for index, line in enumerate(ordered[1:], 1):
        gap = line.left - reach
        if gap >= _GUTTER_HEIGHTS * height and (best is None or gap > best[0]):
            sides = ordered[:index], ordered[index:]
            if all(_is_prose(side) for side in sides):
                best = gap, index
        reach = max(reach, line.right)
    return None if best is None else (ordered[: best[1]], ordered[best[1] :])


def _is_prose(lines: list[Line]) -> bool:
    return len(lines) >= _FEWEST_LINES and sum(len(line.text) for line in lines) >= _PROSE_CHARACTERS * len(lines)


def _rows(lines: list[Line]) -> list[Row]:
    rows: list[Row] = []
    for line in sorted(lines, key=lambda each: each.top + each.bottom):
        last = rows[-1][-1] if rows else None
        overlap = min(last.bottom, line.bottom) - max(last.top, line.top) if last else 0.0
        if last is not None and overlap > _SAME_ROW * min(last.height, line.height):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda each: each.left) for row in rows]


def _blocks(rows: list[Row], height: float) -> list[list[Row]]:
    """Part rows where the space between them is that of a paragraph."""
    if not rows:
        return []
    tops = [min(line.top for line in row) for row in rows]
    bottoms = [max(line.bottom for line in row) for row in rows]
    gaps = [top - bottom for top, bottom in zip(tops[1:], bottoms, strict=False)]
    usual = median(gaps) if gaps else 0.0
    blocks = [[rows[0]]]
    for gap, row in zip(gaps, rows[1:], strict=True):
        if gap - max(usual, 0.0) > _PARAGRAPH_GAP * height:
            blocks.append([])
        blocks[-1].append(row)
    return blocks
