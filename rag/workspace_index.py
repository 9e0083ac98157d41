"""The part of the workspace that changes what finds passages by meaning: another model, other passages."""

from collections.abc import Callable
from pathlib import Path

from inference.api import CpuBudget, EmbeddingService
from rag.answering.retrieval import Retriever
from rag.ingestion.chunking import index_name
from rag.ingestion.index_change import NewIndex
from rag.ingestion.ingestor import Ingestor
from rag.reports import IndexChangeProgress
from rag.settings import RagSettings
from rag.storage.library import Library
from rag.storage.library_successors import LiveIndex
from rag.types import Change


class IndexFace:
    """Methods of `Workspace`; any thread."""

    cache_dir: Path
    embedding: EmbeddingService
    change_settings: Callable[..., None]
    _announce: Callable[[Change], None]
    _budget: CpuBudget
    _ingestor: Ingestor
    _library: Library
    _live: LiveIndex
    _next_embedding: EmbeddingService | None
    _retriever: Retriever
    _settings: RagSettings

    def index_change(self) -> IndexChangeProgress | None:
        """Return how far the index is that the settings wish for; None when it is the one that answers.

        It is built beside the one that answers, which it replaces when it is whole. Changing the settings
        `embedding_model` or `passage_tokens` begins it.
        """
        if self._wish == self._live:
            return None
        begun = self._ingestor.change_progress
        return begun or IndexChangeProgress(self._wish.embedding_model, self._wish.passage_tokens, 0, 0, 0, 0)

    def cancel_index_change(self) -> None:
        """Stay with the index that answers; the settings say so again."""
        self.change_settings(embedding_model=self._live.embedding_model, passage_tokens=self._live.passage_tokens)

    @property
    def _wish(self) -> LiveIndex:
        return LiveIndex(self._settings.embedding_model, self._settings.passage_tokens)

    def _live_index(self) -> LiveIndex:
        live = self._library.live_index()
        if live is None:
            live = self._wish
            self._library.set_live_index(live)
        return live

    def _embedding_service(self, model: str) -> EmbeddingService:
        return EmbeddingService(model, cache_dir=self.cache_dir, budget=self._budget)

    def _follow_settings(self) -> None:
        """Have the index built that the settings wish for, or give up another one."""
        wish, live = self._wish, self._live
        unused, self._next_embedding = self._next_embedding, None
        if wish == live:
            self._ingestor.give_up_change()
        else:
            same = wish.embedding_model == live.embedding_model
            embedding = self.embedding if same else self._embedding_service(wish.embedding_model)
            self._next_embedding = None if same else embedding
            self._ingestor.begin_change(NewIndex(wish, embedding, self._exchanged))
        if unused is not None:
            unused.shutdown()
        self._announce(Change(collections=True))

    def _exchanged(self, new: NewIndex) -> None:
        """Search the new index; on the ingest thread."""
        old, self.embedding, self._live = self.embedding, new.embedding, new.wish
        if self._next_embedding is new.embedding:
            self._next_embedding = None
        self._retriever.use(new.embedding, index_name(new.wish.passage_tokens))
        if old is not new.embedding:
            old.shutdown()
        self._announce(Change(collections=True))
