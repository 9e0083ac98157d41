"""Headers and footers that stand on page after page: passages are cut without them, though the page's text keeps them.

A line runs when, at the top or bottom edge of its page, it stands on three pages in ten or more, at least three: word
for word, or but for the page's number in it. "Lesson 3" at the top of page 3 is a title, so a number that grows with
the pages must stand alone, beside a word for "page", before the words, or behind them at the bottom. Where a line
stands for the first time it stays in its passage: an account number in a footer must be found once, but not three
hundred times; but for bare page numbers.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby, islice

from rag.types import Page

Span = tuple[int, int]
_EDGE_LINES = 3
_LONGEST = 160
_FEWEST_PAGES = 3
_SHARE = 0.3
_LINES_FOR_EACH_EDGE_LINE = 4
_MOST_NUMBERS = 4
_FURTHEST_AHEAD = 60
"""Page numbers that are farther from the position in the file are rather numbers of invoices."""
_PAGE_WORD = re.compile(
    r"\b(?:pages?|pg|p|folio|seite|s|blatt|página|pagina|pág|pag|side|sida|sivu|strana|str|strona|sayfa|oldal|lk|"
    r"страница|стр|с|σελίδα|trang|halaman)\b|[页頁쪽]|ページ|صفحة|עמוד|पृष्ठ"
)
_WORDED_LINE = re.compile(r"[^\W_][^\n]*")
_WORD = re.compile(r"[^\W_]")
_WORDS = re.compile(r"[^\W\d_]{2,}")
_NUMBER = re.compile(r"\d{1,6}")
_ROMAN = re.compile(r"(?=[ivxlc])(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})", re.IGNORECASE)
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}


def body_spans(pages: Sequence[Page]) -> list[Span]:
    """Return for each page the span of its text without running headers and footers; the whole text where none run."""
    spans: list[Span] = []
    # Each member of an archive has headers of its own.
    for _, members in groupby(pages, key=lambda page: page.inside):
        spans += _bodies(list(members))
    return spans


def _bodies(pages: Sequence[Page]) -> list[Span]:
    whole = [(0, len(page.text)) for page in pages]
    if len(pages) < _FEWEST_PAGES or any(page.locator_kind not in {"page", "slide"} for page in pages):
        return whole
    edges = [_edges(page.text) for page in pages]
    running = _running(pages, edges)
    if not running:
        return whole
    # A bare number tells nothing, so that not even the first one is kept.
    seen = {key for key in running if "\0" in key and _WORDS.search(key) is None}
    bodies = [_body(page, *edge, running, seen) for page, edge in zip(pages, edges, strict=True)]
    worded = sum(_WORD.search(page.text) is not None for page in pages)
    kept = sum(_WORD.search(page.text, *body) is not None for page, body in zip(pages, bodies, strict=True))
    # Pages of nothing but such lines are what the document is about.
    return bodies if kept * 2 >= worded else whole


def _edges(text: str) -> tuple[list[Span], list[Span]]:
    """Return the lines at the top and those at the bottom, from the edge inwards; few on a page of few lines."""
    lines = sum(1 for _ in islice(_WORDED_LINE.finditer(text), _EDGE_LINES * _LINES_FOR_EACH_EDGE_LINE))
    most = max(1, lines // _LINES_FOR_EACH_EDGE_LINE)
    return list(islice(_top(text), most)), list(islice(_bottom(text), most))


def _top(text: str) -> Iterator[Span]:
    position = 0
    while (word := _WORD.search(text, position)) is not None:
        start, end = text.rfind("\n", 0, word.start()) + 1, text.find("\n", word.start())
        position = len(text) if end < 0 else end
        if position - start > _LONGEST:
            return
        yield start, position


def _bottom(text: str) -> Iterator[Span]:
    end = len(text)
    while end > 0:
        start = text.rfind("\n", 0, end) + 1
        if _WORD.search(text, start, end) is not None:
            if end - start > _LONGEST:
                return
            yield start, end
        end = start - 1


def _running(pages: Sequence[Page], edges: Sequence[tuple[list[Span], list[Span]]]) -> frozenset[str]:
    counted: Counter[str] = Counter()
    for page, (top, bottom) in zip(pages, edges, strict=True):
        keys = [*_keys_of(page, top, at_bottom=False).values(), *_keys_of(page, bottom, at_bottom=True).values()]
        counted.update(set().union(*keys))
    enough = max(_FEWEST_PAGES, _SHARE * len(pages))
    return frozenset(key for key, count in counted.items() if count >= enough)


def _keys_of(page: Page, lines: Sequence[Span], *, at_bottom: bool) -> dict[Span, frozenset[str]]:
    return {line: frozenset(_keys(page, line, at_bottom=at_bottom)) for line in lines}


def _keys(page: Page, span: Span, *, at_bottom: bool) -> Iterator[str]:
    """Yield the line as it is, and with what may be the page's number told by how far it is ahead of its position."""
    line = " ".join(page.text[slice(*span)].split()).casefold()
    yield line
    for match in list(_NUMBER.finditer(line))[:_MOST_NUMBERS]:
        ahead = int(match[0]) - page.index
        before, after = line[: match.start()], line[match.end() :]
        if abs(ahead) <= _FURTHEST_AHEAD and _may_be_page_number(before, after, at_bottom=at_bottom):
            yield f"{before}\0{ahead}\0{after}"
    bare = line.strip(" -–—.[]()|")
    if _ROMAN.fullmatch(bare):
        yield f"\0i{_roman(bare) - page.index}\0"


def _may_be_page_number(before: str, after: str, *, at_bottom: bool) -> bool:
    if _WORDS.search(before + " " + after) is None or _PAGE_WORD.search(before) or _PAGE_WORD.search(after):
        return True
    return not before.strip() or (at_bottom and not after.strip())


def _roman(numeral: str) -> int:
    values = [_ROMAN_VALUES[letter] for letter in numeral.lower()]
    following = [*values[1:], 0]
    return sum(-value if value < after else value for value, after in zip(values, following, strict=True))


def _body(page: Page, top: list[Span], bottom: list[Span], running: frozenset[str], seen: set[str]) -> Span:
    """Return what is left between the lines at both edges that run and have been seen."""
    start, end = 0, len(page.text)
    tops, bottoms = _keys_of(page, top, at_bottom=False), _keys_of(page, bottom, at_bottom=True)
    for span, keys in tops.items():
        if not keys & running & seen:
            break
        start = span[1]
    for span, keys in bottoms.items():
        if span[0] < start or not keys & running & seen:
            break
        end = span[0]
    seen.update(*tops.values(), *bottoms.values())
    return start, max(start, end)
