"""Text that is located by its lines, in stretches that can be handled: a file of a gigabyte is thousands of pages.

A stretch ends at a line that its own words choose, so that an edit moves the ends near it and no others. A text of
ordinary length is one page, as it always was.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from zlib import crc32

from rag.ingestion.loaders import progress
from rag.ingestion.loaders.base import empty_document, has_words
from rag.ingestion.loaders.decoding import decoded_pieces, line_starts
from rag.types import Heading, Page

SHORTEST, LONGEST = 120_000, 240_000
"""Characters of a stretch."""
_LINES_FOR_AN_END = 128
"""One line in so many may end a stretch."""
_HASHED_CHARACTERS = 64


def text_pages(
    path: Path, find_headings: Callable[[str], tuple[Heading, ...]], mend: Callable[[str], str]
) -> Iterator[Page]:
    """Yield the pages of a text file while it is read; raises `DocumentError`, `EmptyDocument` at the end."""
    line, worded = 1, False
    size = path.stat().st_size
    with path.open("rb") as file:
        for index, raw in enumerate(stretches(decoded_pieces(file, path))):
            if index:
                progress.step(file.tell(), size)
            text = mend(raw)
            worded = worded or has_words(text)
            yield page_of_lines(text, index, line, find_headings(text))
            line += text.count("\n")
    if not worded:
        raise empty_document(path)


def page_of_lines(text: str, index: int, first_line: int, headings: tuple[Heading, ...] = ()) -> Page:
    """Return a page whose lines are numbered from `first_line`."""
    starts = line_starts(text)
    numbers = tuple(range(first_line, first_line + len(starts))) if first_line > 1 else ()
    return Page(
        index, None, None, text, locator_kind="lines", unit_starts=starts, headings=headings, unit_numbers=numbers
    )


def stretches(pieces: Iterable[str]) -> Iterator[str]:
    """Join pieces of a text and part it anew, none longer than `LONGEST`; at least one, however short."""
    held = ""
    for piece in pieces:
        held += piece
        while len(held) > LONGEST:
            end = _end(held)
            yield held[:end]
            held = held[end:]
    yield held


def _end(text: str) -> int:
    """Return where the first stretch of a long text ends: at a chosen line, else at any, at a space, or anywhere."""
    last = 0
    position = text.find("\n", SHORTEST, LONGEST) + 1
    while position:
        last = position
        if crc32(text[position : position + _HASHED_CHARACTERS].encode("utf-8", "replace")) % _LINES_FOR_AN_END == 0:
            break
        position = text.find("\n", position, LONGEST) + 1
    return last or text.rfind(" ", SHORTEST, LONGEST) + 1 or LONGEST
