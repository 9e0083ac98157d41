"""Documents as they were read. Storing one is a single transaction: a crash leaves the old one or the new one."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import apsw

from rag.storage import document_rows as rows
from rag.storage.library_files import problem_values
from rag.storage.paths import path_from_sql
from rag.storage.removal import let_go
from rag.storage.store import Row, Store, fetch
from rag.types import DocumentRow, FileProblem, LoadedDocument, Passage, StoredPage

_IDENTITY = "sha256 = ? AND loader = ? AND chunking = ?"

_LINK = """
UPDATE file SET
    document_id = :document_id, sha256 = :sha256, state = iif(changed, 'queued', 'searchable'),
    changed = 0, accepted = 0,
    problem_code = :code, problem_message = :message, problem_remedy = :remedy, problem_path = :path
WHERE id = :file_id
"""


class DocumentStore(Store):
    """Documents, their pages and what files have them."""

    def find_document(self, sha256: str, loader: str, chunking: str) -> DocumentRow | None:
        """Return the document that this loader made of these bytes, cut in this way."""
        return self._document(f"WHERE {_IDENTITY}", (sha256, loader, chunking))

    def document(self, document_id: int) -> DocumentRow | None:
        """Return a document, or None if it is gone, as those of old answers may be."""
        return self._document("WHERE id = ?", (document_id,))

    def store_document(
        self,
        file_id: int,
        sha256: str,
        document: LoadedDocument,
        passages: Sequence[Passage],
        chunking: str,
        problem: FileProblem | None = None,
    ) -> int | None:
        """Store what was read from a file, make it searchable by words, and let go of what the file had before.

        A document of the same bytes, loader and chunking that is there already is replaced for every file that has it.

        Returns:
            The document's id, or None if the file was removed meanwhile; then nothing is stored.
        """
        head = rows.document_values(sha256, document, passages, chunking)
        # Made while they are stored: those of a very long document would not fit into memory.
        pages = map(rows.page_values, document.pages)
        cut = map(rows.passage_values, passages)
        with self.db.write() as connection:
            if not connection.execute("SELECT 1 FROM file WHERE id = ?", (file_id,)).get:
                return None
            same = _set_aside(connection, (sha256, document.loader, chunking))
            connection.execute(rows.INSERT_DOCUMENT, head)
            document_id = connection.last_insert_rowid()
            _insert_text(connection, document_id, pages, cut)
            if same is not None:
                _replace(connection, same, document_id)
            _link(connection, file_id, document_id, sha256, problem)
            return document_id

    def link_document(self, file_id: int, document_id: int, problem: FileProblem | None = None) -> bool:
        """Give a file the document that its bytes have made already; False if one of the two is gone."""
        with self.db.write() as connection:
            row = self.document(document_id)
            if row is None or not connection.execute("SELECT 1 FROM file WHERE id = ?", (file_id,)).get:
                return False
            _link(connection, file_id, document_id, row.sha256, problem)
            return True

    def loaded_document(self, document_id: int) -> LoadedDocument | None:
        """Return a document as its loader gave it, to cut it anew without reading the file."""
        with self.db.read() as connection:
            row = connection.execute(
                "SELECT title, kind, loader, author, created, outline, skipped FROM document WHERE id = ?",
                (document_id,),
            ).fetchone()
            pages = connection.execute(rows.SELECT_WHOLE_PAGE + "WHERE document_id = ? ORDER BY 1", (document_id,))
            return None if row is None else rows.loaded(row, [rows.whole_page(page) for page in pages])

    def pages(self, document_id: int) -> list[StoredPage]:
        """Return the pages of a document, in order."""
        with self.db.read() as connection:
            found = connection.execute(rows.SELECT_PAGE + "WHERE document_id = ? ORDER BY page_index", (document_id,))
            return [rows.stored_page(row) for row in found]

    def page(self, document_id: int, index: int) -> StoredPage | None:
        """Return a page, or None if there is no such page, or no longer."""
        with self.db.read() as connection:
            asked = (document_id, index)
            row = connection.execute(rows.SELECT_PAGE + "WHERE document_id = ? AND page_index = ?", asked).fetchone()
            return None if row is None else rows.stored_page(row)

    def page_count(self, document_id: int) -> int:
        """Return how many pages a document has; 0 if it is gone."""
        row = self.document(document_id)
        return 0 if row is None else row.pages

    def outline(self, document_id: int) -> tuple[tuple[int, str, int], ...]:
        """Return the outline of a document: level from 1, title, page index."""
        with self.db.read() as connection:
            text = connection.execute("SELECT outline FROM document WHERE id = ?", (document_id,)).get
            return () if text is None else rows.outline_of(text)

    def documents_under(self, collection_id: int, paths: Sequence[Path]) -> frozenset[int]:
        """Return the documents of a collection whose files are these paths or lie below them."""
        wanted = frozenset(paths)
        with self.db.read() as connection:
            files = fetch(
                connection,
                "SELECT path, document_id FROM file WHERE collection_id = ? AND document_id IS NOT NULL",
                (collection_id,),
            )
        return frozenset(document_id for path, document_id in files if _is_under(path_from_sql(path), wanted))

    def _document(self, condition: str, values: Sequence[int | str]) -> DocumentRow | None:
        with self.db.read() as connection:
            row = connection.execute(rows.SELECT_DOCUMENT + condition, values).fetchone()
            return None if row is None else rows.document_row(row)


def _insert_text(connection: apsw.Connection, document_id: int, pages: Iterable[Row], passages: Iterable[Row]) -> None:
    connection.executemany(rows.INSERT_PAGE, ((document_id, *values) for values in pages))
    rows.insert_passages(connection, document_id, passages)


def _set_aside(connection: apsw.Connection, identity: tuple[str, str, str]) -> int | None:
    """Free the identity that a document has, until it is replaced."""
    same: int | None = connection.execute(f"SELECT id FROM document WHERE {_IDENTITY}", identity).get
    if same is not None:
        connection.execute("UPDATE document SET sha256 = 'replaced' WHERE id = ?", (same,))
    return same


def _replace(connection: apsw.Connection, old: int, new: int) -> None:
    # Passages of the new one are not indexed yet.
    connection.execute(
        "UPDATE file SET document_id = ?, state = iif(state = 'ready', 'searchable', state) WHERE document_id = ?",
        (new, old),
    )
    connection.execute("UPDATE removed_file SET document_id = ? WHERE document_id = ?", (new, old))
    let_go(connection, old)


def _link(
    connection: apsw.Connection, file_id: int, document_id: int, sha256: str, problem: FileProblem | None
) -> None:
    old = connection.execute("SELECT document_id FROM file WHERE id = ?", (file_id,)).get
    values = {"file_id": file_id, "document_id": document_id, "sha256": sha256, **problem_values(problem)}
    connection.execute(_LINK, values)
    if old not in (None, document_id):
        let_go(connection, old)


def _is_under(path: Path, wanted: frozenset[Path]) -> bool:
    return path in wanted or any(parent in wanted for parent in path.parents)
