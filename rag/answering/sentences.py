"""Sentences of a text, as spans.

Made for answers and passages alike: abbreviations, decimals, initials and list numbers do not end a sentence; line
ends of lists and paragraphs do; stops of other scripts count; a marker behind the stop ("... Paris. [1]") belongs to
the sentence in front of it. Lines inside a code fence are left together.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

_ABBREVIATION_LIST = """
    mr mrs ms dr prof sr jr st vs etc e.g i.e eg ie cf al approx ca c fig figs no nos vol ed eds inc ltd co corp dept
    est gen gov rep sen hon jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun u.s u.k u.n
    a.m p.m p pp sec art ph.d z.b d.h u.a bzw usw ggf evtl nr str abs bd hrsg vgl inkl zzgl m mme mlle av sra ud
"""
_ABBREVIATIONS = frozenset(_ABBREVIATION_LIST.split())
_ALWAYS_ENDS = "。！？｡।॥؟۔։።…⸮"
_MAY_END = ".!?"
_CLOSERS = "\"'”’»)]）】」』"
_MARKER = r"[ \t]*(?:\[\d{1,3}(?:\s*,\s*\d{1,3})*\]|【\d{1,3}[^】\n]{0,20}】|［\d{1,3}］)"
_END = re.compile(rf"[{_ALWAYS_ENDS}]+[{re.escape(_CLOSERS)}]*|[{_MAY_END}]+[{re.escape(_CLOSERS)}]*(?=\s|$|\[|【)")
_MARKERS_BEHIND = re.compile(rf"(?:{_MARKER})+")
_BLOCK_END = re.compile(r"\n\s*\n|\n(?=[ \t]*(?:[-*+•]|\d{1,3}[.)]|#{1,6})[ \t])")
_HEADING = re.compile(r"^#{1,6}[ \t].*$", re.MULTILINE)
_FENCE = re.compile(r"^(?:```|~~~).*?(?:^(?:```|~~~)[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_LAST_WORD = re.compile(r"[^\s(\[\"'“‘]+$")
_LIST_NUMBER = re.compile(r"^\s*(?:\d{1,3}|[A-Za-z])$")


@dataclass(frozen=True)
class Span:
    """`text[start:end]`, without the white space around it."""

    start: int
    end: int


def split_sentences(text: str, *, begins_line: bool = True) -> list[Span]:
    """Return the sentences of `text` in order; every character that is no white space lies in one of them.

    Args:
        text: A text, or the rest of one.
        begins_line: Whether a line begins where `text` does: else its first characters open no code and no heading.
    """
    found: list[Span] = []
    first = 0 if begins_line else 1
    for start, end in _blocks(text, first):
        if start >= first and text.startswith(("```", "~~~"), start):
            found.append(_trimmed(text, start, end))
        else:
            found += _sentences_of_block(text, start, end)
    return [span for span in found if span.start < span.end]


def _blocks(text: str, first: int) -> list[tuple[int, int]]:
    cuts = {0, len(text)}
    fences = [match.span() for match in _FENCE.finditer(text, first)]
    for fence in fences:
        cuts.update(fence)
    for match in (*_BLOCK_END.finditer(text), *_HEADING.finditer(text, first)):
        if not any(start < match.start() < end for start, end in fences):
            cuts.add(match.end())
    ordered = sorted(cuts)
    return list(pairwise(ordered))


def _sentences_of_block(text: str, start: int, end: int) -> list[Span]:
    found: list[Span] = []
    sentence_start = start
    for match in _END.finditer(text, start, end):
        stop = match.end()
        if match.start() < sentence_start or not _ends_sentence(text, sentence_start, match.start(), stop, end):
            continue
        behind = _MARKERS_BEHIND.match(text, stop, end)
        stop = behind.end() if behind else stop
        found.append(_trimmed(text, sentence_start, stop))
        sentence_start = stop
    found.append(_trimmed(text, sentence_start, end))
    return found


def _ends_sentence(text: str, sentence_start: int, mark: int, stop: int, end: int) -> bool:
    if text[mark] != ".":
        return True
    before = text[sentence_start:mark]
    if _LIST_NUMBER.match(before):
        return False
    word = _LAST_WORD.search(before)
    name = word.group().lower() if word else ""
    following = text[stop:end].lstrip()
    if following[:1].islower():
        return False
    return not (name in _ABBREVIATIONS or _is_initial(word.group() if word else "")) or not following


def _is_initial(word: str) -> bool:
    """Tell "J" and "U.S" (the last stop not counted) from words."""
    return (len(word) == 1 and word.isupper()) or (len(word) <= 5 and "." in word and word.replace(".", "").isalpha())


def _trimmed(text: str, start: int, end: int) -> Span:
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    return Span(start + left, start + len(piece.rstrip())) if piece.strip() else Span(start, start)
