"""The first half of ingestion: queued files go to parse processes; what comes back is searchable by words at once."""

import logging
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from inference.api import KnownError
from rag.errors import ChangedFile, UnreadableFile
from rag.ingestion.cutting import Cutting
from rag.ingestion.loaders.base import unreadable_file
from rag.ingestion.pace import ReadingPace
from rag.ingestion.parse_pool import FileFailed, FileHashed, FileParsed, ParseEvent, ParsePool
from rag.ingestion.parse_worker import ParseTask
from rag.ingestion.problems import partial_problem, problem_of, too_large
from rag.settings import RagSettings
from rag.storage.library import Library
from rag.storage.library_queue import format_of
from rag.types import FileRow

log = logging.getLogger(__name__)

_ALL_CORES_S = 5.0

_TRIES_WHILE_CHANGING = 3


class Reading:
    """Feeds the parse processes and stores what they return; the ingest thread only.

    Attributes:
        more: Whether files wait in the queue.
        current: The file that was begun last, for the progress line.
    """

    def __init__(
        self,
        library: Library,
        pool: ParsePool,
        settings: RagSettings,
        pace: ReadingPace,
        password_of: Callable[[Path], str | None],
        recognises: Callable[[], bool] = lambda: False,
    ) -> None:
        self._library = library
        self._pool = pool
        self._settings = settings
        self._pace = pace
        self._password_of = password_of
        self._recognises = recognises
        self._files: dict[int, FileRow] = {}
        self._hashes: dict[int, tuple[str, str]] = {}
        self._changes: Counter[int] = Counter()
        self._twins: dict[tuple[str, str], list[FileRow]] = {}
        self.cutting = Cutting.for_model(None)
        self.more = False
        self.current: Path | None = None
        self._begun_at = 0.0

    def feed(self) -> set[int]:
        """Begin as many files as there are free processes; returns collections of which a file changed state."""
        waiting = self._library.queued_files(self._pool.size + 1)
        self._pool.share(waiting=bool(waiting))
        begun = waiting[: max(0, self._pool.free)]
        for row in begun:
            self._begin(row)
            self._begun_at = time.monotonic()
        self.more = len(waiting) > len(begun)
        return {row.collection_id for row in begun}

    @property
    def needs_all(self) -> bool:
        """Whether files that were begun a short while ago are in all processes."""
        is_recent = time.monotonic() - self._begun_at < _ALL_CORES_S
        return is_recent and len(self._files) >= self._pool.size

    def handle(self, event: ParseEvent) -> int | None:
        """Take what a process said; returns the collection of which a file changed state."""
        row = self._files.get(event.key)
        if row is None:
            self._pool.abort(event.key)
            return None
        if isinstance(event, FileHashed):
            return row.collection_id if self._recognise(row, event) else None
        if isinstance(event, FileParsed):
            self._store(row, event)
        elif isinstance(event, FileFailed) and self._is_tried_again(row, event):
            self._library.requeue_file(row.id)
        elif isinstance(event, FileFailed):
            self._pace.finished(format_of(row.path), row.size, 0.0, 0)
            self._fail(row, event.error, event.sha256)
        self._end(row)
        return row.collection_id

    def drop(self, file_ids: set[int] | None = None) -> None:
        """End the reading of these files, or of all, without a trace."""
        for row in list(self._files.values()):
            if file_ids is None or row.id in file_ids:
                self._pool.abort(row.id)
                self._files.pop(row.id, None)
                self._release_twins(row)
        self.current = None

    @property
    def in_work(self) -> list[FileRow]:
        return [*self._files.values(), *(twin for twins in self._twins.values() for twin in twins)]

    def _begin(self, row: FileRow) -> None:
        try:
            size = row.path.stat().st_size
            if not row.path.is_file():
                raise UnreadableFile(
                    f"“{row.path.name}” is not a file.", remedy="Add a document instead.", path=row.path
                )
            if size > self._settings.max_file_mb * 1_000_000:
                raise too_large(row.path, size, self._settings.max_file_mb)
        except OSError as error:
            self._fail(row, unreadable_file(row.path, error), None)
            return
        except KnownError as error:
            self._fail(row, error, None)
            return
        self._library.set_file_state(row.id, "reading")
        self._pace.begin()
        self._files[row.id] = row
        self.current = row.path
        password = self._password_of(row.path)
        task = ParseTask(row.path, self.cutting.options, self.cutting.tokenizer_file, password, size)
        self._pool.submit(row.id, task)

    def _recognise(self, row: FileRow, event: FileHashed) -> bool:
        """Have the file read, unless its bytes are known already or are being read just now."""
        identity = (event.sha256, event.loader)
        if self._hashes.get(row.id) not in (None, identity):
            self._release_twins(row)  # It was tried again, and has changed.
        self._hashes.pop(row.id, None)
        known = self._library.find_document(*identity, self.cutting.identity)
        if known is not None:
            self._pool.skip(row.id)
            self._pace.finished(format_of(row.path), row.size, 0.0, 0)
            self._link(row, known.id)
            self._end(row)
            return True
        if identity in self._hashes.values():
            self._pool.skip(row.id)
            self._files.pop(row.id)
            self._twins.setdefault(identity, []).append(row)
            return False
        self._hashes[row.id] = identity
        self._pool.go_on(row.id, self._library.recognised_pages(event.sha256))
        return False

    def _link(self, row: FileRow, document_id: int) -> None:
        problem = partial_problem(row.path, self._library.page_map(document_id), waits=self._recognises())
        if not self._library.link_document(row.id, document_id, problem):
            self._library.set_file_state(row.id, "queued")

    def _store(self, row: FileRow, event: FileParsed) -> None:
        document = event.document
        tokens = sum(passage.token_count for passage in event.passages)
        self._pace.finished(format_of(row.path), row.size, event.took_s, tokens)
        problem = partial_problem(row.path, document.pages, waits=self._recognises())
        self._library.store_document(row.id, event.sha256, document, event.passages, self.cutting.identity, problem)

    def _fail(self, row: FileRow, error: KnownError, sha256: str | None) -> None:
        # A user's bad file is news for the user, not a fault of the program.
        log.info("not read: %s (%s)", error.message, row.path)
        self._library.set_file_state(row.id, "failed", problem_of(error, row.path), sha256)

    def _is_tried_again(self, row: FileRow, event: FileFailed) -> bool:
        """Tell whether a file that changed while it was read gets another try, behind all others."""
        self._changes[row.id] = self._changes[row.id] + 1 if isinstance(event.error, ChangedFile) else 0
        return 0 < self._changes[row.id] < _TRIES_WHILE_CHANGING

    def _end(self, row: FileRow) -> None:
        self._files.pop(row.id, None)
        self._release_twins(row)
        if not self._files:
            self._pace.stop()
            self.current = None

    def _release_twins(self, row: FileRow) -> None:
        """Queue the files again that waited for the same bytes: now they are known, or fail for themselves."""
        identity = self._hashes.pop(row.id, None)
        if identity is not None:
            for twin in self._twins.pop(identity, []):
                self._library.set_file_state(twin.id, "queued")
