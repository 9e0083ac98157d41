"""Pages that wait for text recognition, and what it made of them: each page is a durable unit of work.

A page waits while its kind is `scanned`. Its text, its passages and their words change in one transaction, so a crash
costs the page that was being read and nothing else.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import apsw

from rag.storage import document_rows as rows
from rag.storage.library_files import problem_values
from rag.storage.paths import path_from_sql
from rag.storage.store import Store, fetch, id_list
from rag.types import FileProblem, Page, Passage

# Documents are shared: the file that waited longest stands for all that have it.
_WAITING = """
SELECT page.id, page.document_id, page.page_index, min(file.id), file.path, document.title, document.kind,
    document.loader
FROM file
CROSS JOIN page ON page.document_id = file.document_id AND page.kind = 'scanned'
JOIN document ON document.id = page.document_id
WHERE file.state IN ('searchable', 'ready') AND document.id NOT IN (SELECT value FROM json_each(?))
GROUP BY page.id ORDER BY min(file.queue_place), page.page_index LIMIT ?
"""

_COUNT_WAITING = """
SELECT count(DISTINCT page.id) FROM file JOIN page ON page.document_id = file.document_id AND page.kind = 'scanned'
WHERE file.state IN ('searchable', 'ready') AND (:collection_id IS NULL OR collection_id = :collection_id)
"""

_UPDATE_PAGE = """
UPDATE page SET text = ?, kind = ?, note = ?, confidence = ?, boxes = ?, width = ?, height = ?, headings = '[]',
    unit_starts = '[]', unit_numbers = '[]'
WHERE id = ? AND kind = 'scanned'
"""

_FORGET_WORDS = """
INSERT INTO words (words, rowid, text, context, pieces)
SELECT 'delete', id, text, context, pieces FROM passage WHERE document_id = ? AND page_index = ?
"""

_DEPART = """
INSERT OR IGNORE INTO departed
SELECT collection_id, passage_id FROM indexed
WHERE passage_id IN (SELECT id FROM passage WHERE document_id = ? AND page_index = ?)
"""

_FORGET_VECTOR = """
DELETE FROM vector WHERE text_hash = ? AND NOT EXISTS (SELECT 1 FROM passage WHERE passage.text_hash = ?1)
"""

_ADD_WORDS = """
INSERT INTO words (rowid, text, context, pieces)
SELECT id, text, context, pieces FROM passage WHERE document_id = ? AND page_index = ?
"""


@dataclass(frozen=True)
class WaitingPage:
    """A page to be recognised, with what is needed to do it.

    Attributes:
        page: As its loader left it.
        path: A file that has it.
    """

    page_id: int
    document_id: int
    file_id: int
    path: Path
    title: str
    kind: str
    loader: str
    page: Page


class RecognitionStore(Store):
    """What text recognition asks of the library, and gives to it."""

    def pages_to_recognise(self, limit: int, but: Collection[int] = ()) -> list[WaitingPage]:
        """Return the pages that wait, files in the order they were queued, pages in theirs, some documents left out."""
        with self.db.read() as connection:
            found = fetch(connection, _WAITING, (id_list(but), limit))
            return [
                WaitingPage(
                    page_id, document_id, file_id, path_from_sql(path), title, kind, loader,
                    _page(connection, document_id, index),
                )
                for page_id, document_id, index, file_id, path, title, kind, loader in found
            ]  # fmt: skip

    def count_to_recognise(self, collection_id: int | None = None) -> int:
        """Return how many pages wait, of a collection or of all."""
        with self.db.read() as connection:
            return int(connection.execute(_COUNT_WAITING, {"collection_id": collection_id}).get)

    def store_recognised(self, page_id: int, page: Page, passages: Sequence[Passage] | None) -> bool:
        """Put a page in the place of the one that waited, with its passages; False if that is gone or done.

        Passages stay as they are if None. Files that were ready are searchable until the new passages are indexed.
        """
        with self.db.write() as connection:
            document_id = connection.execute("SELECT document_id FROM page WHERE id = ?", (page_id,)).get
            look = (page.text, page.kind, page.note, page.confidence, page.boxes, page.width, page.height)
            connection.execute(_UPDATE_PAGE, (*look, page_id))
            if not connection.changes():
                return False
            if passages is not None:
                _replace_passages(connection, document_id, page.index, passages)
            connection.execute(
                "UPDATE file SET state = 'searchable' WHERE document_id = ? AND state = 'ready'", (document_id,)
            )
            return True

    def ask_recognition(self, document_id: int, page_indices: Sequence[int] | None) -> int:
        """Have pages recognised (again), or all that have no text if None; returns how many.

        Text that a page has stays until it is replaced. Files of the document are searchable, not ready, until then.
        """
        with self.db.write() as connection:
            kinds = "kind IN ('empty', 'failed', 'scanned')"
            values: tuple[int | str, ...] = (document_id,)
            if page_indices is not None:
                kinds = "page_index IN (SELECT value FROM json_each(?))"
                values = (document_id, id_list(page_indices))
            connection.execute(f"UPDATE page SET kind = 'scanned' WHERE document_id = ? AND {kinds}", values)
            count = connection.changes()
            connection.execute(
                "UPDATE file SET state = 'searchable' WHERE document_id = ? AND state = 'ready'", (document_id,)
            )
            return count

    def reopen_waiting(self) -> None:
        """Take files for unfinished again that have pages which wait: an engine is there now."""
        with self.db.write() as connection:
            connection.execute(
                "UPDATE file SET state = 'searchable' WHERE state = 'ready' AND EXISTS "
                "(SELECT 1 FROM page WHERE page.document_id = file.document_id AND kind = 'scanned')"
            )

    def recognised_pages(self, sha256: str) -> tuple[Page, ...]:
        """Return what was recognised in files of these bytes, whichever loader read them: not to be done again."""
        with self.db.read() as connection:
            found = connection.execute(
                rows.SELECT_WHOLE_PAGE
                + "WHERE kind = 'ocr' AND document_id IN (SELECT id FROM document WHERE sha256 = ?)",
                (sha256,),
            )
            return tuple(rows.whole_page(row) for row in found)

    def documents_with_waiting(self) -> list[int]:
        """Return the documents that have pages which wait."""
        with self.db.read() as connection:
            found = connection.execute("SELECT DISTINCT document_id FROM page WHERE kind = 'scanned'")
            return [int(document_id) for (document_id,) in found]

    def files_of_document(self, document_id: int) -> list[tuple[int, int, Path]]:
        """Return id, collection and path of the files that have a document."""
        with self.db.read() as connection:
            found = fetch(connection, "SELECT id, collection_id, path FROM file WHERE document_id = ?", (document_id,))
            return [(file_id, collection_id, path_from_sql(path)) for file_id, collection_id, path in found]

    def set_file_problem(self, file_id: int, problem: FileProblem | None) -> None:
        """Note what is wrong with a file now; its state stays."""
        with self.db.write() as connection:
            connection.execute(
                "UPDATE file SET problem_code = :code, problem_message = :message, problem_remedy = :remedy, "
                "problem_path = :path WHERE id = :file_id",
                {"file_id": file_id, **problem_values(problem)},
            )


def _page(connection: apsw.Connection, document_id: int, index: int) -> Page:
    found = connection.execute(
        rows.SELECT_WHOLE_PAGE + "WHERE document_id = ? AND page_index = ?", (document_id, index)
    ).fetchall()
    return rows.whole_page(found[0])


def _replace_passages(
    connection: apsw.Connection, document_id: int, page_index: int, passages: Sequence[Passage]
) -> None:
    place = (document_id, page_index)
    hashes = fetch(connection, "SELECT text_hash FROM passage WHERE document_id = ? AND page_index = ?", place)
    connection.execute(_DEPART, place)
    connection.execute(_FORGET_WORDS, place)
    connection.execute("DELETE FROM passage WHERE document_id = ? AND page_index = ?", place)
    first = connection.execute("SELECT count(*) FROM passage WHERE document_id = ? AND page_index < ?", place).get
    more = len(passages) - len(hashes)
    if more:
        connection.execute(
            "UPDATE passage SET ordinal = ordinal + ? WHERE document_id = ? AND page_index > ?", (more, *place)
        )
        connection.execute("UPDATE document SET passages = passages + ? WHERE id = ?", (more, document_id))
    values = [rows.passage_values(passage) for passage in passages]
    connection.executemany(
        rows.INSERT_PASSAGE,
        ((document_id, first + number, *each[1:]) for number, each in enumerate(values)),
    )
    connection.execute(_ADD_WORDS, place)
    connection.executemany(_FORGET_VECTOR, hashes)
