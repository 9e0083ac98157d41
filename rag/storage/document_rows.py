"""Documents, pages and passages as rows, and back."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

import apsw

from rag.storage.store import Row
from rag.storage.text import cjk_pieces, storable, text_hash
from rag.types import DocumentRow, Heading, LoadedDocument, Page, Passage, Skipped, StoredPage

SELECT_DOCUMENT = "SELECT id, sha256, title, kind, loader, pages, passages FROM document "
INSERT_DOCUMENT = """
INSERT INTO document (sha256, loader, chunking, title, kind, author, created, pages, passages, outline, skipped,
    stored_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, unixepoch('subsec'))
"""

SELECT_PAGE = """
SELECT document_id, page_index, number, label, text, kind, boxes, width, height, note, inside, confidence, locator_kind,
    unit_starts, unit_numbers, locator_template
FROM page
"""
SELECT_WHOLE_PAGE = """
SELECT page_index, number, label, text, kind, locator_kind, unit_starts, headings, boxes, width, height, note, inside,
    confidence, unit_numbers, locator_template
FROM page
"""
INSERT_PAGE = """
INSERT INTO page (document_id, page_index, number, label, text, kind, locator_kind, unit_starts, headings, boxes,
    width, height, note, inside, confidence, unit_numbers, locator_template)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

INSERT_PASSAGE = """
INSERT INTO passage (document_id, ordinal, page_index, start, end, token_count, text_hash, locator_kind, locator_value,
    section, context, text, pieces)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def document_values(sha256: str, document: LoadedDocument, passages: Sequence[Passage], chunking: str) -> Row:
    """Return the bindings of `INSERT_DOCUMENT`."""
    author = None if document.author is None else storable(document.author)
    created = None if document.created is None else document.created.isoformat()
    numbers = (len(document.pages), len(passages), json.dumps(document.outline))
    head = (sha256, document.loader, chunking, storable(document.title), document.kind, author, created)
    return (*head, *numbers, skipped_to_json(document.skipped))


def page_values(page: Page) -> Row:
    """Return the bindings of `INSERT_PAGE`, the document's id left out."""
    label = None if page.label is None else storable(page.label)
    headings = [(heading.start, heading.end, heading.level, heading.title) for heading in page.headings]
    structure = (page.locator_kind, json.dumps(page.unit_starts), json.dumps(headings))
    look = (page.boxes, page.width, page.height, storable(page.note), json.dumps(page.inside), page.confidence)
    units = (json.dumps(page.unit_numbers), storable(page.locator_template))
    return (page.index, page.number, label, storable(page.text), page.kind, *structure, *look, *units)


def passage_values(passage: Passage) -> Row:
    """Return the bindings of `INSERT_PASSAGE`, the document's id left out."""
    text, context, section = storable(passage.text), storable(passage.context), storable(passage.section)
    span = (passage.ordinal, passage.page_index, passage.start, passage.end, passage.token_count)
    locator = (passage.locator.kind, storable(passage.locator.value))
    pieces = cjk_pieces(f"{context}\n{text}")
    return (*span, text_hash(context, text), *locator, section, context, text, pieces)


def insert_passages(connection: apsw.Connection, document_id: int, passages: Iterable[Row]) -> None:
    """Store the passages of a document, with their words; `passages` are bindings from `passage_values`."""
    connection.executemany(INSERT_PASSAGE, ((document_id, *values) for values in passages))
    connection.execute(
        "INSERT INTO words (rowid, text, context, pieces) "
        "SELECT id, text, context, pieces FROM passage WHERE document_id = ?",
        (document_id,),
    )


def document_row(row: Row) -> DocumentRow:
    return DocumentRow(*row)


def stored_page(row: Row) -> StoredPage:
    look, (inside, confidence, locator_kind, starts, numbers, template) = row[:10], row[10:]
    units = (tuple(json.loads(starts)), tuple(json.loads(numbers)), template)
    return StoredPage(*(*look, tuple(json.loads(inside)), confidence, locator_kind, *units))


def whole_page(row: Row) -> Page:
    """Return a page with all that its loader said of it, from a row of `SELECT_WHOLE_PAGE`."""
    unit_starts, headings = row[6:8]
    structure = (tuple(json.loads(unit_starts)), tuple(Heading(*heading) for heading in json.loads(headings)))
    look, (inside, confidence, unit_numbers, template) = row[8:12], row[12:]
    units = (tuple(json.loads(inside)), confidence, tuple(json.loads(unit_numbers)), template)
    return Page(*(*row[:6], *structure, *look, *units))


def outline_of(text: str) -> tuple[tuple[int, str, int], ...]:
    """Return an outline from its JSON."""
    return tuple((level, title, page_index) for level, title, page_index in json.loads(text))


def loaded(row: Row, pages: Sequence[Page]) -> LoadedDocument:
    """Return a document as its loader gave it; `row` is title, kind, loader, author, created, outline and skipped."""
    title, kind, loader, author, created, outline, skipped = row
    date = None if created is None else datetime.fromisoformat(created)
    rest = (author, date, outline_of(outline), skipped_of(skipped))
    return LoadedDocument(title, kind, loader, tuple(pages), *rest)


def skipped_to_json(skipped: Sequence[Skipped]) -> str:
    """Return what was left out of a document as JSON, whose escapes hold names that are no Unicode."""
    return json.dumps([(each.name, each.reason, each.inside) for each in skipped])


def skipped_of(text: str) -> tuple[Skipped, ...]:
    """Return what `skipped_to_json` wrote."""
    return tuple(Skipped(name, reason, tuple(inside)) for name, reason, inside in json.loads(text))
