"""Passages for tests of answers: made by hand, without a library."""

from pathlib import Path

from rag.types import Locator, RankedPassage, StoredPassage


def stored(text: str, number: int = 1, *, start: int = 0, page: int = 4) -> StoredPassage:
    """Return a passage whose ids follow from `number`."""
    return StoredPassage(
        id=number,
        document_id=100 + number,
        document=f"file{number}.pdf",
        path=Path(f"/documents/file{number}.pdf"),
        ordinal=0,
        page_index=page - 1,
        page=page,
        page_label=str(page),
        start=start,
        end=start + len(text),
        text=text,
        section="",
        locator=Locator("page", str(page)),
    )


def ranked(*texts: str) -> tuple[RankedPassage, ...]:
    """Return results with these texts, best first."""
    return tuple(RankedPassage(n, 1.0 / n, stored(text, n)) for n, text in enumerate(texts, start=1))
