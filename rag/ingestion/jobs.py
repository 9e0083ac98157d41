"""The queue as people see it: what is in work, what waits, and what can be asked already."""

from collections.abc import Iterator

from rag.ingestion.ingest_loop import IngestLoop
from rag.reports import IndexingJob
from rag.storage.library import Library
from rag.types import FileRow


class JobList:
    """Lists unfinished files in the order in which they are worked on; any thread."""

    def __init__(self, library: Library, loop: IngestLoop) -> None:
        self._library = library
        self._loop = loop

    def jobs(self, limit: int) -> tuple[IndexingJob, ...]:
        """Return the files in work, then those that wait, the next one first; at most `limit` of them."""
        searchable = self._library.files_in_state("searchable", limit)
        embedding = self._library.files_of_passages(self._loop.meaning.in_flight)
        found = [self._reading(row) for row in self._library.files_in_state("reading", limit)]
        found += [self._embedding(row) for row in searchable if row.id in embedding]
        later = [row for row in searchable if row.id not in embedding]
        queued = self._library.files_in_state("queued", limit)
        # Files that the user put first come first in each kind of work; all others are read before any is embedded.
        found += [_waiting(row) for row in _interleaved(queued, later, self._library.has_urgent_files())]
        return tuple(found[:limit])

    def _reading(self, row: FileRow) -> IndexingJob:
        done, total = self._loop.step_of(row.id)
        return IndexingJob(row, "reading", done, total, can_be_asked=row.document_id is not None)

    def _embedding(self, row: FileRow) -> IndexingJob:
        document = None if row.document_id is None else self._library.document(row.document_id)
        if document is None:
            return IndexingJob(row, "embedding")
        done = self._library.embedded_passages(row.collection_id, document.id)
        return IndexingJob(row, "embedding", done, document.passages, can_be_asked=document.passages > 0)


def _waiting(row: FileRow) -> IndexingJob:
    return IndexingJob(row, "waiting", can_be_asked=row.document_id is not None)


def _interleaved(queued: list[FileRow], searchable: list[FileRow], urgent: bool) -> Iterator[FileRow]:
    """Give searchable files before queued ones where the user put one of them first."""
    first, second = (searchable[:1], searchable[1:]) if urgent else ([], searchable)
    yield from first
    yield from queued
    yield from second
