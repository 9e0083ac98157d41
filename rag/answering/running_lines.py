"""Leaves out of a prompt what stands on every page: running headers, footers, and the page's own number.

They belong to the text and stay in passages, where marks and searches need them; but a small model that reads them
between the passages takes them for the answer.
"""

from collections import Counter
from collections.abc import Sequence

from rag.types import StoredPassage

_EDGE_LINES = 2
_LONGEST = 80
_SEEN_ON_PAGES = 2


def without_running_lines(passages: Sequence[StoredPassage]) -> list[str]:
    """Return the passages' texts, stripped, without the lines at their edges that other pages of the document share."""
    pages: Counter[tuple[int, str]] = Counter()
    for document_id, _page, line in {
        (passage.document_id, passage.page_index, line) for passage in passages for line in _edges(passage.text)
    }:
        pages[document_id, line] += 1
    return [_trimmed(passage, pages) for passage in passages]


def _edges(text: str) -> list[str]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return [line for line in lines[:_EDGE_LINES] + lines[-_EDGE_LINES:] if len(line) <= _LONGEST]


def _trimmed(passage: StoredPassage, pages: Counter[tuple[int, str]]) -> str:
    if passage.page is None:
        return passage.text.strip()

    def runs(line: str) -> bool:
        line = line.strip()
        own = {"", passage.page_label, str(passage.page)}
        return line in own or pages[passage.document_id, line] >= _SEEN_ON_PAGES

    lines = passage.text.splitlines()
    for _line in range(_EDGE_LINES):
        lines = lines[1:] if lines and runs(lines[0]) else lines
        lines = lines[:-1] if lines and runs(lines[-1]) else lines
    # A passage of nothing else is left as it is: an empty block would only confuse.
    return "\n".join(lines).strip() or passage.text.strip()
