"""The chat worker, as an answer needs it: events come on the asking thread, and a raised token stops everything.

The llm thread only puts events into a queue, so checking markers and storing text never slow the model down.
"""

import queue
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TypeVar

from inference.api import (
    Cancelled,
    CancelToken,
    ChatWorker,
    GenerationJob,
    GenerationRequest,
    Message,
    ModelDetails,
    NoModelLoaded,
    StreamEvent,
)

Result = TypeVar("Result")
_CANCEL_LATENCY_S = 0.02


class Generator:
    """One question's use of the worker."""

    def __init__(self, worker: ChatWorker, cancel: CancelToken) -> None:
        self._worker = worker
        self._cancel = cancel
        self._job: GenerationJob | None = None

    def details(self) -> ModelDetails:
        """Return the loaded model, waiting for a load that is under way.

        Raises:
            Cancelled: The token was raised while the model was loading.
            NoModelLoaded: No model is loaded, or coming.
        """
        self.count_tokens((Message("user", ""),))
        details = self._worker.details
        if details is None:
            raise NoModelLoaded("No chat model is loaded.", remedy="Choose a model first.")
        return details

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the tokens of a rendered prompt; raises `Cancelled` when the token is raised meanwhile."""
        return self._wait(self._worker.count_tokens(messages))

    def stream(self, request: GenerationRequest) -> Iterator[StreamEvent]:
        """Yield the events of an answer, `Finished` last; raises the `KnownError` that ended it."""
        events: queue.SimpleQueue[StreamEvent | None] = queue.SimpleQueue()

        def take(event: StreamEvent) -> None:
            events.put(event)
            # Here, on the llm thread, a stop takes effect before the next token.
            if self._cancel.cancelled:
                self.stop()

        self._job = self._worker.generate(request, take)
        self._job.future.add_done_callback(lambda _: events.put(None))
        try:
            yield from self._received(events)
            self._job.future.result()
        finally:
            # An asker that gives up must not leave the model writing for nobody.
            self._job.cancel()

    def stop(self) -> None:
        """End the answer early; its events still come, `Finished` with them."""
        if self._job is not None:
            self._job.cancel()

    def _received(self, events: "queue.SimpleQueue[StreamEvent | None]") -> Iterator[StreamEvent]:
        while True:
            if self._cancel.cancelled:
                self.stop()
            try:
                event = events.get(timeout=_CANCEL_LATENCY_S)
            except queue.Empty:
                continue
            if event is None:
                return
            yield event

    def _wait(self, future: "Future[Result]") -> Result:
        while not self._cancel.cancelled:
            try:
                return future.result(timeout=_CANCEL_LATENCY_S)
            except FutureTimeout:
                if future.done():
                    raise
        raise Cancelled
