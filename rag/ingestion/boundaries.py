"""Where a page's text may be cut, and how gladly: paragraphs before lines, lines before sentences, then words.

A line that ends early is a table row or the end of a paragraph; a full one only wraps.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

_BLANK_LINE, _LINE, _SENTENCE, _WRAP, _WORD = 4.0, 3.0, 2.5, 1.0, 0.5
_WIDE = "\u3002\uff01\uff1f\uff1b"
_BREAK = re.compile(rf"\n[^\S\n]*\n\s*|\n|(?<=[{_WIDE}])|[^\S\n]+|(?<=[,;}}\]>])(?=[\"'{{\[<])")
_SENTENCE_END = re.compile(r"[.!?…:;][\"'”’»)\]]*$")
_SENTENCE_START = re.compile(r"[\"'“‘«(\[]*[A-ZÀ-ÞΑ-ΩА-Я0-9]")


@dataclass(frozen=True)
class Boundaries:
    """Places to cut a text: ascending positions of the character behind each cut, and the strength of each."""

    positions: NDArray[np.int64]
    strengths: NDArray[np.float64]


def find_boundaries(text: str, anchors: Sequence[int] = ()) -> Boundaries:
    """Return every place where the text may be cut without cutting a word.

    How long a full line is, is measured between `anchors`, ascending: nothing behind an anchor has a say in it.
    """
    full_lines = [_full_line_length(text[start:end]) for start, end in pairwise([0, *anchors, len(text)])]
    positions: list[int] = []
    strengths: list[float] = []
    line_start = 0
    for match in _BREAK.finditer(text):
        found = match[0]
        if "\n" in found:
            full_line = full_lines[bisect_right(anchors, line_start)]
            strengths.append(_line_strength(text, line_start, match, full_line))
            line_start = match.end()
        else:
            ends = text[match.end() - 1] in _WIDE if not found else _ends_sentence(text, match)
            strengths.append(_SENTENCE if ends else _WORD)
        positions.append(match.end())
    return Boundaries(np.array(positions, dtype=np.int64), np.array(strengths))


def _full_line_length(text: str) -> float:
    lengths = sorted(map(len, text.split("\n")))
    return 0.75 * lengths[int(0.9 * (len(lengths) - 1))]


def _line_strength(text: str, line_start: int, match: "re.Match[str]", full_line: float) -> float:
    if match[0].count("\n") > 1:
        return _BLANK_LINE
    ended_early = match.start() - line_start < full_line
    return _LINE if ended_early or _ends_sentence(text, match) else _WRAP


def _ends_sentence(text: str, match: "re.Match[str]") -> bool:
    before = text[max(0, match.start() - 4) : match.start()]
    return bool(_SENTENCE_END.search(before)) and bool(_SENTENCE_START.match(text, match.end()))
