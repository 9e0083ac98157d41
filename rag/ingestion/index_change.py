"""Another embedding model, or another length of passages: the new index is built beside the one that answers.

Documents are cut anew from the text that is stored, embedded by the new model, and put into Chroma under the new
index's key. When every document is there, one transaction exchanges old passages for new; until then nothing of the old
index is touched, so giving up costs nothing, and a crash loses at most what was in hand.
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from inference.api import Cancelled, CancelToken, EmbedderFacts, EmbeddingService, KnownError, Vectors
from rag.ingestion.cutting import Cutting
from rag.ingestion.parse_pool import DocumentCut, FileFailed, ParseEvent, ParsePool
from rag.ingestion.parse_worker import CutTask
from rag.reports import IndexChangeProgress
from rag.storage.library import Library
from rag.storage.library_successors import LiveIndex
from rag.storage.library_vectors import PendingPassage
from rag.storage.vectors import VectorIndex, collection_key
from rag.types import Page

log = logging.getLogger(__name__)

_JOB_PASSAGES = 16
_JOBS_IN_FLIGHT = 4
_FILLED_AT_ONCE = 2000


@dataclass(frozen=True, eq=False)
class NewIndex:
    """The index that is wished for.

    Attributes:
        wish: Model and length of passages.
        embedding: The service of the wished model; not shared with the old index unless the model is the same.
        on_exchanged: Called on the ingest thread when the new index answers.
    """

    wish: LiveIndex
    embedding: EmbeddingService
    on_exchanged: Callable[["NewIndex"], None]


class IndexChange:
    """Builds one new index; the ingest thread only, but for `progress`.

    Attributes:
        problem: Why it does not go on: the new model does not load, say.
    """

    def __init__(self, new: NewIndex, library: Library, vectors: VectorIndex, pool: ParsePool) -> None:
        self.new = new
        self.problem: KnownError | None = None
        self._library, self._vectors, self._pool = library, vectors, pool
        self._loading: Future[EmbedderFacts] | None = None
        self._facts: EmbedderFacts | None = None
        self._cutting: set[int] = set()
        self._jobs: list[tuple[Sequence[PendingPassage], Future[Vectors]]] = []
        self._cancel = CancelToken()

    @property
    def facts(self) -> EmbedderFacts | None:
        """What is known of the new model, once it is loaded."""
        return self._facts

    @property
    def cutting(self) -> Cutting:
        """How the new index's passages are cut."""
        return Cutting.for_model(self._facts, self.new.wish.passage_tokens)

    def progress(self) -> IndexChangeProgress:
        """Return how far the new index is; any thread."""
        facts, problem = self._facts, self.problem
        counts = self._library.successor_counts(facts.identity if facts else "")
        told = None if problem is None else f"{problem.message} {problem.remedy}"
        wish = (self.new.wish.embedding_model, self.new.wish.passage_tokens)
        return IndexChangeProgress(
            *wish, counts.successors, counts.documents, counts.embedded, counts.passages, problem=told
        )

    def step(self) -> bool:
        """Do the next piece; True when the exchange is done. Called when no file waits to be read or embedded."""
        facts = self._model()
        if facts is None:
            return False
        self._cut()
        self._embed(facts.identity)
        if self._cutting or self._jobs or self._library.documents_without_successor(1):
            return False
        counts = self._library.successor_counts(facts.identity)
        if counts.unfinished or counts.embedded < counts.passages:
            return False
        return self._fill(facts.identity) and self._exchange(facts.identity)

    def handle(self, event: ParseEvent) -> None:
        """Take what a process said of a document that was cut."""
        document_id = -event.key
        self._cutting.discard(document_id)
        if isinstance(event, DocumentCut):
            self._library.store_successor(document_id, event.passages, self.cutting.identity)
        elif isinstance(event, FileFailed):
            log.warning("document %d could not be cut anew: %s", document_id, event.error.message)
            self.problem = event.error

    def rest(self) -> None:
        """Give up what is in hand, as for a pause; `step` takes it up again."""
        self._cancel.cancel()
        self._cancel = CancelToken()
        self._jobs.clear()
        for document_id in self._cutting:
            self._pool.abort(-document_id)
        self._cutting.clear()

    def give_up(self) -> None:
        """Delete what was built; the old index was never touched."""
        self.rest()
        self._library.drop_successors()
        if self._facts is not None:
            for collection in self._library.collections():
                self._vectors.drop(self._key(collection.id, self._facts.identity))

    def _key(self, collection_id: int, identity: str) -> str:
        return collection_key(collection_id, identity, self.cutting.index_name)

    def _model(self) -> EmbedderFacts | None:
        if self._facts is not None or self.problem is not None:
            return self._facts
        if self._loading is None:
            self._loading = self.new.embedding.warm_up()
            self._loading.add_done_callback(lambda _: self._pool.wake())
        if not self._loading.done():
            return None
        try:
            self._facts = self._loading.result()
        except Cancelled:
            return None
        except KnownError as error:
            self.problem = error
        return self._facts

    def _cut(self) -> None:
        if self.problem is not None or self._pool.free <= 0:
            return
        waiting = self._library.documents_without_successor(self._pool.free + len(self._cutting))
        for document_id in [each for each in waiting if each not in self._cutting][: self._pool.free]:
            document = self._library.loaded_document(document_id)
            if document is not None:
                bare = replace(document, pages=tuple(_light(page) for page in document.pages))
                self._cutting.add(document_id)
                cutting = self.cutting
                task = CutTask(Path(document.title), bare, cutting.options, cutting.tokenizer_file)
                self._pool.submit(-document_id, task)

    def _embed(self, identity: str) -> None:
        done = [job for job in self._jobs if job[1].done()]
        self._jobs = [job for job in self._jobs if not job[1].done()]
        for passages, future in done:
            with suppress(Cancelled):
                hashes = [passage.text_hash for passage in passages]
                self._library.store_vectors(identity, list(zip(hashes, future.result(), strict=True)))
        asked = {passage.text_hash for passages, _ in self._jobs for passage in passages}
        wanted = self._library.unembedded_successors(identity, _JOB_PASSAGES * _JOBS_IN_FLIGHT + len(asked))
        pending = [passage for passage in wanted if passage.text_hash not in asked]
        while pending and len(self._jobs) < _JOBS_IN_FLIGHT:
            portion, pending = pending[:_JOB_PASSAGES], pending[_JOB_PASSAGES:]
            future = self.new.embedding.embed_passages([passage.text for passage in portion], self._cancel)
            future.add_done_callback(lambda _: self._pool.wake())
            self._jobs.append((portion, future))

    def _fill(self, identity: str) -> bool:
        """Bring a portion of the new vectors to Chroma; True when all are there."""
        for collection in self._library.collections():
            wanted = self._library.embedded_successor_ids(collection.id, identity)
            key = self._key(collection.id, identity)
            if self._vectors.fill(self._library, key, identity, wanted, _FILLED_AT_ONCE):
                self._pool.wake()
                return False
        return True

    def _exchange(self, identity: str) -> bool:
        collections = self._library.collections()
        indexed = {each.id: self._library.embedded_successor_ids(each.id, identity) for each in collections}
        return self._library.exchange(self.new.wish, indexed)


def _light(page: Page) -> Page:
    """Return a page without boxes, unless they say where its passages are."""
    return page if page.locator_kind == "region" else replace(page, boxes=b"")
