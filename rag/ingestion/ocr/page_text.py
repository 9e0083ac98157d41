"""From words on a picture to the text of a page: lines, paragraphs, and a box for each character."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from rag.ingestion.boxes import Boxes
from rag.ingestion.ocr.engine import Word

DOUBTFUL = 0.85
"""Below this confidence a page's text is called doubtful: see docs/ocr.md for what was measured."""


@dataclass(frozen=True)
class RecognisedText:
    """What was read off a picture.

    Attributes:
        text: Lines, with an empty line between paragraphs.
        boxes: (len(text), 4) pixels, as in `rag.ingestion.boxes`.
        confidence: Of all characters together, 0 to 1; 0 where there is no word.
    """

    text: str
    boxes: Boxes
    confidence: float


def assemble(words: Sequence[Word]) -> RecognisedText:
    """Put words together; a word broken at the end of a line becomes whole, as it does in the text of a PDF."""
    text = ""
    boxes: list[list[float]] = []
    nowhere = [float("nan")] * 4
    for before, word in zip([None, *words], words, strict=False):
        if before is not None and _continues(before, word):
            text = text[:-1]
            boxes.pop()
        elif before is not None:
            between = _between(before, word)
            text += between
            boxes += [nowhere] * len(between)
        text += word.text
        boxes += _character_boxes(word)
    characters = sum(len(word.text) for word in words)
    sure = sum(word.confidence * len(word.text) for word in words)
    packed = np.array(boxes, dtype=np.float32).reshape(-1, 4)
    return RecognisedText(text, packed, round(sure / characters, 4) if characters else 0.0)


def _continues(before: Word, word: Word) -> bool:
    """Tell whether a hyphen at the end of a line only breaks a word: the rest begins small."""
    broken = len(before.text) > 2 and before.text[-1] in "-\u00ad\u2010" and before.text[-2].isalpha()
    return broken and word.line != before.line and word.text[0].islower()


def _between(before: Word, word: Word) -> str:
    if before.block != word.block:
        return "\n\n"
    if before.line != word.line:
        return "\n"
    return "" if _is_dense(before.text[-1]) and _is_dense(word.text[0]) else " "


def _is_dense(character: str) -> bool:
    """Tell whether a character's script sets no spaces between words: Chinese and Japanese."""
    return "\u3000" <= character <= "\u30ff" or "\u3400" <= character <= "\u9fff" or "\uff00" <= character <= "\uffef"


def _character_boxes(word: Word) -> list[list[float]]:
    """Part a word's box among its characters along its longer side, for text that runs across or down."""
    count = len(word.text)
    down = word.bottom - word.top > 1.5 * (word.right - word.left) and count > 1
    first, last = (word.top, word.bottom) if down else (word.left, word.right)
    edges = [first + (last - first) * index / count for index in range(count + 1)]
    pairs = pairwise(edges)
    if down:
        return [[word.left, start, word.right, end] for start, end in pairs]
    return [[start, word.top, end, word.bottom] for start, end in pairs]
