"""Places where a long text is always cut, chosen by what stands there: an edit moves the cuts around it and no others.

Passages of equal share alone would all shift with one word inserted on the first page, and all would be embedded again.
A place is an anchor when it is the best one within a fixed distance on both sides: before a heading rather than at a
blank line, there rather than at the end of a sentence or line, and among equals by a hash of the words that follow.
Nothing farther away has a say in it, and anchors are never closer to each other than that distance.
"""

import re
from collections import deque
from collections.abc import Collection, Iterator
from zlib import crc32

from rag.ingestion.token_counter import Starts

_EDGE, _HEADING, _BLANK_LINE, _LINE, _PIECE = range(5)
_FOLLOWING_CHARACTERS = 48
_LONG_LINE = 2000
"""Inside such lines (minified data, a book without line ends) sentences and signs are looked at as well."""
_LINE_END = re.compile(r"\n[^\S\n]*\n\s*|\n")
_SENTENCE_OR_SIGN = re.compile(r"(?<=[\u3002\uff01\uff1f])|(?<=[.!?])[^\S\n]+|(?<=[,;}\]>])(?=[\"'{\[<])")

Candidate = tuple[int, int, int]
"""Offset in the text, kind of place, hash of what follows."""


def find_anchors(text: str, heading_starts: Collection[int], starts: Starts, distance: int) -> list[int]:
    """Return offsets in ascending order.

    Args:
        text: The text of a page.
        heading_starts: Offsets at which its headings begin.
        starts: Where its tokens start.
        distance: Tokens within which an anchor must be the best place, on both sides; the text's ends count as better.
    """
    if len(starts) <= 2 * distance:
        return []
    candidates = sorted({*_at_headings(text, heading_starts), *_at_line_ends(text)})
    candidates = [(0, _EDGE, 0), *candidates, (len(text), _EDGE, 0)]
    tokens = starts.searchsorted([position for position, _, _ in candidates]).tolist()
    keys = [(kind, key) for _, kind, key in candidates]
    best_before = _best_within(keys, tokens, distance)
    best_after = _best_within(keys[::-1], [-token for token in reversed(tokens)], distance)[::-1]
    return [
        candidate[0]
        for candidate, key, before, after in zip(candidates, keys, best_before, best_after, strict=True)
        # Of equal places none is an anchor: in a text that repeats itself any choice would depend on where it began.
        if candidate[1] != _EDGE and key < before and key < after
    ]


def _at_headings(text: str, heading_starts: Collection[int]) -> Iterator[Candidate]:
    return ((start, _HEADING, _hash(text, start)) for start in heading_starts if 0 < start < len(text))


def _at_line_ends(text: str) -> Iterator[Candidate]:
    line_start = 0
    for match in _LINE_END.finditer(text):
        if match.start() - line_start > _LONG_LINE:
            yield from _in_line(text, line_start, match.start())
        line_start = match.end()
        yield line_start, _BLANK_LINE if match[0].count("\n") > 1 else _LINE, _hash(text, line_start)
    if len(text) - line_start > _LONG_LINE:
        yield from _in_line(text, line_start, len(text))


def _in_line(text: str, start: int, end: int) -> Iterator[Candidate]:
    return (
        (match.end(), _PIECE, _hash(text, match.end())) for match in _SENTENCE_OR_SIGN.finditer(text, start + 1, end)
    )


def _hash(text: str, start: int) -> int:
    return crc32(text[start : start + _FOLLOWING_CHARACTERS].encode("utf-8", "surrogatepass"))


_Key = tuple[int, int]
_WORST: _Key = (_PIECE + 1, 0)


def _best_within(keys: list[_Key], tokens: list[int], distance: int) -> list[_Key]:
    """Return for each place the least key of the places before it that are at most `distance` tokens away."""
    best: list[_Key] = []
    window: deque[tuple[int, _Key]] = deque()
    for key, token in zip(keys, tokens, strict=True):
        while window and token - window[0][0] > distance:
            window.popleft()
        best.append(window[0][1] if window else _WORST)
        while window and window[-1][1] >= key:
            window.pop()
        window.append((token, key))
    return best
