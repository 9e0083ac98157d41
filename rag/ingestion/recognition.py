"""Text recognition as a stage between reading and embedding: pages that are pictures get their text one by one.

A document's own text is searchable before its pictured pages are looked at. Each page is a task of a parse process
and one transaction, so a crash or a pause costs the page in hand at most. What a page's recognition does to its
process is that page's failure alone.
"""

import logging
from collections.abc import Callable, Container
from dataclasses import replace
from pathlib import Path

from rag.errors import UnreadableFile
from rag.ingestion.cutting import Cutting
from rag.ingestion.ocr.choice import EngineState, OcrOptions, engine_state
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
    ) -> None:
        self._library = library
        self._pool = pool
        self._rate = rate
        self._password_of = password_of
        self._pages: dict[int, WaitingPage] = {}
        self._away: set[int] = set()
        self._options = options
        self._state: EngineState | None = None
        self.current: Path | None = None

    @property
    def enabled(self) -> bool:
        """Whether it is switched on and there is an engine; any thread."""
        if self._state is None:
            self._state = engine_state(self._options)
        return bool(self._state.names)

    @property
    def in_work(self) -> bool:
        return bool(self._pages)

    @property
    def wanted(self) -> bool:
        """Whether pages are in work, or wait and can be done now."""
        return self.in_work or (self.enabled and bool(self._next(1)))

    def begin(self, options: OcrOptions | None = None) -> None:
        """Look at all pages that wait, at the start and when what the user chose has changed."""
        self._options = options or self._options
        self._state = None
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
        return frozenset(waiting.file_id for waiting in list(self._pages.values()))

    def feed(self, cutting: Cutting, only: Container[int] | None = None) -> set[int]:
        """Begin as many pages as there are free processes; returns collections of which a file changed.

        Args:
            cutting: How their passages are cut.
            only: Files to which the pages belong; None for any.
        """
        if not self.enabled or self._pool.free <= 0:
            return set()
        changed: set[int] = set()
        for waiting in self._next(self._pool.free):
            if only is not None and waiting.file_id not in only:
                break  # Those come first.
            if waiting.path.is_file():
                self._begin(waiting, cutting)
            else:
                # A disk that is not connected: at the next start, or when the file is looked at again.
                self._away.add(waiting.document_id)
                changed |= self._tell(waiting.document_id)
        return changed

    def handle(self, event: ParseEvent) -> set[int]:
        """Take what a process said of a page; returns collections of which a file changed."""
        waiting = self._pages.pop(event.key, None)
        if waiting is None:
            return set()
        if not self._pages:
            self.current = None
        self._rate.add(1)
        if isinstance(event, FileFailed) and isinstance(event.error, UnreadableFile):
            self._away.add(waiting.document_id)
        elif isinstance(event, FileFailed):
            log.info("page %d not recognised: %s", waiting.page.index + 1, event.error.message)
            self._library.store_recognised(waiting.page_id, _failed(waiting.page, event.error.message), None)
        elif isinstance(event, PageRecognised):
            self._library.store_recognised(waiting.page_id, event.page, event.passages)
        self._library.drop_successors(waiting.document_id)
        return self._tell(waiting.document_id)

    def drop(self) -> None:
        """End what is in work without a trace; it is begun anew by the next `feed`."""
        for key in list(self._pages):
            self._pool.abort(key)
        self._pages.clear()
        self.current = None

    def _next(self, count: int) -> list[WaitingPage]:
        doing = {waiting.page_id for waiting in self._pages.values()}
        found = self._library.pages_to_recognise(count + len(doing), self._away)
        return [waiting for waiting in found if waiting.page_id not in doing][:count]

    def _begin(self, waiting: WaitingPage, cutting: Cutting) -> None:
        self._rate.begin()
        document = LoadedDocument(waiting.title, waiting.kind, waiting.loader, ())
        password = self._password_of(waiting.path)
        task = RecogniseTask(
            waiting.path, document, waiting.page, self._options, cutting.options, cutting.tokenizer_file, password
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


def _failed(page: Page, reason: str) -> Page:
    """Return the page as it was, saying why nothing was recognised; text that it had is kept."""
    if page.text.strip():
        return replace(page, kind="text", note=f"Text recognition failed. {reason}")
    return replace(page, kind="failed", note=reason)
