"""The parent's side of the parse processes: hands out tasks, gathers answers, takes limits, replaces the dead.

It has no thread of its own: the ingest thread calls `poll`, which waits for any process, or for `wake`.
"""

import logging
import multiprocessing
import pickle
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

import psutil

from inference.api import KnownError
from rag.ingestion.parse_worker import CutTask, Finished, Hashed, ParseTask, Slice, serve
from rag.ingestion.problems import crashed_reader, too_hungry, too_slow
from rag.ingestion.temporary import remove_leavings
from rag.types import LoadedDocument, Page, Passage

log = logging.getLogger(__name__)

_CHECK_S = 0.25
_TASKS_PER_PROCESS = 200
_RECYCLE_BYTES = 500_000_000


@dataclass(frozen=True)
class FileHashed:
    """The bytes are known now; the pool waits for `go_on` or `skip`."""

    key: int
    sha256: str
    loader: str


@dataclass(frozen=True)
class FileParsed:
    key: int
    sha256: str
    document: LoadedDocument
    passages: tuple[Passage, ...]


@dataclass(frozen=True)
class FileFailed:
    key: int
    error: KnownError
    sha256: str | None


@dataclass(frozen=True)
class DocumentCut:
    """A `CutTask` is done."""

    key: int
    passages: tuple[Passage, ...]


ParseEvent = FileHashed | FileParsed | FileFailed | DocumentCut
Task = ParseTask | CutTask


@dataclass(frozen=True)
class ParseLimits:
    timeout_s: int
    memory_mb: int


class ParsePool:
    """Up to `size` parse processes, started when there is work. One thread, except for `wake`."""

    def __init__(self, size: int, limits: ParseLimits) -> None:
        self.size = size
        self._limits = limits
        self._workers: list[_Worker] = []
        self._suspended = False
        self._wake_end, self._wait_end = multiprocessing.Pipe()

    @property
    def free(self) -> int:
        """Return how many more tasks can be taken now."""
        return self.size - len(self.busy)

    @property
    def busy(self) -> list[int]:
        """Return the keys of the tasks in work."""
        return [worker.key for worker in self._workers if worker.task is not None]

    def step_of(self, key: int) -> tuple[int, int]:
        """Return how many pages of a task are done, and of how many; zeros while that is unknown. Any thread."""
        return next((worker.step for worker in list(self._workers) if worker.key == key and worker.task), (0, 0))

    def submit(self, key: int, task: Task) -> None:
        """Give a task to an idle process, or a new one; only while `free`."""
        worker = next((worker for worker in self._workers if worker.task is None), None)
        if worker is None:
            worker = _Worker()
            self._workers.append(worker)
        worker.give(key, task)

    def go_on(self, key: int) -> None:
        """Have a hashed file read."""
        self._reply(key, go_on=True)

    def skip(self, key: int) -> None:
        """Leave a hashed file unread, because its text is known."""
        self._reply(key, go_on=False)

    def poll(self, timeout_s: float | None) -> list[ParseEvent]:
        """Wait for something to happen, or for `wake`, or for the timeout; returns what happened to files."""
        waited = [worker.connection for worker in self._workers if worker.task is not None and not self._suspended]
        if waited:
            timeout_s = _CHECK_S if timeout_s is None else min(timeout_s, _CHECK_S)
        ready = wait([*waited, self._wait_end], timeout_s)
        if self._wait_end in ready:
            self._drain_wake()
        events = [event for worker in list(self._workers) for event in self._receive(worker, ready)]
        return events if self._suspended else [*events, *self._enforce_limits()]

    def wake(self) -> None:
        """Make `poll` return; any thread."""
        with suppress(OSError):
            self._wake_end.send_bytes(b"!")

    def abort(self, key: int) -> None:
        """End a task without an event."""
        for worker in [worker for worker in self._workers if worker.task is not None and worker.key == key]:
            self._remove(worker)

    def suspend(self) -> None:
        """Stop all processes where they are; their time stands still."""
        self._suspended = True
        for worker in self._workers:
            worker.suspend()

    def resume(self) -> None:
        """Let suspended processes go on."""
        self._suspended = False
        for worker in self._workers:
            worker.resume()

    def shutdown(self) -> None:
        """End all processes."""
        for worker in list(self._workers):
            self._remove(worker)

    def _reply(self, key: int, *, go_on: bool) -> None:
        for worker in self._workers:
            if worker.task is not None and worker.key == key:
                with suppress(OSError):  # A dead process is noticed by the next poll.
                    worker.connection.send(go_on)

    def _drain_wake(self) -> None:
        while self._wait_end.poll():
            self._wait_end.recv_bytes()

    def _receive(self, worker: "_Worker", ready: Sequence[object]) -> Iterator[ParseEvent]:
        if worker.connection not in ready or worker.task is None:
            return
        task, key = worker.task, worker.key
        try:
            event = worker.receive()
        except (EOFError, OSError):
            log.info("the process that read %s died", task.path)
            self._remove(worker)
            yield FileFailed(key, crashed_reader(task.path), worker.sha256)
            return
        if event is not None:
            yield event
        if worker.task is None and worker.is_worn():
            self._remove(worker)

    def _enforce_limits(self) -> Iterator[ParseEvent]:
        for worker in list(self._workers):
            error = worker.over_limits(self._limits)
            if error is not None:
                log.info("%s", error.message)
                key, sha256 = worker.key, worker.sha256
                self._remove(worker)
                yield FileFailed(key, error, sha256)

    def _remove(self, worker: "_Worker") -> None:
        self._workers.remove(worker)
        worker.kill()


class _Worker:
    """A parse process with the task that it has, if any."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection: Connection[object, object]
        self.connection, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(target=serve, args=(theirs,), name="carrel-parse", daemon=True)
        self.process.start()
        theirs.close()
        self.key = 0
        self.task: Task | None = None
        self.sha256: str | None = None
        self.step = (0, 0)
        self._tasks_done = 0
        self._pending: list[bytes] = []
        self._head: LoadedDocument | None = None
        self._pages: list[Page] = []
        self._passages: list[Passage] = []
        self._used_s = 0.0
        self._since = 0.0
        self._last_check = 0.0

    def give(self, key: int, task: Task) -> None:
        self.key, self.task, self.sha256, self.step = key, task, None, (0, 0)
        self._pending, self._head, self._pages, self._passages = [], None, [], []
        self._used_s, self._since = 0.0, time.monotonic()
        with suppress(OSError):  # A dead process is noticed by the next poll.
            self.connection.send(task)

    def receive(self) -> ParseEvent | None:
        """Take one message; returns an event when it completes one."""
        message = self.connection.recv()
        if isinstance(message, Hashed):
            self.sha256 = message.sha256
            return FileHashed(self.key, message.sha256, message.loader)
        if isinstance(message, Slice):
            self._take(message)
        elif isinstance(message, Finished):
            return self._finish(message)
        return None

    def over_limits(self, limits: ParseLimits) -> KnownError | None:
        if self.task is None:
            return None
        now = time.monotonic()
        if self._used_s + now - self._since > limits.timeout_s:
            return too_slow(self.task.path, limits.timeout_s)
        if now - self._last_check < _CHECK_S:
            return None
        self._last_check = now
        if self._resident_bytes() > limits.memory_mb * 1_000_000:
            return too_hungry(self.task.path, limits.memory_mb)
        return None

    def is_worn(self) -> bool:
        """Tell whether the process should be replaced: parsers leak."""
        return self._tasks_done >= _TASKS_PER_PROCESS or self._resident_bytes() > _RECYCLE_BYTES

    def suspend(self) -> None:
        self._used_s += time.monotonic() - self._since
        with suppress(psutil.Error):
            psutil.Process(self.process.pid).suspend()

    def resume(self) -> None:
        self._since = time.monotonic()
        with suppress(psutil.Error):
            psutil.Process(self.process.pid).resume()

    def kill(self) -> None:
        self.task = None
        pid = self.process.pid
        self.process.kill()
        self.process.join()
        self.process.close()
        if pid is not None:
            remove_leavings(pid)
        self.connection.close()

    def _take(self, message: Slice) -> None:
        self._pending.append(message.data)
        if not message.last:
            return
        part = pickle.loads(b"".join(self._pending))
        self._pending = []
        if isinstance(part, LoadedDocument):
            self._head = part
        elif part and isinstance(part[0], Page):
            self._pages.extend(part)
        else:
            self._passages.extend(part)

    def _finish(self, message: Finished) -> ParseEvent | None:
        head, task, self.task = self._head, self.task, None
        self._tasks_done += 1
        if message.error is not None:
            return FileFailed(self.key, message.error, self.sha256)
        if isinstance(task, CutTask):
            passages, self._passages = tuple(self._passages), []
            return DocumentCut(self.key, passages)
        if head is None or self.sha256 is None:
            return None
        document = replace(head, pages=tuple(self._pages))
        passages = tuple(self._passages)
        self._head, self._pages, self._passages = None, [], []
        return FileParsed(self.key, self.sha256, document, passages)

    def _resident_bytes(self) -> int:
        try:
            return int(psutil.Process(self.process.pid).memory_info().rss)
        except psutil.Error:
            return 0
