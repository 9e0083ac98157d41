"""The part of the workspace that deals with files: adding, reading, the queue, and what could not be read."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from inference.api import CancelToken, CpuBudget
from rag.errors import DocumentGone
from rag.ingestion.ingestor import Ingestor
from rag.ingestion.problems import cancelled_problem
from rag.reports import CollectionReport, DocumentReport, IndexingJob, IndexingProgress, UnreadFile
from rag.settings import RagSettings
from rag.storage.library import Library
from rag.types import FileProblem, FileRow, Removal


class LibraryFace:
    """What faces ask about files and their reading. Any thread; short reads and writes, but for `wait_until`."""

    _library: Library
    _ingestor: Ingestor
    _settings: RagSettings
    _budget: CpuBudget

    # --- Files --------------------------------------------------------------------------------------------------------

    def add_paths(self, collection_id: int, paths: Sequence[Path]) -> None:
        self._ingestor.add_paths(collection_id, paths)

    def remove_file(self, file_id: int) -> Removal:
        """Take a file out of its collection at once, to come back until `Removal.until`; then every trace goes.

        Looking through its folder leaves it out from now on. Raises `DocumentGone` if it is not in the library.
        """
        return self._ingestor.remove_file(file_id, self._settings.undo_s)

    def files(self, collection_id: int) -> list[FileRow]:
        return self._library.files(collection_id)

    def rescan(self, collection_id: int) -> None:
        self._ingestor.rescan(collection_id)

    # --- What could not be read ---------------------------------------------------------------------------------------

    def problems(self, collection_id: int) -> list[FileRow]:
        """Return the files that could not be read, or only in part, but for those that the user skipped."""
        return [row for row in self._library.unread_files(collection_id) if row.problem is not None]

    def notices(self, collection_id: int) -> list[FileProblem]:
        """Return what is wrong with folders of a collection: away, or not to be listed."""
        return self._ingestor.notices(collection_id)

    def retry(self, file_id: int, password: str | None = None) -> None:
        """Read a file again, next; a password is kept in memory only, for as long as the program runs."""
        self._ingestor.retry(file_id, password)

    def recognise(self, file_id: int, page_indices: Sequence[int] | None = None) -> int:
        """Have text recognition read pages of a file, or all that have no text; returns how many.

        Pages that have text are read too if they are named; their text is replaced.

        Raises:
            RecognitionUnavailable: It is switched off, or no engine is installed.
            DocumentGone: Nothing has been read from this file yet.
        """
        return self._ingestor.recognise(file_id, page_indices)

    def retry_failed(self, collection_id: int) -> int:
        """Read all files of a collection again that could not be read; returns how many."""
        return self._ingestor.retry_failed(collection_id)

    def unlock_files(self, collection_id: int, password: str) -> int:
        """Try a password, kept in memory only, on all encrypted files of a collection; returns how many."""
        return self._ingestor.unlock(collection_id, password)

    def skip_file(self, file_id: int) -> None:
        """List a file's problem no more, until the file changes or is read again."""
        self._ingestor.accept(file_id)

    def document_report(self, file_id: int) -> DocumentReport:
        """Return how a file was read, page by page; raises `DocumentGone` when it was removed."""
        row = self._library.file(file_id)
        if row is None:
            raise DocumentGone("This file is no longer in the library.", remedy="Add it again to read it.")
        document = None if row.document_id is None else self._library.document(row.document_id)
        if document is None:
            return DocumentReport(row, row.path.name, "", (), (), 0, 0)
        ready = row.state == "ready"
        embedded = document.passages if ready else self._library.embedded_passages(row.collection_id, document.id)
        return DocumentReport(
            row,
            document.title or row.path.name,
            document.kind,
            self._library.page_map(document.id),
            self._library.skipped_parts(document.id),
            document.passages,
            embedded,
            self._library.same_bytes(file_id),
        )

    def collection_report(self, collection_id: int | None) -> CollectionReport:
        """Return how a collection was read, or the whole library for None; raises `UnknownCollection`."""
        name = None if collection_id is None else self._library.collection(collection_id).name
        counts = self._library.report_counts(collection_id)
        return CollectionReport(
            name,
            counts.documents,
            counts.pages,
            counts.passages,
            counts.pending,
            self.unread(collection_id),
            counts.pages_by_kind,
        )

    def unread(self, collection_id: int | None) -> tuple[UnreadFile, ...]:
        """Return what of a collection, or of the library, could not be read, or only in part; folders last."""
        ids = [each.id for each in self._library.collections()] if collection_id is None else [collection_id]
        files = [_unread(row) for row in self._library.unread_files(collection_id)]
        notices = [notice for each in ids for notice in self.notices(each)]
        folders = [UnreadFile(notice.path, notice) for notice in notices if notice.path is not None]
        once: dict[Path, UnreadFile] = {}
        for each in (*files, *folders):  # The same path may be in several collections.
            once.setdefault(each.path, each)
        return tuple(once.values())

    # --- The queue ----------------------------------------------------------------------------------------------------

    def jobs(self, limit: int = 100) -> tuple[IndexingJob, ...]:
        """Return the files in work, then those that wait, the next one first."""
        return self._ingestor.jobs(limit)

    def index_next(self, file_id: int) -> None:
        """Put a file before all that wait, for all that is still to be done with it; a failed one is read again."""
        self._ingestor.index_next(file_id)

    def cancel_file(self, file_id: int) -> None:
        """Give up an unfinished file; what is found by words stays so."""
        self._ingestor.cancel_file(file_id)

    def pause_indexing(self) -> None:
        """Stop reading and embedding within two seconds, until `resume_indexing`; a restart does not end the pause."""
        self._ingestor.pause()

    def resume_indexing(self) -> None:
        self._ingestor.resume()

    def user_active(self) -> None:
        """Note that the user types: reading and embedding make room for some seconds. Quick, for each key."""
        self._budget.user_active()

    def cancel_indexing(self, collection_id: int) -> None:
        self._ingestor.cancel(collection_id)

    def progress(self, collection_id: int | None = None) -> IndexingProgress:
        return self._ingestor.progress(collection_id)

    @property
    def indexing_problem(self) -> FileProblem | None:
        """Why no reading goes on at all (a full disk, a model that does not load), if so."""
        return self._ingestor.problem

    def wait_until(
        self,
        collection_id: int,
        until: Literal["searchable", "ready"] = "ready",
        on_progress: Callable[[IndexingProgress], None] | None = None,
        cancel: CancelToken | None = None,
    ) -> bool:
        """Block until all files of a collection got that far or failed; False when cancelled."""
        return self._ingestor.wait(collection_id, until, on_progress=on_progress, cancel=cancel)


def _unread(row: FileRow) -> UnreadFile:
    problem = row.problem if row.problem is not None else cancelled_problem(row.path)
    return UnreadFile(row.path, problem, in_part=row.state not in {"failed", "cancelled"})
