"""The llm thread: one job after another, each to be stopped at any moment."""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from inference.api import (
    Cancelled,
    CancelToken,
    ChatBackend,
    ChatModel,
    ChatWorker,
    Device,
    Finished,
    GenerationRequest,
    LoadProgress,
    LoadSettings,
    Message,
    ModelDetails,
    ModelNotFound,
    ModelRef,
    ModelTooLarge,
    NoModelLoaded,
    Registry,
    StreamEvent,
    TextDelta,
    UnknownBackend,
    default_registry,
)
from inference.backends.echo import EchoBackend
from tests.inference.chat.asking import request

ECHO = ModelRef("echo", "echo")
WAIT_S = 10


class Gate:
    """Holds an answer of the echo model before each word until opened."""

    def __init__(self) -> None:
        self.reached, self.open = threading.Event(), threading.Event()

    def wait(self) -> None:
        self.reached.set()
        assert self.open.wait(WAIT_S)


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def registry(gate: Gate) -> Registry[ChatBackend]:
    registry: Registry[ChatBackend] = Registry("chat backend")
    registry.register("echo", EchoBackend)
    registry.register("slow", lambda: EchoBackend(gate.wait))
    return registry


@pytest.fixture
def worker(registry: Registry[ChatBackend], gate: Gate) -> Iterator[ChatWorker]:
    made = ChatWorker(registry)
    yield made
    gate.open.set()
    made.shutdown()


def nothing(_event: StreamEvent) -> None:
    pass


def test_a_loaded_model_answers_on_the_llm_thread(worker: ChatWorker) -> None:
    shares: list[float] = []
    details = worker.load(ECHO, on_progress=shares.append).future.result(WAIT_S)
    assert worker.details == details
    assert shares == [1.0]
    events, threads = list[StreamEvent](), set[str]()

    def heard(event: StreamEvent) -> None:
        events.append(event)
        threads.add(threading.current_thread().name)

    finished = worker.generate(request("Where is the lamp?"), heard).future.result(WAIT_S)
    assert events[-1] == finished
    assert "".join(event.text for event in events if isinstance(event, TextDelta)).startswith("You said: Where is")
    assert threads == {"llm"}
    assert worker.count_tokens((Message("user", "three words here"),)).result(WAIT_S) == 3


def test_without_a_model_a_question_is_a_known_error(worker: ChatWorker) -> None:
    with pytest.raises(NoModelLoaded):
        worker.generate(request("Where?"), nothing).future.result(WAIT_S)


def test_a_running_answer_can_be_stopped(worker: ChatWorker, gate: Gate) -> None:
    worker.load(ModelRef("slow", "slow"))
    job = worker.generate(request("one two three"), nothing)
    assert gate.reached.wait(WAIT_S)
    job.cancel()
    gate.open.set()
    assert job.future.result(WAIT_S).reason == "cancelled"


def test_a_waiting_answer_can_be_stopped_and_the_next_is_written(worker: ChatWorker, gate: Gate) -> None:
    worker.load(ModelRef("slow", "slow"))
    running = worker.generate(request("one"), nothing)
    waiting = worker.generate(request("two"), nothing)
    last = worker.generate(request("three"), nothing)
    waiting.cancel()
    gate.open.set()
    outcomes = [job.future.result(WAIT_S).reason for job in (running, waiting, last)]
    assert outcomes == ["stop", "cancelled", "stop"]


def test_a_load_cancelled_before_it_starts_leaves_the_loaded_model(worker: ChatWorker, gate: Gate) -> None:
    worker.load(ModelRef("slow", "slow"))
    running = worker.generate(request("one"), nothing)
    load = worker.load(ECHO)
    load.cancel()
    gate.open.set()
    running.future.result(WAIT_S)
    with pytest.raises(Cancelled):
        load.future.result(WAIT_S)
    assert worker.details
    assert worker.details.ref.name == "slow"


def test_a_listener_that_fails_ends_its_answer_only(worker: ChatWorker) -> None:
    worker.load(ECHO)

    def fails(_event: StreamEvent) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        worker.generate(request("one"), fails).future.result(WAIT_S)
    assert worker.generate(request("two"), nothing).future.result(WAIT_S).reason == "stop"


def test_unloading_frees_the_model(worker: ChatWorker) -> None:
    worker.load(ECHO)
    worker.unload().result(WAIT_S)
    assert worker.details is None


def test_an_unknown_backend_is_named(worker: ChatWorker) -> None:
    with pytest.raises(UnknownBackend, match="telepathy"):
        worker.load(ModelRef("x", "telepathy")).future.result(WAIT_S)


def test_shutdown_stops_what_runs_and_ends_what_waits(registry: Registry[ChatBackend], gate: Gate) -> None:
    worker = ChatWorker(registry)
    worker.load(ModelRef("slow", "slow"))
    running = worker.generate(request("one two three"), nothing)
    waiting = worker.generate(request("four"), nothing)
    assert gate.reached.wait(WAIT_S)
    closing = threading.Thread(target=worker.shutdown)
    closing.start()
    while not running.token.cancelled:
        pass
    gate.open.set()
    closing.join(WAIT_S)
    assert running.future.result(WAIT_S).reason == "cancelled"
    with pytest.raises(Cancelled):
        waiting.future.result(WAIT_S)
    with pytest.raises(Cancelled):
        worker.count_tokens(()).result(WAIT_S)


def test_the_budget_knows_while_an_answer_is_written(registry: Registry[ChatBackend], gate: Gate) -> None:
    class Budget:
        busy = False

        @contextlib.contextmanager
        def generating(self) -> Iterator[None]:
            self.busy = True
            yield
            self.busy = False

    budget = Budget()
    worker = ChatWorker(registry, budget=budget)
    worker.load(ModelRef("slow", "slow"))
    job = worker.generate(request("one"), nothing)
    assert gate.reached.wait(WAIT_S)
    assert budget.busy
    gate.open.set()
    job.future.result(WAIT_S)
    worker.unload().result(WAIT_S)
    assert not budget.busy
    worker.shutdown()


class Recorder:
    """A backend that notes loads and closes."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def load(self, ref: ModelRef, settings: LoadSettings, on_progress: LoadProgress, cancel: CancelToken) -> ChatModel:
        self.log.append(f"load {ref.name}")
        return RecordedModel(ModelDetails(ref, "none", 1, Device("cpu", "none")), self.log)


class RecordedModel:
    def __init__(self, details: ModelDetails, log: list[str]) -> None:
        self.details, self._log = details, log

    def count_tokens(self, messages: Sequence[Message]) -> int:
        return 0

    def generate(self, asked: GenerationRequest, cancel: CancelToken) -> Iterator[StreamEvent]:
        raise NotImplementedError

    def close(self) -> None:
        self._log.append(f"close {self.details.ref.name}")


class FullTrial:
    """Finds no room for the second model while the first is loaded."""

    def __init__(self, log: list[str]) -> None:
        self._log = log

    def ensure(self, ref: ModelRef, settings: LoadSettings, cancel: CancelToken) -> None:
        self._log.append(f"try {ref.name}")
        if ref.name == "second" and "close first" not in self._log:
            raise ModelTooLarge("too large", remedy="none")


def test_a_model_makes_room_for_the_next_when_both_do_not_fit() -> None:
    backend = Recorder()
    registry: Registry[ChatBackend] = Registry("chat backend")
    registry.register("recorder", lambda: backend)
    worker = ChatWorker(registry, trial=FullTrial(backend.log))
    worker.load(ModelRef("first", "recorder"))
    worker.load(ModelRef("second", "recorder")).future.result(WAIT_S)
    worker.shutdown()
    expected = ["try first", "load first", "try second", "close first", "try second", "load second", "close second"]
    assert backend.log == expected


def test_the_real_model_answers_through_the_worker(smollm: ModelRef) -> None:
    from inference.api import default_registry

    worker = ChatWorker(default_registry())
    worker.load(smollm, LoadSettings(context_tokens=1024))
    finished = worker.generate(request("What is the capital of France?"), nothing).future.result(60)
    worker.shutdown()
    assert isinstance(finished, Finished)
    assert finished.usage.answer_tokens > 1


def test_asking_after_a_failed_load_tells_why_it_failed(tmp_path: Path) -> None:
    worker = ChatWorker(default_registry())
    try:
        missing = ModelRef("gone", "llama_cpp", tmp_path / "gone.gguf")
        with pytest.raises(ModelNotFound):
            worker.load(missing).future.result(30)
        with pytest.raises(ModelNotFound):
            worker.count_tokens((Message("user", "x"),)).result(30)
    finally:
        worker.shutdown()
