"""Headings of PDF pages: the outline's entries where they stand on their page, and lines that number themselves.

A guess from words alone must not take table rows for headings, so only a few plain forms count, and a line that
stands on many pages is a running header.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from rag.types import Heading

Outline = Sequence[tuple[int, str, int]]

_LINE = re.compile(r"[^\n]+")
_DIVISION = re.compile(
    r"(?P<word>part|chapter|appendix|annex|article|section|item|note)\s+"
    r"(?P<number>\d+[a-z]?|[ivxlc]+|[a-z])(?=[\s.:)–—-]|$)",
    re.IGNORECASE,
)
_DIVISION_LEVELS = {
    "part": 1,
    "appendix": 1,
    "annex": 1,
    "chapter": 1,
    "item": 2,
    "article": 2,
    "section": 2,
    "note": 2,
}
_NUMBERED = re.compile(r"(?P<number>\d{1,2}(?:\.\d{1,2}){0,3})\.?[ \t]+(?P<title>[A-Z][^\n]{2,90})$")
_LONGEST = 120


def find_headings(texts: Sequence[str], outline: Outline) -> list[tuple[Heading, ...]]:
    """Return the headings of each page, in order."""
    by_page: list[list[Heading]] = [list(_guessed(text)) for text in texts]
    pages_with = Counter(title for headings in by_page for title in {heading.title for heading in headings})
    too_many = max(3, len(texts) // 10)
    named = _outline_by_page(outline, len(texts))
    return [
        _merged([heading for heading in guessed if pages_with[heading.title] <= too_many], _placed(text, entries))
        for text, guessed, entries in zip(texts, by_page, named, strict=True)
    ]


def _outline_by_page(outline: Outline, pages: int) -> list[list[tuple[int, str]]]:
    by_page: list[list[tuple[int, str]]] = [[] for _ in range(pages)]
    for level, title, index in outline:
        if 0 <= index < pages:
            by_page[index].append((level, title))
    return by_page


def _placed(text: str, entries: list[tuple[int, str]]) -> list[Heading]:
    """Find the outline's entries as lines of their page; those that stand nowhere are left out."""
    if not entries:
        return []
    lines = {_key(match[0]): match.span() for match in reversed(list(_LINE.finditer(text)))}
    placed = []
    for level, title in entries:
        key = _key(title)
        span = lines.get(key) or next((where for line, where in lines.items() if _same_heading(line, key)), None)
        if span is not None:
            placed.append(Heading(*span, level, " ".join(title.split())))
    return placed


def _same_heading(line: str, title: str) -> bool:
    """Accept a line with a number before the title, or one that holds the beginning of a longer title."""
    long_enough = len(line) >= 10 and len(title) >= 10
    return long_enough and len(line) <= len(title) + 10 and (line.endswith(title) or title.startswith(line))


def _key(title: str) -> str:
    return re.sub(r"[\W_]+", "", title).casefold()


def _guessed(text: str) -> Iterator[Heading]:
    for match in _LINE.finditer(text):
        line = match[0].strip()
        level = _level(line) if 4 <= len(line) <= _LONGEST else None
        if level is not None:
            yield Heading(match.start(), match.end(), level, " ".join(line.split()))


def _level(line: str) -> int | None:
    if line[-1] in ",;" or line.endswith("...") or re.search(r"\.{4}|[.…\s]{6,}\d+$", line):
        return None
    division = _DIVISION.match(line)
    if division and line[0].isupper() and _is_title(line[division.end() :]):
        return _DIVISION_LEVELS[division["word"].lower()]
    numbered = _NUMBERED.match(line)
    if numbered and _is_title(numbered["title"]) and not re.search(r"\d", numbered["title"]):
        return 2 + numbered["number"].count(".")
    return 3 if _is_shouted(line) else None


def _is_title(rest: str) -> bool:
    """Tell a title from a sentence that begins like one ("Section 4 of the agreement says ...")."""
    words = re.findall(r"[^\W\d_][\w’'-]*", rest)
    if not words:
        return not rest.strip(" .:)–—-")
    long_words = [word for word in words if len(word) > 3]
    capitals = sum(word[0].isupper() for word in long_words)
    ends_sentence = rest.rstrip().endswith(".") and len(words) > 8
    return words[0][0].isupper() and not ends_sentence and capitals * 3 >= len(long_words) * 2


def _is_shouted(line: str) -> bool:
    words = re.findall(r"[^\W\d_]{2,}", line)
    return len(words) >= 2 and sum(map(len, words)) >= 8 and line == line.upper() and not re.search(r"\d|\||\$", line)


def _merged(guessed: list[Heading], placed: list[Heading]) -> tuple[Heading, ...]:
    """Prefer the outline's word for a line; below an outline, guesses rank deeper than its entries."""
    taken = {heading.start for heading in placed}
    deepest = max((heading.level for heading in placed), default=0)
    others = [
        Heading(heading.start, heading.end, heading.level + deepest, heading.title)
        for heading in guessed
        if heading.start not in taken
    ]
    return tuple(sorted([*placed, *others], key=lambda heading: heading.start))
