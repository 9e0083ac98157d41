"""The second half of ingestion: stored passages get their vectors, and Chroma gets those.

A vector is stored the moment it is computed, under the hash of its text, so nothing is ever embedded twice: not after
a crash, not in a second collection, not when a file moves.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass

from inference.api import Cancelled, CancelToken, EmbeddingService, Vectors
from rag.ingestion.pace import Rate
from rag.storage.library import Library
from rag.storage.library_vectors import PendingPassage
from rag.storage.vectors import VectorIndex, collection_key

log = logging.getLogger(__name__)

_JOB_PASSAGES = 16
_JOBS_IN_FLIGHT = 4
_APPLY_AFTER = 32
"""Vectors go to Chroma in portions: each call has its price."""


@dataclass(frozen=True, eq=False)
class _Job:
    passages: tuple[PendingPassage, ...]
    future: "Future[Vectors]"


class Meaning:
    """Embeds passages and keeps Chroma up to date; the ingest thread only."""

    def __init__(
        self,
        library: Library,
        vectors: VectorIndex,
        embedding: EmbeddingService,
        rate: Rate,
        wake: Callable[[], None],
        index_name: str,
        complete: Callable[[int], list[int]],
    ) -> None:
        self._library = library
        self._vectors = vectors
        self._embedding = embedding
        self._rate = rate
        self._wake = wake
        self._index_name = index_name
        self._complete = complete
        self._jobs: list[_Job] = []
        self._cancel = CancelToken()
        self._unapplied = 0

    @property
    def busy(self) -> bool:
        return bool(self._jobs)

    @property
    def in_flight(self) -> list[int]:
        """Return the passages that are being embedded now; any thread."""
        return [passage.passage_id for job in list(self._jobs) for passage in job.passages]

    def step(self, identity: str) -> set[int]:
        """Store what is embedded, ask for more, and bring Chroma up to date; returns the collections that changed."""
        self._collect(identity)
        self._ask(identity)
        changed: set[int] = set()
        if self._unapplied >= _APPLY_AFTER or not self._jobs:
            changed = self.apply(identity, self._library.incomplete_collections())
            self._unapplied = 0
        return changed

    def apply(self, identity: str, collection_ids: list[int]) -> set[int]:
        """Bring over to Chroma what these collections gained and lost; returns those that changed."""
        changed: set[int] = set()
        for collection_id in collection_ids:
            key = self._key(collection_id, identity)
            while self._vectors.apply(self._library, collection_id, key, identity):
                changed.add(collection_id)
            if self._complete(collection_id):
                changed.add(collection_id)
        return changed

    def drop_stale_indexes(self, identity: str, collection_id: int) -> None:
        """Remove what former embedding models left in Chroma, once a collection is whole again."""
        self._vectors.drop_collection(collection_id, keep=self._key(collection_id, identity))

    def _key(self, collection_id: int, identity: str) -> str:
        return collection_key(collection_id, identity, self._index_name)

    def stop(self) -> None:
        """Give up what is being embedded; it is asked for again by the next step."""
        self._cancel.cancel()
        self._cancel = CancelToken()
        self._jobs.clear()

    def _ask(self, identity: str) -> None:
        if len(self._jobs) >= _JOBS_IN_FLIGHT:
            return
        asked = {passage.text_hash for job in self._jobs for passage in job.passages}
        wanted = _JOB_PASSAGES * _JOBS_IN_FLIGHT
        pending = [
            passage
            for passage in self._library.unembedded(None, identity, wanted + len(asked))
            if passage.text_hash not in asked
        ]
        while pending and len(self._jobs) < _JOBS_IN_FLIGHT:
            self._submit(tuple(pending[:_JOB_PASSAGES]))
            pending = pending[_JOB_PASSAGES:]

    def _submit(self, passages: tuple[PendingPassage, ...]) -> None:
        self._rate.begin()
        measure = _measure(self._rate, sum(passage.tokens for passage in passages))
        future = self._embedding.embed_passages([passage.text for passage in passages], self._cancel, measure)
        self._jobs.append(_Job(passages, future))
        future.add_done_callback(lambda _: self._wake())

    def _collect(self, identity: str) -> None:
        done = [job for job in self._jobs if job.future.done()]
        self._jobs = [job for job in self._jobs if job not in done]
        for job in done:
            with suppress(Cancelled):
                vectors = job.future.result()
                hashes = [passage.text_hash for passage in job.passages]
                self._library.store_vectors(identity, list(zip(hashes, vectors, strict=True)))
                self._unapplied += len(hashes)


def _measure(rate: Rate, tokens: int) -> Callable[[int, int], None]:
    """Return what notes tokens as soon as they are done, rather than a whole job at its end; any thread calls it."""
    noted = 0

    def progress(done: int, total: int) -> None:
        nonlocal noted
        rate.add(tokens * max(0, done - noted) / total)
        noted = max(noted, done)

    return progress
