"""What was read and what was not: the numbers and maps of reading reports, counted where the rows are."""

import json
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, get_args

from rag.reports import PageReport
from rag.storage.document_rows import skipped_of
from rag.storage.library_files import SELECT_FILE, file_of
from rag.storage.paths import path_from_sql
from rag.storage.store import Store, fetch
from rag.types import FileRow, PageKind, Skipped

_CHOSEN = "(:collection_id IS NULL OR collection_id = :collection_id)"

# A path that is in several collections is one document.
_COUNT_FILES = f"""
SELECT
    count(DISTINCT path),
    count(DISTINCT path) FILTER (WHERE state IN ('queued', 'reading', 'searchable'))
FROM file WHERE {_CHOSEN}
"""

_OF_CHOSEN = f"(SELECT DISTINCT document_id FROM file WHERE document_id IS NOT NULL AND {_CHOSEN})"
_COUNT_TEXTS = f"SELECT coalesce(sum(pages), 0), coalesce(sum(passages), 0) FROM document WHERE id IN {_OF_CHOSEN}"
_COUNT_KINDS = f"""
SELECT kind, count(*) FROM {_OF_CHOSEN} AS chosen
CROSS JOIN page INDEXED BY page_map ON page.document_id = chosen.document_id
GROUP BY kind
"""

_MAP = """
SELECT page_index, number, label, kind, inside, confidence, note
FROM page INDEXED BY page_map WHERE document_id = ?
"""

_PASSAGES_BY_PAGE = """
SELECT page_index, count(*) FROM passage INDEXED BY passage_page WHERE document_id = ? GROUP BY page_index
"""

_SAME_BYTES = """
SELECT DISTINCT path FROM file
WHERE document_id = (SELECT document_id FROM file WHERE id = :file_id)
    AND path <> (SELECT path FROM file WHERE id = :file_id)
ORDER BY path
"""


class ReportCounts(NamedTuple):
    """How much of a collection, or of the library, was read; each text once."""

    documents: int
    pending: int
    pages: int
    passages: int
    pages_by_kind: dict[PageKind, int]


class ReportStore(Store):
    """Reading reports of documents and collections."""

    def report_counts(self, collection_id: int | None) -> ReportCounts:
        """Return the numbers of a collection, or of the whole library, all of one moment."""
        asked = {"collection_id": collection_id}
        kinds: dict[PageKind, int] = dict.fromkeys(get_args(PageKind), 0)
        with self.db.read() as connection:
            documents, pending = connection.execute(_COUNT_FILES, asked).get
            pages, passages = connection.execute(_COUNT_TEXTS, asked).get
            kinds.update(fetch(connection, _COUNT_KINDS, asked))
        return ReportCounts(documents, pending, pages, passages, kinds)

    def unread_files(self, collection_id: int | None) -> list[FileRow]:
        """Return the files with a problem that was not accepted, and those that were given up unread; by path."""
        condition = (
            f"WHERE {_CHOSEN} AND (problem_code IS NOT NULL AND NOT accepted"
            " OR state = 'cancelled' AND document_id IS NULL) ORDER BY path"
        )
        with self.db.read() as connection:
            return [
                file_of(row) for row in connection.execute(SELECT_FILE + condition, {"collection_id": collection_id})
            ]

    def page_map(self, document_id: int) -> tuple[PageReport, ...]:
        """Return what is known of each page of a document but its text, in order."""
        with self.db.read() as connection:
            rows = fetch(connection, _MAP, (document_id,))
            passages: dict[int, int] = dict(fetch(connection, _PASSAGES_BY_PAGE, (document_id,)))
        rows.sort()
        return tuple(
            PageReport(index, number, label, kind, _members(inside), confidence, note, passages.get(index, 0))
            for index, number, label, kind, inside, confidence, note in rows
        )

    def skipped_parts(self, document_id: int) -> tuple[Skipped, ...]:
        """Return what was left out of a document."""
        with self.db.read() as connection:
            text = connection.execute("SELECT skipped FROM document WHERE id = ?", (document_id,)).get
        return () if text is None else skipped_of(text)

    def same_bytes(self, file_id: int) -> tuple[Path, ...]:
        """Return the other files of the library with the same contents."""
        with self.db.read() as connection:
            return tuple(path_from_sql(path) for (path,) in fetch(connection, _SAME_BYTES, {"file_id": file_id}))


@lru_cache(maxsize=1024)
def _members(inside: str) -> tuple[str, ...]:
    return tuple(json.loads(inside))
