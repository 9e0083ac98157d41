"""RapidOCR, which comes with its models as a Python package, and so is on every computer.

It finds lines and reads each of them. Their order, and which way up the page lies, is found out here: its own
classifier turns good lines upside down.
"""

import math
import os
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rag.ingestion.ocr.engine import Word
from rag.ingestion.ocr.layout import Line, reading_order

if TYPE_CHECKING:
    from PIL import Image

_MOST_PIXELS_A_SIDE = 2000
_MOST_PIXELS_TO_FIND = 1440
"""Lines are found on a smaller picture: that takes the most memory. They are read at full size."""
_UNSURE = 0.85
"""Below this confidence a page may lie upside down."""
_SIDEWAYS = 1.5

Corners = NDArray[np.float64]


def rapidocr_installed() -> bool:
    """Tell whether the package is there, without importing it."""
    return find_spec("rapidocr") is not None


class RapidOcr:
    """PP-OCR models on ONNX Runtime, one thread; loads at the first page."""

    name = "rapidocr"

    def words(self, picture: "Image.Image", dots_per_inch: int) -> list[Word]:  # noqa: ARG002 - it is told by other engines only.
        """Return the words in reading order, wherever the page's top is."""
        pixels = np.asarray(picture.convert("L"))
        turns, found = 0, self._lines(pixels)
        if sum(_height(line.corners) > _SIDEWAYS * _width(line.corners) for line in found) * 2 > len(found):
            turns, found = 1, self._lines(np.rot90(pixels))
        if found and _confidence(found) < _UNSURE:
            other = self._lines(np.rot90(pixels, turns + 2))
            if _confidence(other) > _confidence(found):
                turns, found = turns + 2, other
        words = _in_order(found)
        return [_turned_back(word, turns % 4, picture.size) for word in words]

    def _lines(self, pixels: NDArray[np.uint8]) -> list["_Found"]:
        result = self._engine(np.repeat(np.ascontiguousarray(pixels)[:, :, None], 3, axis=2))
        if result.boxes is None:
            return []
        found = zip(result.boxes, result.txts, result.scores, result.word_results, strict=True)
        return [
            _Found(np.asarray(box, np.float64), text, float(score), words)
            for box, text, score, words in found
            if text.strip()
        ]

    @cached_property
    def _engine(self) -> Any:
        # Its models lie in the package; nothing may be fetched.
        os.environ["OMP_NUM_THREADS"] = "1"
        from rapidocr import RapidOCR

        return RapidOCR(
            params={
                "Global.log_level": "critical",
                "Global.use_cls": False,
                "Global.return_word_box": True,
                "Global.max_side_len": _MOST_PIXELS_A_SIDE,
                "Det.limit_type": "max",
                "Det.limit_side_len": _MOST_PIXELS_TO_FIND,
                "Rec.rec_batch_num": 1,
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )


class _Found:
    """A line as the engine gives it.

    Attributes:
        corners: (4, 2), from the top left clockwise.
        words: The engine's pieces: text, confidence and corners of each.
    """

    def __init__(self, corners: Corners, text: str, confidence: float, words: Sequence[Any]) -> None:
        self.corners = corners
        self.text = text.strip()
        self.confidence = confidence
        self.words = words


def _width(corners: Corners) -> float:
    return float(np.ptp(corners[:, 0]))


def _height(corners: Corners) -> float:
    return float(np.ptp(corners[:, 1]))


def _confidence(found: Sequence[_Found]) -> float:
    characters = sum(len(line.text) for line in found)
    return sum(line.confidence * len(line.text) for line in found) / max(1, characters)


def _in_order(found: Sequence[_Found]) -> list[Word]:
    lines = [_straight(number, line, _slant(found)) for number, line in enumerate(found)]
    words: list[Word] = []
    row_number = 0
    for block_number, block in enumerate(reading_order(lines)):
        for row in block:
            for line in row:
                words += _words(found[line.number], row_number, block_number)
            row_number += 1
    return words


def _slant(found: Sequence[_Found]) -> float:
    """Return the angle of the lines in radians: the median over the longer ones."""
    edges = [line.corners[1] - line.corners[0] for line in found if _width(line.corners) > 3 * _height(line.corners)]
    return float(np.median([math.atan2(y, x) for x, y in edges])) if edges else 0.0


def _straight(number: int, line: _Found, slant: float) -> Line:
    """Return the line as it would stand if the page were level."""
    cos, sin = math.cos(-slant), math.sin(-slant)
    level = line.corners @ np.array([[cos, sin], [-sin, cos]])
    left, top = level.min(axis=0)
    right, bottom = level.max(axis=0)
    return Line(number, line.text, float(left), float(top), float(right), float(bottom))


def _words(line: _Found, row: int, block: int) -> list[Word]:
    """Part a line at its spaces, and box each part by the engine's pieces, or by its share of the line."""
    pieces = _pieces(line)
    words: list[Word] = []
    start = 0
    for text in line.text.split():
        start = line.text.index(text, start)
        end = start + len(text)
        corners, sure = _around(line, pieces, start, end)
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
        words.append(Word(text, float(left), float(top), float(right), float(bottom), sure, row, block))
        start = end
    return words


def _pieces(line: _Found) -> list[tuple[int, int, float, Corners]]:
    """Return where each of the engine's pieces stands in the line's text, with confidence and corners."""
    pieces: list[tuple[int, int, float, Corners]] = []
    start = 0
    for text, confidence, corners in line.words:
        found = line.text.find(text, start) if text and corners is not None else -1
        if found >= 0:
            start = found + len(text)
            pieces.append((found, start, float(confidence), np.asarray(corners, np.float64)))
    return pieces


def _around(
    line: _Found, pieces: Sequence[tuple[int, int, float, Corners]], start: int, end: int
) -> tuple[Corners, float]:
    inside = [piece for piece in pieces if piece[0] < end and piece[1] > start]
    if inside:
        return np.vstack([piece[3] for piece in inside]), sum(piece[2] for piece in inside) / len(inside)
    first, last = start / len(line.text), end / len(line.text)
    top, bottom = line.corners[1] - line.corners[0], line.corners[2] - line.corners[3]
    corners = [line.corners[0] + share * top for share in (first, last)]
    corners += [line.corners[3] + share * bottom for share in (first, last)]
    return np.array(corners), line.confidence


def _turned_back(word: Word, turns: int, size: tuple[int, int]) -> Word:
    """Return a word's box on the picture as it was, before quarter turns against the clock."""
    left, top, right, bottom = word.left, word.top, word.right, word.bottom
    width, height = size
    if turns == 1:
        left, top, right, bottom = width - bottom, left, width - top, right
    elif turns == 2:
        left, top, right, bottom = width - right, height - bottom, width - left, height - top
    elif turns == 3:
        left, top, right, bottom = top, height - right, bottom, height - left
    return Word(word.text, left, top, right, bottom, word.confidence, word.line, word.block)
