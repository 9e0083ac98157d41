"""The one thread that owns the chat model, and its queue: load, answer, count, one after another.

llama.cpp dies when two threads use one model, so nobody else ever holds it. A load and an answer can be cancelled at
any moment from any thread; what waits in the queue behind them is not touched.
"""

import contextlib
import queue
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from inference.errors import Cancelled, ContextTooLarge, KnownError, ModelTooLarge, NoModelLoaded
from inference.registry import Registry
from inference.types import (
    CancelToken,
    ChatBackend,
    ChatModel,
    Finished,
    GenerationRequest,
    LoadProgress,
    LoadSettings,
    Message,
    ModelDetails,
    ModelRef,
    StreamEvent,
    Usage,
)

Result = TypeVar("Result")
EventSink = Callable[[StreamEvent], None]


class GenerationBudget(Protocol):
    """Told when an answer is being written, so that indexing steps back (`inference.cpu_budget`)."""

    def generating(self) -> contextlib.AbstractContextManager[object]: ...


class Trial(Protocol):
    """Tries a model elsewhere before it is loaded here (`inference.trial`)."""

    def ensure(self, ref: ModelRef, settings: LoadSettings, cancel: CancelToken) -> None: ...


@dataclass(frozen=True)
class Job(Generic[Result]):
    """Something under way on the llm thread; any thread.

    Attributes:
        future: Its result or its error. A cancelled load ends in `Cancelled`, a cancelled answer in `Finished`.
    """

    future: Future[Result] = field(default_factory=Future)
    token: CancelToken = field(default_factory=CancelToken)

    def cancel(self) -> None:
        self.token.cancel()


LoadJob = Job[ModelDetails]
GenerationJob = Job[Finished]


class ChatWorker:
    """Owns the llm thread and the loaded model. All methods: any thread, none blocks but `shutdown`.

    Args:
        registry: The chat backends.
        trial: Tries a model file that this computer does not know yet; None to load without.
        budget: Told while an answer is being written.
    """

    def __init__(
        self,
        registry: Registry[ChatBackend],
        *,
        trial: Trial | None = None,
        budget: GenerationBudget | None = None,
    ) -> None:
        self._registry = registry
        self._trial = trial
        self._budget = budget
        self._model: ChatModel | None = None
        self._details: ModelDetails | None = None
        self._load_error: KnownError | None = None
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._running: Job[object] | None = None
        self._closed = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="llm", daemon=True)
        self._thread.start()

    @property
    def details(self) -> ModelDetails | None:
        """Facts of the loaded model, or None."""
        return self._details

    def load(
        self, ref: ModelRef, settings: LoadSettings | None = None, on_progress: LoadProgress | None = None
    ) -> LoadJob:
        """Load a model in place of the loaded one; `on_progress` is called on the llm thread."""
        job: LoadJob = Job()
        wanted, progress = settings or LoadSettings(), on_progress or _ignore
        self._submit(job, lambda: self._load(ref, wanted, progress, job.token))
        return job

    def generate(self, request: GenerationRequest, on_event: EventSink) -> GenerationJob:
        """Write an answer; `on_event` is called on the llm thread, the last time with `Finished`."""
        job: GenerationJob = Job()
        self._submit(job, lambda: self._generate(request, on_event, job.token))
        return job

    def count_tokens(self, messages: Sequence[Message]) -> "Future[int]":
        """Count the tokens of a rendered prompt; waits for whatever runs before it."""
        job: Job[int] = Job()
        self._submit(job, lambda: self._loaded().count_tokens(messages))
        return job.future

    def unload(self) -> "Future[None]":
        """Free the loaded model, if there is one."""
        job: Job[None] = Job()
        self._submit(job, self._unload)
        return job.future

    def shutdown(self, timeout_s: float = 10.0) -> None:
        """Cancel what runs, end what waits with `Cancelled`, free the model and end the thread; blocks."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            running = self._running
        if running is not None:
            running.cancel()
        self._work.put(None)
        self._thread.join(timeout_s)

    def _submit(self, job: Job[Result], work: Callable[[], Result]) -> None:
        with self._lock:
            if self._closed:
                job.future.set_exception(Cancelled())
                return
            self._work.put(lambda: self._settle(job, work))

    def _settle(self, job: Job[Result], work: Callable[[], Result]) -> None:
        with self._lock:
            closed = self._closed
            self._running = job  # type: ignore[assignment]
        if closed:
            job.future.set_exception(Cancelled())
            return
        try:
            job.future.set_result(work())
        except BaseException as exc:  # noqa: BLE001 - the top of the thread: whoever asked gets the error.
            job.future.set_exception(exc)
        finally:
            self._running = None

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()
        self._unload()

    def _load(
        self, ref: ModelRef, settings: LoadSettings, on_progress: LoadProgress, cancel: CancelToken
    ) -> ModelDetails:
        if cancel.cancelled:
            raise Cancelled
        self._load_error = None
        try:
            return self._load_in_place(ref, settings, on_progress, cancel)
        except KnownError as error:
            self._load_error = error
            raise

    def _load_in_place(
        self, ref: ModelRef, settings: LoadSettings, on_progress: LoadProgress, cancel: CancelToken
    ) -> ModelDetails:
        backend = self._registry.get(ref.backend)
        self._try_out(ref, settings, cancel)
        self._unload()
        model = backend.load(ref, settings, on_progress, cancel)
        self._model, self._details = model, model.details
        return model.details

    def _try_out(self, ref: ModelRef, settings: LoadSettings, cancel: CancelToken) -> None:
        if self._trial is None:
            return
        # Beside a loaded model there may be too little memory for the trial: then it is tried again without.
        try:
            self._trial.ensure(ref, settings, cancel)
        except (ModelTooLarge, ContextTooLarge):
            if self._model is None:
                raise
            self._unload()
            self._trial.ensure(ref, settings, cancel)

    def _generate(self, request: GenerationRequest, on_event: EventSink, cancel: CancelToken) -> Finished:
        model = self._loaded()
        if cancel.cancelled:
            finished = Finished("cancelled", Usage(0, 0, 0, 0.0, None, None))
            on_event(finished)
            return finished
        with self._budget.generating() if self._budget else contextlib.nullcontext():
            return self._stream(model, request, on_event, cancel)

    @staticmethod
    def _stream(model: ChatModel, request: GenerationRequest, on_event: EventSink, cancel: CancelToken) -> Finished:
        events = model.generate(request, cancel)
        try:
            for event in events:
                on_event(event)
                if isinstance(event, Finished):
                    return event
        finally:
            # Also if a listener raises: an answer left half-way would leave the model's cache in an unknown state.
            if isinstance(events, Generator):
                events.close()
        raise RuntimeError("the model ended without saying so")

    def _loaded(self) -> ChatModel:
        if self._model is None:
            if self._load_error is not None:
                # Who asks while nothing is loaded wants to know why, not only that.
                raise self._load_error
            raise NoModelLoaded("No chat model is loaded.", remedy="Choose a model first.")
        return self._model

    def _unload(self) -> None:
        model, self._model, self._details = self._model, None, None
        if model is not None:
            model.close()


def _ignore(_share: float) -> None:
    pass
