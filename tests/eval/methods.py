"""The retrievals that are compared, over the same passages and the same vectors: three plain ones, and ours."""

from collections.abc import Callable, Mapping, Sequence

from inference.api import EmbeddingService
from rag.answering import words
from rag.answering.retrieval import CANDIDATES, Retriever
from rag.answering.search import MeaningSearch, Scores
from rag.storage.library import Library
from rag.types import SearchScope, StoredPassage

RANK_FUSION_K = 60
Method = Callable[[str, SearchScope, int], Sequence[StoredPassage]]


class Methods:
    """Ways to rank passages; each gives the best `k` for a question."""

    def __init__(
        self, library: Library, embedding: EmbeddingService, meaning: MeaningSearch, retriever: Retriever
    ) -> None:
        self._library = library
        self._embedding = embedding
        self._meaning = meaning
        self._retriever = retriever

    def all(self) -> Mapping[str, Method]:
        """Return the methods by the name they have in the table; ours is the last."""
        return {
            "vectors alone": self.vectors_alone,
            "BM25 alone": self.words_alone,
            "rank fusion": self.rank_fusion,
            "ours": self.ours,
        }

    def vectors_alone(self, question: str, scope: SearchScope, k: int) -> Sequence[StoredPassage]:
        return self._stored(_ranked(self._cosines(question, scope))[:k])

    def words_alone(self, question: str, scope: SearchScope, k: int) -> Sequence[StoredPassage]:
        return self._stored(_ranked(self._bm25(question, scope))[:k])

    def rank_fusion(self, question: str, scope: SearchScope, k: int) -> Sequence[StoredPassage]:
        scores: Scores = {}
        for found in (self._cosines(question, scope), self._bm25(question, scope)):
            for rank, passage in enumerate(_ranked(found), start=1):
                scores[passage] = scores.get(passage, 0.0) + 1.0 / (RANK_FUSION_K + rank)
        return self._stored(_ranked(scores)[:k])

    def ours(self, question: str, scope: SearchScope, k: int) -> Sequence[StoredPassage]:
        return [result.passage for result in self._retriever.retrieve(question, scope, k).results]

    def _cosines(self, question: str, scope: SearchScope) -> Scores:
        return self._meaning.nearest(self._embedding.embed_question(question).result(), scope, CANDIDATES)

    def _bm25(self, question: str, scope: SearchScope) -> Scores:
        match = words.any_of(words.question_terms(question))
        return dict(self._library.word_search(match, scope, CANDIDATES))

    def _stored(self, ids: Sequence[int]) -> Sequence[StoredPassage]:
        return self._library.passages(ids)


def _ranked(scores: Scores) -> list[int]:
    return sorted(scores, key=lambda passage: (-scores[passage], passage))
