"""What waits for the embedding threads: requests of the user first, slices of passages after them."""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from inference.errors import Cancelled
from inference.types import CancelToken, Embedder, Vectors

Result = TypeVar("Result")
Progress = Callable[[int, int], None]
"""Receives texts done and texts in all, on an embedding thread; it must be quick."""


@dataclass(frozen=True)
class Request(Generic[Result]):
    """Something short for the thread that owns the model; its outcome goes into `future`."""

    future: Future[Result]
    run: Callable[[Embedder], Result]

    def answer(self, embedder: Callable[[], Embedder]) -> None:
        """Run, and let whoever waits have the result or the error."""
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            self.future.set_result(self.run(embedder()))
        except BaseException as exc:  # noqa: BLE001 - The top of a thread: who waits gets it, and the thread goes on.
            self.future.set_exception(exc)

    def refuse(self) -> None:
        if self.future.set_running_or_notify_cancel():
            self.future.set_exception(Cancelled())


class PassageJob:
    """Texts that become one array of vectors, slice by slice, on several threads."""

    def __init__(self, texts: Sequence[str], cancel: CancelToken | None, on_progress: Progress | None) -> None:
        self.texts = list(texts)
        self.future: Future[Vectors] = Future()
        self._cancel = cancel
        self._on_progress = on_progress
        self._lock = threading.Lock()
        self._vectors: Vectors = np.empty((0, 0), dtype=np.float32)
        self._done = 0

    @property
    def over(self) -> bool:
        """Whether no slice of it needs to be worked on any more; ends the future of a cancelled job."""
        if self._cancel is not None and self._cancel.cancelled:
            self.fail(Cancelled())
        return self.future.done()

    def allocate(self, dimension: int) -> None:
        """Make room for the vectors; a job without texts is done at once."""
        self._vectors = np.empty((len(self.texts), dimension), dtype=np.float32)
        if not self.texts:
            self._succeed()

    def work(self, rows: Sequence[int], embedder: Embedder) -> None:
        """Embed one slice; the last one completes the future."""
        if self.over:
            return
        try:
            vectors = embedder.embed([self.texts[row] for row in rows], "passage")
            self._add(rows, vectors)
        except BaseException as exc:  # noqa: BLE001 - The top of a thread: who waits gets it, and the thread goes on.
            self.fail(exc)

    def fail(self, exc: BaseException) -> None:
        # Two threads may fail, or one fail while another succeeds: the first word stands.
        with suppress(InvalidStateError):
            self.future.set_exception(exc)

    def _add(self, rows: Sequence[int], vectors: Vectors) -> None:
        with self._lock:
            self._vectors[rows] = vectors
            self._done += len(rows)
            done = self._done
            if self._on_progress is not None:
                self._on_progress(done, len(self.texts))
        if done == len(self.texts):
            self._succeed()

    def _succeed(self) -> None:
        with suppress(InvalidStateError):
            self.future.set_result(self._vectors)


@dataclass(frozen=True)
class Slice:
    """Some rows of a job: what one thread does in one go."""

    job: PassageJob
    rows: list[int]


Work = Request[Any] | Slice


class WorkQueue:
    """Two queues under one lock; requests before slices; any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._requests: deque[Request[Any]] = deque()
        self._slices: deque[Slice] = deque()
        self._closed = False

    def put_request(self, request: Request[Any]) -> bool:
        """Add a request; False if the queue is closed."""
        with self._changed:
            if not self._closed:
                self._requests.append(request)
                self._changed.notify_all()
            return not self._closed

    def put_slices(self, slices: Sequence[Slice]) -> bool:
        """Add slices behind those that wait; False if the queue is closed."""
        with self._changed:
            if not self._closed:
                self._slices.extend(slices)
                self._changed.notify_all()
            return not self._closed

    def take(self, *, requests: bool, slices: bool) -> Work | None:
        """Wait for the next piece of work of the kinds wanted; None when the queue is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or (requests and self._requests) or (slices and self._slices))
            if self._closed:
                return None
            return self._requests.popleft() if requests and self._requests else self._slices.popleft()

    def close(self) -> None:
        """Wake all takers for good, and fail what waits with `Cancelled`."""
        with self._changed:
            self._closed = True
            requests, slices = list(self._requests), list(self._slices)
            self._requests.clear()
            self._slices.clear()
            self._changed.notify_all()
        for request in requests:
            request.refuse()
        for piece in slices:
            piece.job.fail(Cancelled())


class QuestionCache:
    """The vectors of the latest questions: a question is embedded once for each retrieval that it starts."""

    def __init__(self, size: int = 256) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._vectors: OrderedDict[str, Vectors] = OrderedDict()

    def get(self, text: str) -> Vectors | None:
        with self._lock:
            if text in self._vectors:
                self._vectors.move_to_end(text)
            return self._vectors.get(text)

    def put(self, text: str, vector: Vectors) -> None:
        with self._lock:
            self._vectors[text] = vector
            while len(self._vectors) > self._size:
                self._vectors.popitem(last=False)
