"""The ingest thread: looks through folders, has files read, has passages embedded, and writes down what came of it.

Everything durable is in the library: a file's row is its job, so a crash redoes what was pending and nothing else.
Other threads leave commands; only this thread changes documents and Chroma. When the disk is full, or the folder
cannot be written, work halts, says why, and tries again by itself.
"""

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from inference.api import Cancelled, CpuBudget, EmbedderFacts, EmbeddingService, KnownError
from rag.errors import StorageError
from rag.ingestion.cutting import Cutting
from rag.ingestion.index_change import IndexChange, NewIndex
from rag.ingestion.loaders.registry import Loaders, default_loaders
from rag.ingestion.meaning import Meaning
from rag.ingestion.ocr.choice import OcrOptions
from rag.ingestion.outdated import queue_outdated, tell_missing_readers
from rag.ingestion.pace import Pace
from rag.ingestion.parse_pool import ParseEvent, ParseLimits, ParsePool
from rag.ingestion.reading import Reading
from rag.ingestion.recognition import PAGE_KEYS, Recognition
from rag.ingestion.scanning import Scanner
from rag.settings import RagSettings
from rag.storage.library import Library
from rag.storage.purge import WAIT_S, Purge
from rag.storage.vectors import VectorIndex

log = logging.getLogger(__name__)

RETRY_S = 5.0
"""How long to wait before trying a full disk again."""
_RETRY_UNEXPECTED_S = 60.0
_LOOK_AT_PLUG_S = 5.0
PAUSED = "paused"
"""The name under which the library remembers that the user paused."""
_SPEED = "embedding_tokens_per_s"


@dataclass(frozen=True, eq=False)
class _Command:
    run: Callable[[], None]
    collection_id: int | None


class IngestLoop:
    """What the ingest thread owns and does. `post`, `pending`, `wake` and the attributes may be used by any thread.

    Attributes:
        paused: The user's wish.
        held: Work stands still until the computer is plugged in.
        problem: Why work stands still, if it does.
        model_error: Why nothing can be found by meaning, if the embedding model does not load.
    """

    def __init__(
        self,
        library: Library,
        vectors: VectorIndex,
        embedding: EmbeddingService,
        budget: CpuBudget,
        settings: RagSettings,
        passage_tokens: int,
        password_of: Callable[[Path], str | None],
        report: Callable[[set[int], bool], None],
    ) -> None:
        self._library = library
        self._vectors = vectors
        self._embedding = embedding
        self._budget = budget
        self._report = report
        self._loaders: Loaders = default_loaders()
        self._pool = ParsePool(budget.parse_workers(), ParseLimits(settings.parse_timeout_s, settings.parse_memory_mb))
        self.pace = Pace()
        self.scanner = Scanner(library, self._loaders)
        options = OcrOptions.of(settings)
        self.recognition = Recognition(library, self._pool, options, self.pace.recognition, password_of)
        self.reading = Reading(
            library, self._pool, settings, self.pace.reading, password_of, lambda: self.recognition.enabled
        )
        self.reading.cutting = Cutting.for_model(None, passage_tokens)
        self.meaning = self._meaning_for(embedding)
        self.change: IndexChange | None = None
        self.purge = Purge(library, vectors, keep_quotes=settings.keep_quotes)
        self.purged: list[Future[None]] = []
        self._purge_in_s: float | None = None
        self._commands: deque[_Command] = deque()
        self._waiting: Counter[int] = Counter()
        self._lock = threading.Lock()
        self._loading: Future[EmbedderFacts] | None = None
        self._facts: EmbedderFacts | None = None
        self._compare = False
        self._retry_at = 0.0
        self._stopping = False
        self.paused = library.remembered(PAUSED) is True
        self.held = False
        self.problem: KnownError | None = None
        self.model_error: KnownError | None = None

    # --- Any thread ---------------------------------------------------------------------------------------------------

    def post(self, run: Callable[[], None], collection_id: int | None = None) -> None:
        """Have something done on the ingest thread; `pending` tells whether it still is to be done."""
        with self._lock:
            self._commands.append(_Command(run, collection_id))
            if collection_id is not None:
                self._waiting[collection_id] += 1
        self._pool.wake()

    def pending(self, collection_id: int | None) -> bool:
        """Tell whether a command for a collection, or for any of them, waits or runs."""
        with self._lock:
            return self._waiting[collection_id] > 0 if collection_id is not None else self._waiting.total() > 0

    def stop(self) -> None:
        """Make `run` return soon; what is unfinished stays queued for the next start."""
        self._stopping = True
        self._pool.wake()

    @property
    def stopping(self) -> bool:
        return self._stopping

    def halt(self) -> None:
        """Stop what works at once, ahead of the `pause` that must follow: this thread may be writing for seconds."""
        self.paused = True
        self._pool.halt()

    def step_of(self, file_id: int) -> tuple[int, int]:
        """Return how many pages of a file are read, and of how many; zeros while that is unknown."""
        return self._pool.step_of(file_id)

    # --- The ingest thread --------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Work until `stop`; the main function of the ingest thread."""
        self._vectors.on_lost = lambda: self.post(self.bring_over_all)
        self._commands.appendleft(_Command(self._reset, None))
        events: list[ParseEvent] = []
        try:
            while not self._stopping:
                again = self._turn(events)
                events = self._pool.poll(0.0 if again else self._patience_s())
        finally:
            self.meaning.stop()
            if self.change is not None:
                self.change.rest()
            self._pool.shutdown()
            self._keep_pace()
            for done in self.purged:
                done.cancel()
            self._report(set(), False)

    def pause(self) -> None:
        """Stop processes and embedding where they are, also after the next start."""
        self._rest()
        self._library.remember(PAUSED, value=True)

    def resume(self) -> None:
        """Go on after `pause`, and try again what a problem had stopped."""
        if not self.held:
            self._pool.resume()
        self._library.remember(PAUSED, value=False)
        self._retry_at = 0.0
        self.retry_model()

    def retry_model(self) -> None:
        """Load the embedding model again, if it failed."""
        if self.model_error is not None:
            self.model_error = None
            self._loading = None

    def cancel(self, collection_id: int) -> None:
        """Mark everything unfinished of a collection as cancelled; what is searchable by words stays so."""
        rows = [row for row in self._library.files(collection_id) if row.state in {"queued", "reading", "searchable"}]
        self.reading.drop({row.id for row in rows})
        self.meaning.stop()
        with self._library.db.write():
            for row in rows:
                self._library.set_file_state(row.id, "cancelled")

    def cancel_file(self, file_id: int) -> None:
        """Mark an unfinished file as cancelled; what is searchable by words stays so."""
        row = self._library.file(file_id)
        if row is None or row.state not in {"queued", "reading", "searchable"}:
            return
        self.reading.drop({file_id})
        if row.state == "searchable":
            self.meaning.stop()
        self._library.set_file_state(file_id, "cancelled")

    def forget(self, file_ids: Iterable[int], collection_id: int) -> None:
        """End what is being done for files that were removed."""
        self.reading.drop(set(file_ids))
        if self._facts is not None:
            self.meaning.apply(self._facts.identity, [collection_id])

    def forget_collection(self, collection_id: int) -> None:
        """End what is being done for a collection that was removed."""
        self.reading.drop({row.id for row in self.reading.in_work if row.collection_id == collection_id})

    def drop_collection(self, collection_id: int) -> None:
        """End what is being done for a collection that is gone for good, and what Chroma has of it."""
        self.forget_collection(collection_id)
        self._vectors.drop_collection(collection_id)

    def welcome_back(self, collection_id: int) -> None:
        """Index again what came back with an undo; its vectors are there, in Chroma mostly as well."""
        self._vectors.compare_again(collection_id)
        if self._facts is not None:
            self.meaning.apply(self._facts.identity, [collection_id])

    def warm_up(self) -> None:
        """Open Chroma, and compare it with the library once the embedding model is known."""
        self._vectors.open()
        self.bring_over_all()

    def bring_over_all(self) -> None:
        """Make Chroma hold what the library has, in all collections, as soon as the embedding model is known."""
        facts = self._model()
        self._compare = facts is None and self.model_error is None
        if facts is None:
            return
        for collection in self._library.collections():
            self.meaning.apply(facts.identity, [collection.id])
            counts = self._library.counts(collection.id)
            if counts.files_ready + counts.files_failed >= counts.files_total:
                self.meaning.drop_stale_indexes(facts.identity, collection.id)

    def begin_change(self, new: NewIndex) -> None:
        """Build a new index beside the one that answers; what was built for another wish is given up."""
        self.give_up_change()
        self.change = IndexChange(new, self._library, self._vectors, self._pool)

    def give_up_change(self) -> None:
        """Stay with the index that answers."""
        if self.change is not None:
            self.change.give_up()
            self.change = None
        self._library.drop_successors()

    def _turn(self, events: list[ParseEvent]) -> bool:
        """Do what there is to do now; returns whether there is more at once."""
        changed: set[int] = set()
        more = False
        problem = self.problem, self.model_error
        try:
            self._recover()
            changed |= self._run_commands()
            changed |= {found for event in events for found in self._handle(event)}
            self._spare_battery()
            if not self.paused and not self.held:
                changed |= self._advance()
            more = (bool(changed) | self._purge_some()) and self.problem is None
        except KnownError as error:
            self._halt(error)
        except Exception as error:  # The top of a thread: it must not end in silence, with all files waiting for it.
            log.exception("indexing stopped")
            self._halt(_internal(error))
        self._report(changed, problem != (self.problem, self.model_error))
        return more

    def _spare_battery(self) -> None:
        """Stand still while the computer runs on battery, if the user wants that; go on when it is plugged in."""
        if self._budget.held == self.held:
            return
        self.held = not self.held
        log.info("work %s", "waits for the computer to be plugged in" if self.held else "goes on")
        if self.held:
            self._rest()
        elif not self.paused:
            self._pool.resume()

    def _rest(self) -> None:
        self._pool.suspend()
        self.meaning.stop()
        if self.change is not None:
            self.change.rest()
        self.pace.stop()

    def _handle(self, event: ParseEvent) -> set[int]:
        # Documents that are cut anew, and pages, go by negative numbers, so as not to be taken for files.
        if event.key >= 0:
            found = self.reading.handle(event)
            return set() if found is None else {found}
        if event.key < -PAGE_KEYS:
            return self.recognition.handle(event)
        if self.change is not None:
            self.change.handle(event)
        return set()

    def _advance(self) -> set[int]:
        if self._compare:
            self.bring_over_all()
        reading = bool(self.reading.in_work) or bool(self._library.queued_files(1))
        embedding = self.model_error is None and bool(self._library.incomplete_collections())
        if not (reading or embedding or self.recognition.wanted):
            self.pace.stop()
            return self._advance_change()
        facts = self._model()
        if facts is None and self.model_error is None:
            return set()
        self._pool.size = self._budget.parse_workers()
        # What the user put first goes through all kinds of work before anything else is read.
        urgent = self._library.urgent_files()
        changed = self.recognition.feed(self.reading.cutting, only=urgent) if urgent else set()
        changed |= self.reading.feed()
        if not self.reading.more:
            changed |= self.recognition.feed(self.reading.cutting)
        # While files are read on all cores, embedding is slower than it will be.
        self.pace.embedding.muted = self.reading.more or len(self.reading.in_work) > 1
        # Reading everything first makes all of it searchable by words soon; it delays embedding by a twentieth. The
        # last files to be read have all cores for a while, but slow ones do not keep embedding from beginning.
        if facts is not None and (urgent or not (self.reading.more or self.reading.needs_all)):
            changed |= self.meaning.step(facts.identity)
        return changed

    def _advance_change(self) -> set[int]:
        change = self.change
        if change is None or not change.step() or change.facts is None:
            return set()
        self.change = None
        self.meaning.stop()
        self._embedding, self._facts, self.model_error = change.new.embedding, change.facts, None
        self.reading.cutting = change.cutting
        self.meaning = self._meaning_for(self._embedding)
        change.new.on_exchanged(change.new)
        self._library.reset_interrupted()
        self._library.drop_vectors_of_others(change.facts.identity)
        self.bring_over_all()
        return {each.id for each in self._library.collections()}

    def _meaning_for(self, embedding: EmbeddingService) -> Meaning:
        name = self.reading.cutting.index_name
        complete = self.recognition.complete_files
        return Meaning(self._library, self._vectors, embedding, self.pace.embedding, self._pool.wake, name, complete)

    def _run_commands(self) -> set[int]:
        changed: set[int] = set()
        while self._commands and not self._stopping:
            command = self._commands[0]
            try:
                command.run()
            except StorageError:
                raise  # For want of room: it stays and is done again.
            except Exception:
                self._strike_off(command)
                raise
            self._strike_off(command)
            if command.collection_id is not None:
                changed.add(command.collection_id)
        return changed

    def _strike_off(self, command: _Command) -> None:
        with self._lock:
            self._commands.popleft()
            if command.collection_id is not None:
                self._waiting[command.collection_id] -= 1

    def _model(self) -> EmbedderFacts | None:
        """Return the embedding model's facts once it is loaded; begins to load it."""
        if self._facts is not None or self.model_error is not None:
            return self._facts
        if self._loading is None:
            self._loading = self._embedding.warm_up()
            self._loading.add_done_callback(lambda _: self._pool.wake())
        if not self._loading.done():
            return None
        try:
            self._facts = self._loading.result()
        except Cancelled:
            return None
        except KnownError as error:
            log.info("the embedding model does not load: %s", error.message)
            self.model_error = error
            return None
        self.reading.cutting = Cutting.for_model(self._facts, self.reading.cutting.options.target_tokens)
        self._recall_pace(self._facts)
        queue_outdated(self._library, self._loaders, self.reading.cutting.identity)
        return self._facts

    def _recall_pace(self, facts: EmbedderFacts) -> None:
        """Assume the embedding speed of the last run, until there is a new one."""
        known = self._library.remembered(_SPEED)
        speed = known.get(facts.identity) if isinstance(known, dict) else None
        self.pace.embedding.assumed = speed if isinstance(speed, float) else None

    def _keep_pace(self) -> None:
        self.pace.stop()
        speed = self.pace.embedding.assumed
        if self._facts is not None and speed is not None:
            with suppress(StorageError):
                self._library.remember(_SPEED, {self._facts.identity: speed})

    def _purge_some(self) -> bool:
        """Purge a little of what was removed long enough ago; tells whether there is more at once."""
        state = self.purge.step()
        self._purge_in_s = WAIT_S if state is None else self.purge.due_in_s()
        if state is False:
            for done in self.purged:
                done.set_result(None)
            self.purged.clear()
        return state is True

    def purge_now(self, removal_ids: Sequence[int] | None, done: "Future[None]") -> None:
        """Begin to purge removals, or all, whose time is not up; `done` tells when no trace is left."""
        self._library.begin_purge(self._library.all_removals() if removal_ids is None else removal_ids)
        self.purged.append(done)

    def _reset(self) -> None:
        self._library.reset_interrupted()
        self.recognition.begin()
        tell_missing_readers(self._library, self._loaders)

    def _recover(self) -> None:
        """After a halt, try whether writing works again."""
        if self.problem is None or time.monotonic() < self._retry_at:
            return
        self._retry_at = time.monotonic() + RETRY_S
        self._library.reset_interrupted()
        self.problem = None

    def _halt(self, error: KnownError) -> None:
        log.info("indexing halts: %s", error.message)
        self.problem = error
        self._retry_at = time.monotonic() + (RETRY_S if isinstance(error, StorageError) else _RETRY_UNEXPECTED_S)
        self.meaning.stop()
        if self.change is not None:
            self.change.rest()
        self.reading.drop()
        self.recognition.drop()
        self.pace.stop()

    def _patience_s(self) -> float | None:
        if self.problem is not None:
            return max(0.0, self._retry_at - time.monotonic()) + 0.01
        waits = [
            seconds for seconds in (_LOOK_AT_PLUG_S if self.held else None, self._purge_in_s) if seconds is not None
        ]
        return min(waits, default=None)


def _internal(error: Exception) -> KnownError:
    return KnownError(
        f"Indexing stopped because of an unexpected error: {type(error).__name__}.",
        remedy="It is tried again by itself; if it comes back, the log tells more.",
    )
