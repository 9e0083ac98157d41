"""What the reader is asked to show. Frozen, so that an answer that comes late is known to be late."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.api import Citation, RankedPassage, StoredPassage

Span = tuple[int, int]


@dataclass(frozen=True)
class Target:
    """A place in a document.

    Attributes:
        name: The document as the user knows it.
        document_id: Its text in the library; None if it is not there any more.
        passage: The span to mark on the page.
        cited: The span inside it that an answer rests on.
        quote: Its words, which outlive the document.
        inside: The members on the way to the page; empty for the file's own pages.
    """

    name: str
    path: Path
    document_id: int | None
    page_index: int = 0
    passage: Span | None = None
    cited: Span | None = None
    quote: str = ""
    inside: tuple[str, ...] = ()


def passage_target(passage: StoredPassage) -> Target:
    """Return the place of a passage that was found."""
    span = (passage.start, passage.end)
    document, page = passage.document_id, passage.page_index
    return Target(passage.document, passage.path, document, page, span, None, passage.text, passage.inside)


def citation_target(citation: Citation, found: Sequence[RankedPassage]) -> Target:
    """Return the place of a citation: its span, inside the passage that was found there."""
    span = (citation.start, citation.end)
    around = next(
        (
            (each.passage.start, each.passage.end)
            for each in found
            if each.passage.document_id == citation.document_id
            and each.passage.page_index == citation.page_index
            and each.passage.start < citation.end
            and citation.start < each.passage.end
        ),
        span,
    )
    document, page = citation.document_id, citation.page_index
    return Target(citation.document, citation.path, document, page, around, span, citation.quote, citation.inside)
