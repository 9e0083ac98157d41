"""Text recognition as a stage between reading and embedding: pages that are pictures get their text one by one.

A document's own text is searchable before its pictured pages are looked at. Each page is a task of a parse process
and one transaction, so a crash or a pause costs the page in hand at most. What a page's recognition does to its
process is that page's failure alone.

A page that the first engine was not sure of is given to the second one, as another task, unless memory is short.
RapidOCR holds hundreds of megabytes, so one process at a time reads with it (`ParsePool.free_for_models`), and ends
when no page waits. Tesseract reads in as many processes as there are.
"""

import logging
from collections.abc import Callable, Container
from dataclasses import dataclass, replace
from pathlib import Path

from inference.api import Memory, memory
from rag.errors import RecognitionFailed, UnreadableFile
from rag.ingestion.cutting import Cutting
from rag.ingestion.ocr.choice import SURE, OcrOptions, looks
from rag.ingestion.ocr.page_task import RecogniseTask
from rag.ingestion.pace import Rate
from rag.ingestion.parse_pool import FileFailed, PageRecognised, ParseEvent, ParsePool
from rag.ingestion.problems import partial_problem
from rag.storage.library import Library
from rag.storage.library_recognition import WaitingPage
from rag.types import LoadedDocument, Page

log = logging.getLogger(__name__)

PAGE_KEYS = 1 << 40
"""Pages go to the pool by numbers below minus this; documents that are cut anew have those above."""

_MODELS_MB = 1000
"""A second engine, which takes half of it, is asked only while so much memory is free."""


@dataclass(frozen=True, eq=False)
class _Doubtful:
    """A page that waits for a second look, and what came of the first."""

    waiting: WaitingPage
    first: PageRecognised | FileFailed


class Recognition:
    """Feeds pages to the parse processes and stores what they return; the ingest thread only, but for `current`.

    Attributes:
        current: The file whose page was begun last, while pages are in work.
    """

    def __init__(
        self,
        library: Library,
        pool: ParsePool,
        options: OcrOptions,
        rate: Rate,
        password_of: Callable[[Path], str | None],
        free_memory: Callable[[], Memory] = memory,
    ) -> None:
        self._library = library
        self._pool = pool
        self._rate = rate
        self._password_of = password_of
        self._free_memory = free_memory
        self._pages: dict[int, WaitingPage] = {}
        self._doubtful: list[_Doubtful] = []
        self._seen: dict[int, PageRecognised | FileFailed] = {}
        self._away: set[int] = set()
        self._options = options
        self._looks: tuple[OcrOptions, ...] | None = None
        self.current: Path | None = None

    @property
    def enabled(self) -> bool:
        """Whether it is switched on and there is an engine; any thread."""
        return bool(self._engines)

    @property
    def in_work(self) -> bool:
        return bool(self._pages or self._doubtful)

    @property
    def wanted(self) -> bool:
        """Whether pages are in work, or wait and can be done now."""
        return self.in_work or (self.enabled and bool(self._next(1)))

    def begin(self, options: OcrOptions | None = None) -> None:
        """Look at all pages that wait, at the start and when what the user chose has changed."""
        self._options = options or self._options
        self._looks = None
        self._doubtful.clear()
        self._pool.drop_models()
        self._away.clear()
        if self.enabled:
            self._library.reopen_waiting()
        for document_id in self._library.documents_with_waiting():
            self._tell(document_id)

    def complete_files(self, collection_id: int) -> list[int]:
        """Move files to "ready" that have nothing more to be recognised or embedded; returns their ids."""
        return self._library.complete_files(collection_id, recognising=self.enabled, but=self._away)

    @property
    def files_in_work(self) -> frozenset[int]:
        """The files of which pages are recognised now; any thread."""
        return frozenset(waiting.file_id for waiting in self._in_hand())

    def feed(self, cutting: Cutting, only: Container[int] | None = None) -> set[int]:
        """Begin as many pages as there are free processes; returns collections of which a file changed.

        Args:
            cutting: How their passages are cut.
            only: Files to which the pages belong; None for any.
        """
        if not self.enabled:
            return set()
        changed: set[int] = set()
        first = self._engines[0]
        for waiting in [] if self._look_again(cutting, only) else self._next(self._room(first)):
            if only is not None and waiting.file_id not in only:
                break  # Those come first.
            if waiting.path.is_file():
                self._begin(waiting, cutting, first)
            else:
                # A disk that is not connected: at the next start, or when the file is looked at again.
                self._away.add(waiting.document_id)
                changed |= self._tell(waiting.document_id)
        return changed

    def handle(self, event: ParseEvent) -> set[int]:
        """Take what a process said of a page; returns collections of which a file changed."""
        waiting = self._pages.pop(event.key, None)
        if waiting is None or not isinstance(event, PageRecognised | FileFailed):
            return set()
        before = self._seen.pop(waiting.page_id, None)
        if before is None and self._is_doubtful(event):
            self._doubtful.append(_Doubtful(waiting, event))
            return set()
        self._store(waiting, event if before is None else _surer(before, event))
        if not self.in_work:
            self.current = None
            if not self._next(1):
                self._pool.drop_models()
        return self._tell(waiting.document_id)

    def drop(self) -> None:
        """End what is in work without a trace; it is begun anew by the next `feed`."""
        for key in list(self._pages):
            self._pool.abort(key)
        self._pages.clear()
        self._doubtful.clear()
        self._seen.clear()
        self.current = None

    @property
    def _engines(self) -> tuple[OcrOptions, ...]:
        if self._looks is None:
            self._looks = looks(self._options)
        return self._looks

    def _in_hand(self) -> list[WaitingPage]:
        return [*list(self._pages.values()), *(each.waiting for each in list(self._doubtful))]

    def _room(self, engine: OcrOptions) -> int:
        """Return how many pages can be begun with an engine."""
        return min(1, self._pool.free_for_models) if engine.holds_models else max(0, self._pool.free)

    def _is_doubtful(self, event: PageRecognised | FileFailed) -> bool:
        """Tell whether a page is worth a second look, and there is an engine and memory for it."""
        if len(self._engines) < 2 or self._free_memory().free_mb < _MODELS_MB:
            return False
        if isinstance(event, FileFailed):
            return isinstance(event.error, RecognitionFailed)
        return _confidence(event) < SURE

    def _look_again(self, cutting: Cutting, only: Container[int] | None) -> bool:
        """Begin the second look at a page; tells whether more pages wait for one.

        No new pages are begun before those, so that few pages are in hand if it all ends.
        """
        mine = [each for each in self._doubtful if only is None or each.waiting.file_id in only]
        for each in mine[: self._room(self._engines[-1])]:
            self._doubtful.remove(each)
            self._seen[each.waiting.page_id] = each.first
            self._begin(each.waiting, cutting, self._engines[-1])
        return any(each in self._doubtful for each in mine)

    def _store(self, waiting: WaitingPage, event: PageRecognised | FileFailed) -> None:
        self._rate.add(1)
        if isinstance(event, PageRecognised):
            self._library.store_recognised(waiting.page_id, event.page, event.passages)
        elif isinstance(event.error, UnreadableFile):
            self._away.add(waiting.document_id)
        else:
            log.info("page %d not recognised: %s", waiting.page.index + 1, event.error.message)
            self._library.store_recognised(waiting.page_id, _failed(waiting.page, event.error.message), None)
        self._library.drop_successors(waiting.document_id)

    def _next(self, count: int) -> list[WaitingPage]:
        if count <= 0:
            return []
        doing = {waiting.page_id for waiting in self._in_hand()}
        found = self._library.pages_to_recognise(count + len(doing), self._away)
        return [waiting for waiting in found if waiting.page_id not in doing][:count]

    def _begin(self, waiting: WaitingPage, cutting: Cutting, engine: OcrOptions) -> None:
        self._rate.begin()
        document = LoadedDocument(waiting.title, waiting.kind, waiting.loader, ())
        password = self._password_of(waiting.path)
        task = RecogniseTask(
            waiting.path, document, waiting.page, engine, cutting.options, cutting.tokenizer_file, password
        )
        key = -PAGE_KEYS - waiting.page_id
        self._pages[key] = waiting
        self.current = waiting.path
        self._pool.submit(key, task)

    def _tell(self, document_id: int) -> set[int]:
        """Note with the files of a document what it still lacks; returns their collections."""
        pages = self._library.page_map(document_id)
        waits = self.enabled and document_id not in self._away
        files = self._library.files_of_document(document_id)
        for file_id, _, path in files:
            self._library.set_file_problem(file_id, partial_problem(path, pages, waits=waits))
        return {collection_id for _, collection_id, _ in files}


def _surer(first: PageRecognised | FileFailed, second: PageRecognised | FileFailed) -> PageRecognised | FileFailed:
    if isinstance(first, FileFailed):
        return second
    if isinstance(second, PageRecognised) and _confidence(second) > _confidence(first):
        return second
    return first


def _confidence(event: PageRecognised) -> float:
    """Return how sure the engine was; a page on which it found nothing may have been too much for it."""
    return event.page.confidence or 0.0 if event.page.kind == "ocr" else 0.0


def _failed(page: Page, reason: str) -> Page:
    """Return the page as it was, saying why nothing was recognised; text that it had is kept."""
    if page.text.strip():
        return replace(page, kind="text", note=f"Text recognition failed. {reason}")
    return replace(page, kind="failed", note=reason)
