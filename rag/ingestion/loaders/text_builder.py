"""Builds the text of formats that have no layout: paragraphs and table rows, one below the other, with headings.

Offsets are known while the text grows, so headings and paragraph starts need no search afterwards.
"""

import re

from rag.types import Heading, Page


class TextBuilder:
    """Collects paragraphs into one page located by paragraphs; one thread."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._starts: list[int] = []
        self._headings: list[Heading] = []
        self._after_row = False

    def paragraph(self, text: str) -> None:
        """Add a paragraph, with an empty line above it; nothing if it is blank."""
        self._add(text, row=False)

    def row(self, cells: list[str]) -> None:
        """Add a table row as "a | b | c"; rows follow each other without empty lines."""
        if any(cells):
            self._add(" | ".join(cells), row=True)

    def heading(self, text: str, level: int) -> None:
        """Add a heading; level 1 is the outermost."""
        title = re.sub(r"\s+", " ", text).strip()
        if not title:
            return
        self._add(title, row=False)
        self._headings.append(Heading(self._starts[-1], self._length, level, title))

    def end_table(self) -> None:
        """Make the next row begin a new table."""
        self._after_row = False

    @property
    def headings(self) -> tuple[Heading, ...]:
        return tuple(self._headings)

    def page(self) -> Page:
        """Return everything as one page without a number."""
        return Page(
            0,
            None,
            None,
            "".join(self._parts),
            locator_kind="paragraph",
            unit_starts=tuple(self._starts),
            headings=self.headings,
        )

    def _add(self, text: str, *, row: bool) -> None:
        text = text.strip("\n")
        if not text.strip():
            return
        if self._parts:
            separator = "\n" if row and self._after_row else "\n\n"
            self._parts.append(separator)
            self._length += len(separator)
        self._starts.append(self._length)
        self._parts.append(text)
        self._length += len(text)
        self._after_row = row
