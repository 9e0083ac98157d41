"""Pictures of pages, and rectangles that mark a span on them, made in a process of their own and given as futures.

One thread talks to one child; a child that dies or takes too long costs the one request, and the next one gets a
fresh child.
"""

import logging
import multiprocessing
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Literal, TypeVar

from rag.ingestion.boxes import Rectangle, span_rectangles
from rag.ingestion.page_process import DrawPage, LocateText, PageBoxes, PageDrawn, PageFailed, PageRequest, serve
from rag.ingestion.problems import crashed_reader, too_slow
from rag.ingestion.temporary import remove_leavings

log = logging.getLogger(__name__)

_TIMEOUT_S = 30

Result = TypeVar("Result")


@dataclass(frozen=True)
class PagePicture:
    """A drawn page: rows of `stride` bytes, four bytes a pixel."""

    width: int
    height: int
    stride: int
    format: Literal["BGRx"]
    pixels: bytes


class PageRenderer:
    """Draws pages in a child process, which starts at the first request; any thread."""

    def __init__(self, timeout_s: float = _TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._child: _Child | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def render(
        self, path: Path, page_index: int, scale: float, password: str | None = None, inside: tuple[str, ...] = ()
    ) -> "Future[PagePicture]":
        """Draw a page of a PDF, or of the one that `inside` leads to in a file; `scale` 1 gives 72 dots an inch.

        The future raises `DocumentError`.
        """
        return self._submit(lambda: self._draw(DrawPage(path, page_index, scale, password, inside)))

    def page_boxes(
        self, path: Path, page_index: int, password: str | None = None, inside: tuple[str, ...] = ()
    ) -> "Future[PageBoxes]":
        """Return where each character of a page stands; the future raises `DocumentError`."""
        return self._submit(lambda: self._locate(LocateText(path, page_index, password, inside)))

    def span_rectangles(
        self,
        path: Path,
        page_index: int,
        start: int,
        end: int,
        password: str | None = None,
        text: str | None = None,
        inside: tuple[str, ...] = (),
    ) -> "Future[list[Rectangle]]":
        """Return what to mark for a span of a page's text, in points from the top left, one rectangle a line.

        Args:
            path: The PDF, or the file that holds it.
            page_index: Counted from 0, in the PDF.
            start: Offset in the page's text.
            end: Offset behind the span.
            password: For encrypted files.
            text: The page's text as it is stored; where the file now says otherwise, there is nothing to mark.
            inside: The members on the way to the PDF.
        """
        return self._submit(lambda: self._span(LocateText(path, page_index, password, inside), start, end, text))

    def shutdown(self) -> None:
        """End the child; requests that wait are cancelled."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._jobs.put(None)
            thread.join()

    def _submit(self, work: Callable[[], Result]) -> "Future[Result]":
        future: Future[Result] = Future()

        def job() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(work())
            except Exception as error:  # noqa: BLE001 - whoever waits for the future is told.
                future.set_exception(error)

        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="pages", daemon=True)
                self._thread.start()
            self._jobs.put(job)
        return future

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
        self._end_child()

    def _draw(self, request: DrawPage) -> PagePicture:
        drawn, pixels = self._ask(request), b""
        if isinstance(drawn, PageDrawn) and self._child is not None:
            with suppress(EOFError, OSError):
                pixels = self._child.connection.recv_bytes()
        if not isinstance(drawn, PageDrawn) or not pixels:
            self._end_child()
            raise crashed_reader(request.path)
        return PagePicture(drawn.width, drawn.height, drawn.stride, "BGRx", pixels)

    def _locate(self, request: LocateText) -> PageBoxes:
        boxes = self._ask(request)
        if not isinstance(boxes, PageBoxes):
            raise crashed_reader(request.path)
        return boxes

    def _span(self, request: LocateText, start: int, end: int, text: str | None) -> list[Rectangle]:
        found = self._locate(request)
        if text is not None and found.text != text:
            return []
        return span_rectangles(found.boxes, found.text, start, end)

    def _ask(self, request: PageRequest) -> object:
        if self._child is None:
            self._child = _Child()
        connection = self._child.connection
        try:
            connection.send(request)
            if not connection.poll(self._timeout_s):
                self._end_child()
                raise too_slow(request.path, round(self._timeout_s))
            answer = connection.recv()
        except (EOFError, OSError) as exc:
            log.info("the process that shows %s died", request.path)
            self._end_child()
            raise crashed_reader(request.path) from exc
        if isinstance(answer, PageFailed):
            raise answer.error
        return answer

    def _end_child(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end()


class _Child:
    """The process and its pipe."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection: Connection[object, object]
        self.connection, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(target=serve, args=(theirs,), name="carrel-pages", daemon=True)
        self.process.start()
        theirs.close()

    def end(self) -> None:
        with suppress(OSError):
            self.connection.close()
        pid = self.process.pid
        self.process.kill()
        self.process.join()
        self.process.close()
        if pid is not None:
            remove_leavings(pid)
