"""One parse process as its parent sees it: the task in work, what came of it so far, time and memory used."""

import multiprocessing
import pickle
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from inference.api import KnownError
from rag.ingestion import process_tree
from rag.ingestion.ocr.page_task import RecogniseTask
from rag.ingestion.parse_limits import ParseLimits, Stopwatch
from rag.ingestion.parse_worker import CutTask, Finished, Hashed, ParseTask, Slice, Step, serve
from rag.ingestion.problems import crashed_reader, ended_by_system, too_hungry, too_slow
from rag.ingestion.spool import Spool
from rag.ingestion.temporary import remove_leavings
from rag.types import LoadedDocument, Page, Passage

CHECK_S = 0.25
"""How often limits are checked."""
_CHECK_TREE_S = 1.0
_TASKS_PER_PROCESS = 200
_RECYCLE_BYTES = 500_000_000
_RECYCLE_BYTES_MODELS = 1_000_000_000
_KILLED = 9
"""The signal with which a system that has no memory left ends a process."""


@dataclass(frozen=True)
class FileHashed:
    """The bytes are known now; the pool waits for `go_on` or `skip`. It comes again when a crashed file is retried."""

    key: int
    sha256: str
    loader: str


@dataclass(frozen=True)
class FileParsed:
    """A document as it was read, and the seconds that this took."""

    key: int
    sha256: str
    document: LoadedDocument
    passages: Sequence[Passage]
    took_s: float = 0.0


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


@dataclass(frozen=True)
class PageRecognised:
    """A `RecogniseTask` is done."""

    key: int
    page: Page
    passages: tuple[Passage, ...]


ParseEvent = FileHashed | FileParsed | FileFailed | DocumentCut | PageRecognised
Task = ParseTask | CutTask | RecogniseTask


def needs_models(task: Task) -> bool:
    """Tell whether a task makes its process hold large models; only one process at a time may."""
    return isinstance(task, RecogniseTask) and task.ocr.holds_models


class ParseProcess:
    """A parse process with the task that it has, if any; the thread of its pool only.

    Attributes:
        key: The key of the task.
        task: What is being read, None while idle.
        attempt: 1 for the first try of this task, 2 for the second.
        step: Pages done and in all, as its loader told last; zeros while unknown.
        aside: It stands still while others are read, because it takes long.
        holds_models: It was given a task of an engine whose models stay in memory.
    """

    def __init__(self, limits: ParseLimits) -> None:
        self._limits = limits
        context = multiprocessing.get_context("spawn")
        self.connection: Connection[object, object]
        self.connection, theirs = context.Pipe()
        self._process: SpawnProcess = context.Process(
            target=serve, args=(theirs, limits.memory_bytes), name="carrel-parse", daemon=True
        )
        self._process.start()
        self._pid = self._process.pid or 0
        theirs.close()
        self.key = 0
        self.task: Task | None = None
        self.attempt = 1
        self.sha256: str | None = None
        self.step = (0, 0)
        self.aside = False
        self._tasks_done = 0
        self.holds_models = False
        self._watch = Stopwatch()
        self._next_check = self._next_tree_check = 0.0
        self._pending: list[bytes] = []
        self._head: LoadedDocument | None = None
        self._pages: Spool[Page] = Spool()
        self._passages: Spool[Passage] = Spool()

    @property
    def pid(self) -> int:
        return self._pid

    @property
    def used_s(self) -> float:
        """Return how long the task has been worked on."""
        return self._watch.total_s

    def give(self, key: int, task: Task, attempt: int = 1) -> None:
        self.key, self.task, self.attempt, self.sha256, self.step = key, task, attempt, None, (0, 0)
        self.holds_models = self.holds_models or needs_models(task)
        self._forget()
        self._watch = Stopwatch()
        with suppress(OSError):  # A dead process is noticed by the next poll.
            self.connection.send(task)

    def receive(self) -> ParseEvent | None:
        """Take one message; returns an event when it completes one. Raises `EOFError` or `OSError` if it died."""
        message = self.connection.recv()
        self._watch.step()
        if isinstance(message, Hashed):
            self.sha256 = message.sha256
            return FileHashed(self.key, message.sha256, message.loader)
        if isinstance(message, Step):
            self.step = (message.done, message.total)
        elif isinstance(message, Slice):
            self._take(message)
        elif isinstance(message, Finished):
            return self._finish(message)
        return None

    def over_limits(self) -> KnownError | None:
        """Return why the task has to end now, if it has to."""
        if self.task is None or not self._watch.running:
            return None
        if self._watch.step_s > self._limits.timeout_s:
            return too_slow(self.task.path, self._limits.timeout_s)
        longest_s = self._limits.longest_s(self.task.size)
        if self._watch.total_s > longest_s:
            return too_slow(self.task.path, round(longest_s))
        return too_hungry(self.task.path, self._limits.memory_mb) if self._is_hungry() else None

    def is_worn(self) -> bool:
        """Tell whether the process should be replaced: parsers leak."""
        # The models of text recognition are large and take seconds to load: they stay from page to page.
        most_bytes = _RECYCLE_BYTES_MODELS if self.holds_models else _RECYCLE_BYTES
        return self._tasks_done >= _TASKS_PER_PROCESS or self.resident_bytes() > most_bytes

    def resident_bytes(self) -> int:
        return process_tree.resident_bytes(self.pid, descendants=False)

    def suspend(self) -> None:
        """Stop it, and its time."""
        self._watch.stop()
        process_tree.suspend(self.pid)

    def halt(self) -> None:
        """Stop it, but not its time yet; any thread."""
        process_tree.suspend(self._pid)

    def resume(self) -> None:
        process_tree.resume(self.pid)
        self._watch.go_on()

    def death(self) -> KnownError:
        """Return what to tell of the task, once the process died by itself."""
        assert self.task is not None
        self._process.join(timeout=5)
        if self._process.exitcode == -_KILLED:
            return ended_by_system(self.task.path)
        return crashed_reader(self.task.path)

    def kill(self) -> None:
        """End it with all that it started, and remove what it left."""
        pid = self.pid
        self.task = None
        if self._process.exitcode is None:
            process_tree.kill(pid)
            self._process.kill()
        self._process.join()
        self._process.close()
        remove_leavings(pid)
        self.connection.close()

    def _is_hungry(self) -> bool:
        now = time.monotonic()
        if now < self._next_check:
            return False
        self._next_check = now + CHECK_S
        # Finding descendants looks at every process of the computer.
        descendants = now >= self._next_tree_check
        if descendants:
            self._next_tree_check = now + _CHECK_TREE_S
        return process_tree.resident_bytes(self.pid, descendants=descendants) > self._limits.memory_bytes

    def _take(self, message: Slice) -> None:
        self._pending.append(message.data)
        if not message.last:
            return
        data = b"".join(self._pending)
        part = pickle.loads(data)
        self._pending = []
        if isinstance(part, LoadedDocument):
            self._head = part
        elif part and isinstance(part[0], Page):
            self._pages.extend(part, len(data))
        else:
            self._passages.extend(part, len(data))

    def _finish(self, message: Finished) -> ParseEvent | None:
        head, task, self.task = self._head, self.task, None
        self._tasks_done += 1
        if message.error is not None:
            self._forget()
            return FileFailed(self.key, message.error, self.sha256)
        if isinstance(task, CutTask):
            cut = DocumentCut(self.key, tuple(self._passages))
            self._forget()
            return cut
        if isinstance(task, RecogniseTask):
            recognised = PageRecognised(self.key, self._pages[0], tuple(self._passages))
            self._forget()
            return recognised
        if head is None or self.sha256 is None:
            return None
        document, passages = replace(head, pages=self._pages), self._passages
        self._forget()
        return FileParsed(self.key, self.sha256, document, passages, self._watch.total_s)

    def _forget(self) -> None:
        self._pending, self._head, self._pages, self._passages = [], None, Spool(), Spool()
