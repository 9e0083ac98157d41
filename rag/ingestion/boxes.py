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
    if _runs_down(chosen):
        turned = [_around(line) for line in _lines(chosen[:, [1, 0, 3, 2]])]
        return [(left, top, right, bottom) for top, left, bottom, right in turned]
    return [_around(line) for line in _lines(chosen)]


def _runs_down(boxes: Boxes) -> bool:
    """Tell whether the text is turned by a quarter: characters lie on their sides, one below or above the other."""
    if len(boxes) < 2:
        return False
    steps = np.abs(np.diff((boxes[:, :2] + boxes[:, 2:]) / 2, axis=0))
    sizes = np.median(boxes[:, 2:] - boxes[:, :2], axis=0)
    return bool((steps[:, 1] > steps[:, 0]).sum() * 2 > len(steps) and sizes[0] > sizes[1])


def _lines(boxes: Boxes) -> list[Boxes]:
    """Part boxes in reading order, whichever way it runs, where the next one is not on the same line any more."""
    if not len(boxes):
        return []
    lines: list[Boxes] = []
    first = 0
    left, top, right, bottom = boxes[0].tolist()
    for index, box in enumerate(boxes[1:].tolist(), 1):
        height = max(bottom - top, box[3] - box[1])
        overlap = min(bottom, box[3]) - max(top, box[1])
        gap = max(box[0] - right, left - box[2])
        if overlap >= _SAME_LINE_OVERLAP * min(bottom - top, box[3] - box[1]) and gap <= _GAP_HEIGHTS * height:
            left, top, right, bottom = min(left, box[0]), min(top, box[1]), max(right, box[2]), max(bottom, box[3])
        else:
            lines.append(boxes[first:index])
            first, (left, top, right, bottom) = index, box
    lines.append(boxes[first:])
    return lines


def _around(boxes: Boxes) -> Rectangle:
    left, top = boxes[:, 0].min(), boxes[:, 1].min()
    right, bottom = boxes[:, 2].max(), boxes[:, 3].max()
    return float(left), float(top), float(right), float(bottom)
