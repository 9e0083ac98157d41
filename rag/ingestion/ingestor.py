"""The face of ingestion: commands that return at once, progress that may be read at any time, and a way to wait.

The work is done by `ingest_loop` on the ingest thread.
"""

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from inference.api import CancelToken, CpuBudget, EmbeddingService, KnownError
from rag.errors import DocumentGone, RecognitionUnavailable, UnreadableFile
from rag.ingestion.chunking import TARGET_TOKENS
from rag.ingestion.index_change import NewIndex
from rag.ingestion.ingest_loop import PAUSED, IngestLoop
from rag.ingestion.jobs import JobList
from rag.ingestion.ocr.choice import OcrOptions
from rag.ingestion.pace import TimeLeft
from rag.ingestion.problems import NO_OCR_REMEDY, is_locked
from rag.ingestion.temporary import remove_leavings
from rag.ingestion.walker import is_gone
from rag.reports import IndexChangeProgress, IndexingJob, IndexingProgress
from rag.settings import RagSettings
from rag.storage.library import Library
from rag.storage.library_collections import Counts
from rag.storage.library_queue import WorkLeft
from rag.storage.vectors import VectorIndex
from rag.types import Change, FileProblem, FileRow, Removal

_WATCH_S = 0.25

Until = Literal["searchable", "ready"]


class Ingestor:
    """Reads, cuts and embeds the files of collections in the background; any thread."""

    def __init__(
        self,
        library: Library,
        vectors: VectorIndex,
        embedding: EmbeddingService,
        budget: CpuBudget,
        settings: RagSettings,
        on_change: Callable[[Change], None],
        passage_tokens: int = TARGET_TOKENS,
    ) -> None:
        self._library = library
        self._on_change = on_change
        self._passwords: dict[Path, str] = {}
        self._cancels: Counter[int] = Counter()
        self._changed = threading.Condition()
        self._loop = IngestLoop(
            library, vectors, embedding, budget, settings, passage_tokens, self.password_of, self._report
        )
        self._jobs = JobList(library, self._loop)
        self._time_left = TimeLeft(self._work_left, self._loop.pace)
        self._thread = threading.Thread(target=self._loop.run, name="ingest", daemon=True)

    def start(self) -> None:
        """Begin to work, with what the last run left unfinished."""
        remove_leavings()
        self._thread.start()

    def shutdown(self) -> None:
        """Stop soon; what is unfinished goes on with the next start."""
        self._loop.stop()
        if self._thread.is_alive():
            self._thread.join()
        # A pause may have come too late for the thread to write it down; on a full disk it is forgotten.
        with suppress(KnownError):
            if (self._library.remembered(PAUSED) is True) != self._loop.paused:
                self._library.remember(PAUSED, self._loop.paused)

    def warm_up(self) -> None:
        """Open the vector index in the background."""
        self._loop.post(self._loop.warm_up)

    # --- Another index ------------------------------------------------------------------------------------------------

    def begin_change(self, new: NewIndex) -> None:
        """Build a new index beside the one that answers."""
        self._loop.post(lambda: self._loop.begin_change(new))

    def give_up_change(self) -> None:
        """Stay with the index that answers; what was built of another is deleted."""
        self._loop.post(self._loop.give_up_change)

    @property
    def change_progress(self) -> IndexChangeProgress | None:
        """How far a new index is; None when none is built."""
        change = self._loop.change
        return None if change is None else change.progress()

    # --- Files --------------------------------------------------------------------------------------------------------

    def add_paths(self, collection_id: int, paths: Sequence[Path]) -> None:
        """Add files and folders to a collection, or look at them again; only what changed is read.

        Raises:
            UnreadableFile: One of the paths is not there; none is added then.
            UnknownCollection: There is no such collection.
        """
        absolute = [Path(os.path.abspath(path.expanduser())) for path in paths]  # noqa: PTH100 - links are kept.
        for path in absolute:
            _require(path)
        for path in absolute:
            self._library.add_root(collection_id, path)
            self._scan(collection_id, path, again=True)

    def rescan(self, collection_id: int) -> None:
        """Find new, changed and vanished files in the folders of a collection."""
        for root in self._library.roots(collection_id):
            self._scan(collection_id, root, again=False)

    def rescan_part(
        self, collection_id: int, root: Path, *, below: Path | None = None, deep: bool = True, emptied: bool = False
    ) -> None:
        """Find what changed below one root, or in one folder of it; `emptied` if an empty root is no lost disk."""
        self._scan(collection_id, root, again=False, below=below, deep=deep, emptied=emptied)

    def troubled_roots(self) -> list[tuple[int, Path]]:
        """Return the roots that are away, cannot be listed, or hold files that could not be opened."""
        noticed = {(number, path) for number, notices in self._loop.scanner.notices.items() for path in list(notices)}
        troubled = set(self._library.troubled_collections())
        return [
            (number, root)
            for number, root in self._library.all_roots()
            if number in troubled
            or any(of == number and (path == root or root in path.parents) for of, path in noticed)
        ]

    def remove_file(self, file_id: int, grace_s: float) -> Removal:
        """Take a file out of its collection, to come back within so many seconds; the file itself is not touched.

        Raises:
            DocumentGone: It is not in the library.
        """
        removal = self._library.set_aside_file(file_id, grace_s)
        if removal is None:
            raise DocumentGone("This file is not in the library any more.", remedy="Look at the list of files.")
        collection_id = removal.collection_id
        self._loop.post(lambda: self._loop.forget([file_id], collection_id), collection_id)
        return removal

    def remove_collection(self, collection_id: int, grace_s: float) -> Removal:
        """Remove a collection and everything that was read for it alone, to come back within so many seconds.

        Raises:
            UnknownCollection: There is no such collection.
        """
        self._cancels[collection_id] += 1
        removal = self._library.set_aside_collection(collection_id, grace_s)
        self._loop.post(lambda: self._loop.forget_collection(collection_id))
        return removal

    def detach_collection(self, collection_id: int) -> None:
        """Take away a collection that came with a file or package, and what was stored for it alone, for good."""
        self._cancels[collection_id] += 1
        self._library.delete_collection(collection_id)
        self._loop.post(lambda: self._loop.drop_collection(collection_id))

    def undo_removal(self, removal_id: int) -> int:
        """Bring back what was removed, read and embedded as it is; returns the collection's id.

        Raises:
            RemovalOver: It is too late.
        """
        collection_id = self._library.undo_removal(removal_id)
        self._loop.post(lambda: self._loop.welcome_back(collection_id), collection_id)
        return collection_id

    def purge_removed(self, removal_ids: Sequence[int] | None = None) -> "Future[None]":
        """Let go of these removals, or all, for good and at once; the future tells when no trace is left."""
        done: Future[None] = Future()
        self._loop.post(lambda: self._loop.purge_now(removal_ids, done))
        return done

    def keep_quotes(self, keep: bool) -> None:
        """Choose whether purges leave the quotes in chats."""
        self._loop.purge.keep_quotes = keep

    def take_over(self, collection_id: int) -> None:
        """Bring what was stored by others to where it is found by meaning."""
        self._loop.post(lambda: self._loop.forget([], collection_id), collection_id)

    def retry(self, file_id: int, password: str | None = None) -> None:
        """Read a file again; the password is kept in memory for as long as the program runs."""
        row = self._library.file(file_id)
        if row is None:
            return
        if password is not None:
            self._passwords[row.path] = password
        with self._library.db.write():
            self._library.requeue_file(file_id)
            self._library.put_first(file_id)  # Whoever asks for one file looks at it.
        self._loop.post(self._loop.retry_model, row.collection_id)

    def retry_failed(self, collection_id: int) -> int:
        """Read all files of a collection again that could not be read; returns how many."""
        failed = [row for row in self._library.unread_files(collection_id) if row.state in {"failed", "cancelled"}]
        self._read_again(collection_id, failed)
        return len(failed)

    def unlock(self, collection_id: int, password: str) -> int:
        """Try a password on all files of a collection that need one; returns how many."""
        locked = [row for row in self._library.unread_files(collection_id) if is_locked(row.problem)]
        self._passwords.update((row.path, password) for row in locked)
        self._read_again(collection_id, locked)
        return len(locked)

    def _read_again(self, collection_id: int, rows: Sequence[FileRow]) -> None:
        with self._library.db.write():
            for row in rows:
                self._library.requeue_file(row.id)
        self._loop.post(self._loop.retry_model, collection_id)

    def accept(self, file_id: int) -> None:
        """List a file's problem no more, until it is read again."""
        self._library.accept_problem(file_id)
        row = self._library.file(file_id)
        if row is not None:
            self._report({row.collection_id}, False)

    def index_next(self, file_id: int) -> None:
        """Put a file before all that wait; one that failed or was given up is read again."""
        row = self._library.file(file_id)
        if row is None or row.state == "ready":
            return
        with self._library.db.write():
            if row.state in {"failed", "cancelled"}:
                self._library.requeue_file(file_id)
            self._library.put_first(file_id)
        self._loop.post(self._loop.retry_model, row.collection_id)

    def cancel_file(self, file_id: int) -> None:
        """Give up an unfinished file; adding it again, or putting it first, takes it up anew."""
        row = self._library.file(file_id)
        if row is not None:
            self._loop.post(lambda: self._loop.cancel_file(file_id), row.collection_id)

    def jobs(self, limit: int) -> tuple[IndexingJob, ...]:
        """Return the files in work, then those that wait, the next one first."""
        return self._jobs.jobs(limit)

    def recognise(self, file_id: int, page_indices: Sequence[int] | None = None) -> int:
        """Have text recognition read pages of a file, or all that have no text; returns how many.

        Raises:
            RecognitionUnavailable: It is switched off, or no engine is installed.
            DocumentGone: Nothing has been read from this file yet.
        """
        if not self._loop.recognition.enabled:
            raise RecognitionUnavailable("There is nothing here that reads pictured pages.", remedy=NO_OCR_REMEDY)
        row = self._library.file(file_id)
        if row is None or row.document_id is None:
            raise DocumentGone("Nothing has been read from this file yet.", remedy="Have it read first.")
        count = self._library.ask_recognition(row.document_id, page_indices)
        self._loop.post(self._loop.recognition.begin, row.collection_id)
        return count

    def set_recognition(self, options: OcrOptions) -> None:
        """Recognise from now on with another engine, or other languages, or not at all."""
        self._loop.post(lambda: self._loop.recognition.begin(options))

    def password_of(self, path: Path) -> str | None:
        """Return the password that the user gave for a file."""
        return self._passwords.get(path)

    # --- Work ---------------------------------------------------------------------------------------------------------

    @property
    def paused(self) -> bool:
        return self._loop.paused

    def pause(self) -> None:
        """Stop working within two seconds, until `resume`, also after the next start."""
        self._loop.halt()
        self._loop.post(self._loop.pause)
        self._report(set(), False)

    def resume(self) -> None:
        """Go on after `pause`, or try again what a full disk had stopped."""
        self._loop.paused = False
        self._loop.post(self._loop.resume)
        self._report(set(), False)

    def cancel(self, collection_id: int) -> None:
        """Give up what is unfinished in a collection; adding its paths again takes it up anew."""
        self._cancels[collection_id] += 1
        self._loop.post(lambda: self._loop.cancel(collection_id), collection_id)

    @property
    def problem(self) -> FileProblem | None:
        """Return why nothing moves (a full disk, an embedding model that does not load), if so."""
        error = self._loop.problem or self._loop.model_error
        return None if error is None else FileProblem(error.code, error.message, error.remedy, error.path)

    def notices(self, collection_id: int) -> list[FileProblem]:
        """Return what is wrong with folders of a collection: away, or not to be listed."""
        return list(self._loop.scanner.notices.get(collection_id, {}).values())

    def progress(self, collection_id: int | None = None) -> IndexingProgress:
        """Return how far a collection is, or all of them; one file more while folders are looked through."""
        looking = self._loop.pending(collection_id)
        counts = self._library.counts(collection_id)
        current = self._loop.reading.current or self._loop.recognition.current
        pages = self._library.count_to_recognise(collection_id) if self._loop.recognition.enabled else 0
        return IndexingProgress(
            collection_id,
            counts.files_total + looking,
            counts.files_searchable,
            counts.files_ready,
            counts.files_failed,
            counts.passages_total,
            counts.passages_embedded,
            None if current is None else current.name,
            self._loop.paused,
            self._seconds_left(collection_id, counts, looking),
            held=self._loop.held,
            pages_to_recognise=pages,
        )

    def _work_left(self, collection_id: int | None) -> WorkLeft:
        pages = self._library.count_to_recognise(collection_id) if self._loop.recognition.enabled else 0
        return replace(self._library.work_left(collection_id), scanned_pages=pages)

    def _seconds_left(self, collection_id: int | None, counts: Counts, looking: bool) -> float | None:
        if looking or self._loop.paused or self._loop.held:
            self._time_left.forget()
            return None
        if counts.files_ready + counts.files_failed >= counts.files_total:
            return 0.0
        return self._time_left.seconds(collection_id)

    def wait(
        self,
        collection_id: int,
        until: Until = "ready",
        timeout_s: float | None = None,
        on_progress: Callable[[IndexingProgress], None] | None = None,
        cancel: CancelToken | None = None,
    ) -> bool:
        """Block until all files of a collection got that far, or failed.

        Returns:
            False when cancelled, shut down, or out of time.

        Raises:
            KnownError: Work stands still: the disk is full, or (for "ready") the embedding model does not load.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        cancels = self._cancels[collection_id]
        while True:
            progress = self.progress(collection_id)
            if on_progress is not None:
                on_progress(progress)
            if _is_done(progress, until):
                return True
            given_up = (cancel is not None and cancel.cancelled) or self._cancels[collection_id] != cancels
            late = deadline is not None and time.monotonic() >= deadline
            if given_up or late or self._loop.stopping:
                return False
            self._raise_problem(progress, until)
            with self._changed:
                self._changed.wait(_WATCH_S)

    def _raise_problem(self, progress: IndexingProgress, until: Until) -> None:
        # Copies: one exception must not be raised on several threads.
        if self._loop.problem is not None:
            raise copy(self._loop.problem)
        if until == "ready" and self._loop.model_error is not None and _is_done(progress, "searchable"):
            raise copy(self._loop.model_error)

    def _scan(self, collection_id: int, root: Path, *, again: bool, **part: Any) -> None:
        cancels = self._cancels[collection_id]

        def stopped() -> bool:
            return self._cancels[collection_id] != cancels or self._loop.stopping

        def scan() -> None:
            self._loop.retry_model()
            self._loop.scanner.scan(collection_id, root, stopped, again=again, **part)

        self._loop.post(scan, collection_id)

    def _report(self, collection_ids: set[int], problem_changed: bool) -> None:
        """Tell whoever waits, and whoever listens, that something moved."""
        with self._changed:
            self._changed.notify_all()
        if collection_ids or problem_changed:
            self._on_change(Change(collections=problem_changed, files=frozenset(collection_ids)))


def _is_done(progress: IndexingProgress, until: Until) -> bool:
    reached = progress.files_searchable if until == "searchable" else progress.files_ready
    return reached + progress.files_failed >= progress.files_total


def _require(path: Path) -> None:
    if is_gone(path):
        raise UnreadableFile(
            f"“{path}” is not there.", remedy="Check the spelling, or connect the disk that holds it.", path=path
        )
