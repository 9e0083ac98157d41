"""Looks up in the core what the reader shows. All of it is called on a pool thread."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gui.reader.pages_view import PageMarks
from gui.reader.target import Span, Target
from rag.api import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rag.api import StoredPage, Workspace


@dataclass(frozen=True)
class OpenedDocument:
    """What is known of a document once it is open.

    Attributes:
        pages: How many there are, those of all members.
        page: The page that is wanted.
        first: Where the pages of its member begin, and `count`: how many those are.
        pictured: Its pages can be drawn.
    """

    target: Target
    kind: str
    pages: int
    page: StoredPage
    first: int
    count: int
    pictured: bool
    file_is_there: bool

    def holds(self, target: Target) -> bool:
        """Tell whether a target lies on the pages that are open."""
        same = (self.target.document_id, self.target.path) == (target.document_id, target.path)
        return same and self.first <= target.page_index < self.first + self.count


def read_document(workspace: Workspace, target: Target) -> OpenedDocument | None:
    """Look a document up; None if the library does not have it any more."""
    document_id = target.document_id
    if document_id is None:
        return None
    try:
        document = workspace.document(document_id)
        pages = workspace.page_count(document_id)
        page = workspace.page(document_id, min(target.page_index, max(0, pages - 1)))
        first, count = _member_pages(lambda index: workspace.page(document_id, index).inside, page, pages)
    except DocumentError:
        # Removed since: its quote outlives it.
        return None
    there = target.path.is_file()
    return OpenedDocument(
        target, document.kind, pages, page, first, count, there and _is_pictured(document.kind, page), there
    )


def _is_pictured(kind: str, page: StoredPage) -> bool:
    """Tell whether a page can be drawn: it has a size, or is a damaged one of a PDF, which says why it is not drawn."""
    return page.width > 0 or (kind == "pdf" and not page.inside)


def _member_pages(inside: Callable[[int], tuple[str, ...]], page: StoredPage, pages: int) -> tuple[int, int]:
    """Return where the pages of a page's member begin and how many they are: they stand together."""

    def edge(step: int, limit: int) -> int:
        """Gallop from the page in a direction, then halve, to the last page of the same member."""
        last, stride = page.index, 1
        while last != limit:
            reached = min(max(last + step * stride, 0), pages - 1)
            if inside(reached) == page.inside:
                last, stride = reached, stride * 2
            elif stride > 1:
                stride = max(1, stride // 4)
            else:
                break
        return last

    first, last = edge(-1, 0), edge(1, pages - 1)
    return first, last - first + 1


def read_marks(workspace: Workspace, target: Target) -> PageMarks:
    """Find the rectangles of a target's spans."""

    def rectangles(span: Span | None) -> tuple[tuple[float, float, float, float], ...]:
        if span is None or target.document_id is None:
            return ()
        return tuple(workspace.passage_rectangles(target.document_id, target.page_index, *span))

    return PageMarks(target.page_index, rectangles(target.passage), rectangles(target.cited))


def find_page(workspace: Workspace, document_id: int, words: str, start: int, step: int) -> tuple[int, Span] | None:
    """Find words in a document from a page on, around its end."""
    wanted = re.compile(re.escape(words), re.IGNORECASE)
    count = workspace.page_count(document_id)
    for distance in range(count):
        index = (start + step * distance) % count
        found = wanted.search(workspace.page(document_id, index).text)
        if found is not None:
            return index, found.span()
    return None


def page_by_name(workspace: Workspace, opened: OpenedDocument, name: str) -> int | None:
    """Return the index of the page of this member with a printed label, else with a number."""
    document_id = opened.target.document_id
    if document_id is None:
        return None
    name = name.strip()
    for index in range(opened.first, opened.first + opened.count):
        if (workspace.page(document_id, index).label or "").casefold() == name.casefold():
            return index
    return opened.first + int(name) - 1 if name.isdigit() and 1 <= int(name) <= opened.count else None
