"""Where characters stand on their page: float32 boxes, four numbers each, and rectangles that mark a span of them.

Boxes are left, top, right, bottom in points from the top left corner of the page as it is shown; NaN where a character
has no box (line ends, signs that pdfium made up).
"""

import zlib

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float32]
Rectangle = tuple[float, float, float, float]

_SAME_LINE_OVERLAP = 0.5
_GAP_HEIGHTS = 4.0
"""A gap wider than so many line heights parts two columns."""


def pack(boxes: Boxes) -> bytes:
    """Return the boxes as one compressed blob."""
    return zlib.compress(np.ascontiguousarray(boxes, dtype=np.float32).tobytes(), 1)


def unpack(packed: bytes) -> Boxes:
    """Return the boxes of `pack`, shape (n, 4); none for an empty blob."""
    data = zlib.decompress(packed) if packed else b""
    return np.frombuffer(data, dtype=np.float32).reshape(-1, 4)


def span_rectangles(boxes: Boxes, text: str, start: int, end: int) -> list[Rectangle]:
    """Return what to mark for `text[start:end]`: one rectangle for each line, top to bottom as it is read."""
    if len(boxes) != len(text):
        return []
    chosen = boxes[max(0, start) : max(0, end)]
    chosen = chosen[~np.isnan(chosen).any(axis=1)]
    chosen = chosen[(chosen[:, 2] > chosen[:, 0]) & (chosen[:, 3] > chosen[:, 1])]
    return [_around(line) for line in _lines(chosen)]


def _lines(boxes: Boxes) -> list[Boxes]:
    """Part boxes in reading order where the next one is not on the same line any more."""
    if not len(boxes):
        return []
    lines: list[Boxes] = []
    first = 0
    top, bottom, right = boxes[0][1], boxes[0][3], boxes[0][2]
    for index in range(1, len(boxes)):
        box = boxes[index]
        height = max(bottom - top, box[3] - box[1])
        overlap = min(bottom, box[3]) - max(top, box[1])
        overlaps = overlap >= _SAME_LINE_OVERLAP * min(bottom - top, box[3] - box[1])
        if overlaps and -height <= box[0] - right <= _GAP_HEIGHTS * height:
            top, bottom, right = min(top, box[1]), max(bottom, box[3]), max(right, box[2])
        else:
            lines.append(boxes[first:index])
            first, top, bottom, right = index, box[1], box[3], box[2]
    lines.append(boxes[first:])
    return lines


def _around(boxes: Boxes) -> Rectangle:
    left, top = boxes[:, 0].min(), boxes[:, 1].min()
    right, bottom = boxes[:, 2].max(), boxes[:, 3].max()
    return float(left), float(top), float(right), float(bottom)
