"""The parent's side of the parse processes: hands out tasks, gathers answers, takes limits, replaces the dead.

It has no thread of its own: the ingest thread calls `poll`, which waits for any process, or for `wake`.
A process that dies costs its file one try: it is read once more in a fresh process, since what died may have been worn
by the files before. Files that take long never hold all processes while others wait: see `share`.
One process at most holds the large models of text recognition. It does nothing else, and ends when it is not needed.
"""

import logging
import multiprocessing
from collections.abc import Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import wait

from rag.ingestion.parse_limits import ParseLimits
from rag.ingestion.parse_process import (
    CHECK_S,
    DocumentCut,
    FileFailed,
    FileHashed,
    FileParsed,
    PageRecognised,
    ParseEvent,
    ParseProcess,
    Task,
    needs_models,
)
from rag.types import Page

__all__ = [
    "DocumentCut",
    "FileFailed",
    "FileHashed",
    "FileParsed",
    "PageRecognised",
    "ParseEvent",
    "ParseLimits",
    "ParsePool",
    "Task",
]

log = logging.getLogger(__name__)

SLOW_S = 10.0
"""A file that takes longer is slow: not all processes may be busy with such files while others wait."""
_TRIES = 2


class ParsePool:
    """Up to `size` parse processes, started when there is work. One thread, except for `wake`, `halt`, `step_of`."""

    def __init__(self, size: int, limits: ParseLimits) -> None:
        self.size = size
        self._limits = limits
        self._workers: list[ParseProcess] = []
        self._suspended = False
        self._wake_end, self._wait_end = multiprocessing.Pipe()

    @property
    def free(self) -> int:
        """Return how many more tasks can be taken now."""
        return self.size - sum(worker.task is not None and not worker.aside for worker in self._workers)

    @property
    def busy(self) -> list[int]:
        """Return the keys of the tasks in work."""
        return [worker.key for worker in self._workers if worker.task is not None]

    def step_of(self, key: int) -> tuple[int, int]:
        """Return how many pages of a task are done, and of how many; zeros while that is unknown. Any thread."""
        return next((worker.step for worker in list(self._workers) if worker.key == key and worker.task), (0, 0))

    @property
    def free_for_models(self) -> bool:
        """Return whether a task that needs large models can be taken now: only one process may hold them."""
        return self.free > 0 and not any(worker.holds_models and worker.task for worker in self._workers)

    def submit(self, key: int, task: Task) -> None:
        """Give a task to an idle process, or a new one; only while `free`, or `free_for_models` if it needs them."""
        if not needs_models(task):
            self.drop_models()
        idle = [worker for worker in self._workers if worker.task is None]
        worker = max(idle, key=lambda worker: worker.holds_models, default=None)
        (worker or self._start()).give(key, task)

    def drop_models(self) -> None:
        """End the idle process that holds large models, if there is one."""
        for worker in [worker for worker in self._workers if worker.holds_models and worker.task is None]:
            self._remove(worker)

    def go_on(self, key: int, recognised: tuple[Page, ...] = ()) -> None:
        """Have a hashed file read; pages that were recognised in it before need not be again."""
        self._reply(key, recognised)

    def skip(self, key: int) -> None:
        """Leave a hashed file unread, because its text is known."""
        self._reply(key, None)

    def share(self, *, waiting: bool) -> None:
        """Let slow files stand aside while others wait, and go on when there is room again.

        One process at least reads what waits; where there is only one, a slow file comes last.
        """
        slow = [worker for worker in self._workers if worker.task is not None and worker.used_s >= SLOW_S]
        running = [worker for worker in slow if not worker.aside]
        allowed = self.size - 1 if waiting else self.size
        if len(running) > allowed and self._has_memory_for(running[-1]):
            running[-1].aside = True
            running[-1].suspend()
        elif len(running) < allowed and self.free > 0:
            for worker in [worker for worker in slow if worker.aside][:1]:
                worker.aside = False
                if not self._suspended:
                    worker.resume()

    def poll(self, timeout_s: float | None) -> list[ParseEvent]:
        """Wait for something to happen, or for `wake`, or for the timeout; returns what happened to files."""
        waited = [worker.connection for worker in self._workers if worker.task is not None and not self._suspended]
        if waited:
            timeout_s = CHECK_S if timeout_s is None else min(timeout_s, CHECK_S)
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

    def halt(self) -> None:
        """Stop all processes at once, ahead of the `suspend` that must follow; any thread."""
        for worker in list(self._workers):
            worker.halt()

    def resume(self) -> None:
        """Let suspended processes go on."""
        self._suspended = False
        for worker in self._workers:
            if not worker.aside:
                worker.resume()

    def shutdown(self) -> None:
        """End all processes."""
        for worker in list(self._workers):
            self._remove(worker)

    def _start(self) -> ParseProcess:
        worker = ParseProcess(self._limits)
        self._workers.append(worker)
        return worker

    def _has_memory_for(self, worker: ParseProcess) -> bool:
        """Tell whether those that stand aside hold little enough memory, this one included."""
        aside = [each for each in self._workers if each.aside]
        held = sum(each.resident_bytes() for each in (*aside, worker))
        return held <= self._limits.memory_bytes // 2

    def _reply(self, key: int, answer: tuple[Page, ...] | None) -> None:
        for worker in self._workers:
            if worker.task is not None and worker.key == key:
                with suppress(OSError):  # A dead process is noticed by the next poll.
                    worker.connection.send(answer)

    def _drain_wake(self) -> None:
        while self._wait_end.poll():
            self._wait_end.recv_bytes()

    def _receive(self, worker: ParseProcess, ready: Sequence[object]) -> Iterator[ParseEvent]:
        if worker.connection not in ready or worker.task is None:
            return
        try:
            event = worker.receive()
        except (EOFError, OSError):
            yield from self._bury(worker)
            return
        if event is not None:
            yield event
        if worker.task is None and worker.is_worn():
            self._remove(worker)

    def _bury(self, worker: ParseProcess) -> Iterator[ParseEvent]:
        task, key, sha256, attempt = worker.task, worker.key, worker.sha256, worker.attempt
        assert task is not None
        error = worker.death()
        self._remove(worker)
        log.info("the process that read %s died, try %d", task.path, attempt)
        if attempt < _TRIES:
            self._start().give(key, task, attempt + 1)
        else:
            yield FileFailed(key, error, sha256)

    def _enforce_limits(self) -> Iterator[ParseEvent]:
        for worker in list(self._workers):
            error = worker.over_limits()
            if error is not None:
                log.info("%s", error.message)
                key, sha256 = worker.key, worker.sha256
                self._remove(worker)
                yield FileFailed(key, error, sha256)

    def _remove(self, worker: ParseProcess) -> None:
        self._workers.remove(worker)
        worker.kill()
