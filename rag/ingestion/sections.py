"""The path of headings above each stretch of text, "Part II › Deposits", carried from page to page."""

from collections.abc import Iterator
from dataclasses import dataclass

from rag.types import Heading, Page

_LONGEST_TITLE = 80
_DEEPEST = 3


@dataclass(frozen=True)
class Segment:
    """`text[start:end]` of a page, under one heading; `section` is its path of headings."""

    start: int
    end: int
    section: str


class SectionPath:
    """The headings that are open while a document is read from top to bottom."""

    def __init__(self) -> None:
        self._open: list[Heading] = []

    def segments(self, page: Page) -> Iterator[Segment]:
        """Yield the page's stretches between headings, in order, without gaps.

        A heading without a title parts the text, and leaves the section as it was: a table's block.
        """
        start = 0
        for heading in page.headings:
            if heading.start > start:
                yield Segment(start, heading.start, self.path)
                start = heading.start
            if heading.title:
                self._enter(heading)
        if start < len(page.text):
            yield Segment(start, len(page.text), self.path)

    @property
    def path(self) -> str:
        """Return the open headings, outermost first; of deep ones the innermost."""
        return " › ".join(_short(heading.title) for heading in self._open[-_DEEPEST:])

    def _enter(self, heading: Heading) -> None:
        while self._open and self._open[-1].level >= heading.level:
            self._open.pop()
        self._open.append(heading)


def _short(title: str) -> str:
    if len(title) <= _LONGEST_TITLE:
        return title
    return title[:_LONGEST_TITLE].rsplit(" ", 1)[0] + "…"
