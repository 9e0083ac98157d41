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
        recognising = self._loop.recognition.files_in_work
        found += [self._recognising(row) for row in searchable if row.id in recognising]
        found += [self._embedding(row) for row in searchable if row.id in embedding - recognising]
        later = [row for row in searchable if row.id not in embedding | recognising]
        queued = self._library.files_in_state("queued", limit)
        # Files that the user put first come first in each kind of work; all others are read before any is embedded.
        found += [self._waiting(row) for row in _interleaved(queued, later, self._library.urgent_files())]
        return tuple(found[:limit])

    def _reading(self, row: FileRow) -> IndexingJob:
        done, total = self._loop.step_of(row.id)
        return IndexingJob(row, "reading", done, total, can_be_asked=self._has_passages(row))

    def _recognising(self, row: FileRow) -> IndexingJob:
        done, total = (0, 0) if row.document_id is None else self._library.recognised_of(row.document_id)
        return IndexingJob(row, "recognising", done, total, can_be_asked=self._has_passages(row))

    def _waiting(self, row: FileRow) -> IndexingJob:
        return IndexingJob(row, "waiting", can_be_asked=self._has_passages(row))

    def _has_passages(self, row: FileRow) -> bool:
        document = None if row.document_id is None else self._library.document(row.document_id)
        return document is not None and document.passages > 0

    def _embedding(self, row: FileRow) -> IndexingJob:
        document = None if row.document_id is None else self._library.document(row.document_id)
        if document is None:
            return IndexingJob(row, "embedding")
        done = self._library.embedded_passages(row.collection_id, document.id)
        return IndexingJob(row, "embedding", done, document.passages, can_be_asked=document.passages > 0)


def _interleaved(queued: list[FileRow], searchable: list[FileRow], urgent: frozenset[int]) -> Iterator[FileRow]:
    """Give searchable files before queued ones where the user put them first."""
    yield from (row for row in searchable if row.id in urgent)
    yield from queued
    yield from (row for row in searchable if row.id not in urgent)
