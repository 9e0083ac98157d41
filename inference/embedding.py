"""Owns the embedding model and the threads that call it: a question never waits behind the indexing of documents.

The "embed" thread opens the model at the first request and answers questions. Passages are cut into slices of a few
hundred tokens; where the model can be called from several threads at once (`parallel_calls`), background threads of
lower priority take them, otherwise the "embed" thread does, after each waiting question. Between slices the processor
budget is asked, so that an answer being written is not starved.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from inference.cpu_budget import CpuBudget, lower_thread_priority
from inference.embedders.catalogue import open_embedder
from inference.embedding_queue import PassageJob, Progress, QuestionCache, Request, Slice, WorkQueue
from inference.errors import Cancelled
from inference.types import CancelToken, Embedder, Vectors

# About 500 tokens of prose: some 70 ms on one core of 2023.
SLICE_BYTES = 2_000
Result = TypeVar("Result")


class OpenEmbedder(Protocol):
    """Opens an embedder: `inference.embedders.catalogue.open_embedder`, or a test's own."""

    def __call__(self, name_or_folder: str | Path, *, cache_dir: Path, threads: int) -> Embedder: ...


@dataclass(frozen=True)
class EmbedderFacts:
    """The plain attributes of a loaded embedder, for any thread; see `Embedder`."""

    name: str
    revision: str
    dimension: int
    max_tokens: int
    languages: tuple[str, ...]
    tokenizer_file: Path | None

    @property
    def identity(self) -> str:
        """Name and revision in one: equal for two embedders only if their vectors are."""
        return f"{self.name}-{self.revision}"


class EmbeddingService:
    """Turns texts into vectors on threads of its own; all methods may be called from any thread.

    The properties wait for the model to be loaded and raise what its loading raised; a later request tries again.
    """

    def __init__(
        self,
        name_or_folder: str | Path,
        *,
        cache_dir: Path,
        budget: CpuBudget,
        opener: OpenEmbedder = open_embedder,
    ) -> None:
        self._name = name_or_folder
        self._cache_dir = cache_dir
        self._budget = budget
        self._opener = opener
        self._queue = WorkQueue()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._embedder: Embedder | None = None
        self._known_questions = QuestionCache()

    def warm_up(self) -> Future[EmbedderFacts]:
        """Load the model now; the future gives its facts or raises `ModelError`."""
        return self._request(_facts)

    def embed_question(self, text: str) -> Future[Vectors]:
        """Return a future of the question's vector: float32, (dimension,), L2-normalised, not to be written to."""
        known = self._known_questions.get(text)
        if known is None:
            return self._request(lambda embedder: self._question_vector(embedder, text))
        future: Future[Vectors] = Future()
        future.set_result(known)
        return future

    def embed_passages(
        self, texts: Sequence[str], cancel: CancelToken | None = None, on_progress: Progress | None = None
    ) -> Future[Vectors]:
        """Return a future of the vectors: float32, (len(texts), dimension), rows L2-normalised, in the texts' order.

        The future raises `Cancelled` soon after `cancel` is raised, or when the service is shut down, and what loading
        the model raised.
        """
        job = PassageJob(texts, cancel, on_progress)

        def loaded(begun: Future[None]) -> None:
            if (error := begun.exception()) is not None:
                job.fail(error)

        self._request(lambda embedder: self._begin(embedder, job)).add_done_callback(loaded)
        return job.future

    def shutdown(self) -> None:
        """Finish the slices in hand, fail what waits with `Cancelled`, end all threads, and free the model."""
        self._queue.close()
        # The first one may still be starting others; they are in the list when it has ended.
        for thread in self._threads:
            thread.join()
        if self._embedder is not None:
            self._embedder.close()
            self._embedder = None

    @property
    def facts(self) -> EmbedderFacts:
        embedder = self._embedder
        return _facts(embedder) if embedder is not None else self.warm_up().result()

    @property
    def identity(self) -> str:
        return self.facts.identity

    @property
    def dimension(self) -> int:
        return self.facts.dimension

    @property
    def max_tokens(self) -> int:
        return self.facts.max_tokens

    @property
    def languages(self) -> tuple[str, ...]:
        return self.facts.languages

    @property
    def tokenizer_file(self) -> Path | None:
        return self.facts.tokenizer_file

    def _request(self, run: Callable[[Embedder], Result]) -> Future[Result]:
        request = Request(Future[Result](), run)
        if not self._queue.put_request(request):
            request.refuse()
            return request.future
        with self._lock:
            if not self._threads:
                self._start_thread("embed", self._serve)
        return request.future

    def _start_thread(self, name: str, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    # --- On the "embed" thread ----------------------------------------------------------------------------------------

    def _serve(self) -> None:
        while (work := self._queue.take(requests=True, slices=self._takes_slices_itself())) is not None:
            if isinstance(work, Slice):
                self._budget.background_pause()
                self._run_slice(work)
            else:
                work.answer(self._loaded)

    def _takes_slices_itself(self) -> bool:
        return self._embedder is not None and _parallel_calls(self._embedder) == 0

    def _loaded(self) -> Embedder:
        if self._embedder is None:
            self._embedder = self._opener(self._name, cache_dir=self._cache_dir, threads=self._budget.cores)
            with self._lock:
                for number in range(_parallel_calls(self._embedder)):
                    self._start_thread(f"embed-passages-{number}", self._serve_passages)
        return self._embedder

    def _question_vector(self, embedder: Embedder, text: str) -> Vectors:
        known = self._known_questions.get(text)
        if known is None:
            known = embedder.embed([text], "question")[0]
            known.setflags(write=False)
            self._known_questions.put(text, known)
        return known

    def _begin(self, embedder: Embedder, job: PassageJob) -> None:
        job.allocate(embedder.dimension)
        if not self._queue.put_slices([Slice(job, rows) for rows in slices_of(job.texts)]):
            job.fail(Cancelled())

    # --- On a thread that embeds passages -----------------------------------------------------------------------------

    def _serve_passages(self) -> None:
        lower_thread_priority()
        while (work := self._queue.take(requests=False, slices=True)) is not None:
            self._budget.background_pause()
            if isinstance(work, Slice):
                self._run_slice(work)

    def _run_slice(self, work: Slice) -> None:
        if self._embedder is not None:
            work.job.work(work.rows, self._embedder)


def slices_of(texts: Sequence[str], slice_bytes: int = SLICE_BYTES) -> list[list[int]]:
    """Return row numbers in slices of texts of like length, at most `slice_bytes` each (but one text at least).

    Texts of like length waste no work on padding. UTF-8 bytes stand for tokens: they count a Chinese sign for more.
    """
    sizes = [len(text.encode("utf-8", "replace")) for text in texts]
    slices: list[list[int]] = []
    filled = slice_bytes
    for row in sorted(range(len(texts)), key=lambda row: sizes[row], reverse=True):
        if filled + sizes[row] > slice_bytes:
            slices.append([])
            filled = 0
        slices[-1].append(row)
        filled += sizes[row]
    return slices


def _facts(embedder: Embedder) -> EmbedderFacts:
    return EmbedderFacts(
        embedder.name,
        embedder.revision,
        embedder.dimension,
        embedder.max_tokens,
        tuple(embedder.languages),
        embedder.tokenizer_file,
    )


def _parallel_calls(embedder: Embedder) -> int:
    """Return how many threads may call it at once beside the "embed" thread; 0 for one that is not made for it."""
    calls = getattr(embedder, "parallel_calls", 0)
    return calls if isinstance(calls, int) else 0
