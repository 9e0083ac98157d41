"""Finds the passages that answer a question: by phrases, words, meaning and names of documents, in one ranking.

Words are searched while the question is still being embedded. Each way gives a few hundred candidates, whose scores
are normalised and summed (`rag.answering.fusion`); the weights are measured, see tests/eval/README.md. Documents
that are not embedded yet are found by words alone.
"""

import logging
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from inference.api import EmbeddingService, KnownError, Vectors
from rag.answering import relevance
from rag.answering.fusion import Signal, fuse
from rag.answering.language import knows_language
from rag.answering.names import name_scores
from rag.answering.question import check_question
from rag.answering.search import MeaningSearch, Scores, WordHits, search_words
from rag.storage.library import Library
from rag.storage.vectors import VectorIndex
from rag.types import RankedPassage, Retrieval, SearchScope, StoredPassage

_log = logging.getLogger(__name__)
CANDIDATES = 200
"""Of each way of searching; more only when more results are asked for."""
MEANING_WEIGHT = 1.0
WORDS_WEIGHT = 0.8
PHRASES_WEIGHT = 0.1
"""Of words and phrases that cover the question wholly: see `_words_share`."""
NAMES_WEIGHT = 0.3
SAME_PAGE_COST = 0.2
"""For each better passage of the same page: its neighbours say much the same, and another page may be the right one."""


@dataclass(frozen=True)
class _Found:
    """Candidates with their fused scores, and what they were fused from."""

    fused: Scores
    hits: WordHits
    cosines: Scores
    passages: Mapping[int, StoredPassage]


class Retriever:
    """Searches the library. Any thread, several at a time."""

    def __init__(self, library: Library, vectors: VectorIndex, embedding: EmbeddingService, chunking: str) -> None:
        self._library = library
        self._vectors = vectors
        self.use(embedding, chunking)

    def use(self, embedding: EmbeddingService, chunking: str) -> None:
        """Search another index from the next question on."""
        self._meaning = MeaningSearch(self._library, self._vectors, embedding, chunking)

    def retrieve(self, question: str, scope: SearchScope, k: int) -> Retrieval:
        """Return the `k` best passages in scope, or all there are if they are fewer.

        Raises:
            EmptyQuestion, QuestionTooLong: There is nothing, or too much, to search for.
        """
        started = time.perf_counter()
        question = check_question(question)
        limit = max(CANDIDATES, 2 * k)
        meaning = self._meaning
        vector = self._ask_for_vector(meaning, question, scope)
        hits = search_words(self._library, question, scope, limit)
        cosines = self._cosines(meaning, vector, question, scope, hits, limit)
        found = self._fused(question, scope, hits, cosines, limit)
        results = self._results(found, scope, k)
        relevant = bool(results) and relevance.is_relevant(self._signs(question, scope, found, results))
        return Retrieval(question, results, relevant, 1000 * (time.perf_counter() - started))

    def _ask_for_vector(self, meaning: MeaningSearch, question: str, scope: SearchScope) -> Future[Vectors] | None:
        """Begin to embed the question, unless there is nothing yet to compare it with."""
        if not any(self._library.counts(each).passages_embedded for each in scope.collection_ids):
            return None
        return meaning.embedding.embed_question(question)

    def _cosines(
        self,
        meaning: MeaningSearch,
        vector: Future[Vectors] | None,
        question: str,
        scope: SearchScope,
        hits: WordHits,
        limit: int,
    ) -> Scores:
        """Return the nearest passages, and how near those are that the words found; nothing without a usable vector."""
        if vector is None:
            return {}
        try:
            known = knows_language(meaning.embedding.languages, question)
            if hits.words and not known:
                return {}
            embedded = vector.result()
        except KnownError as error:
            _log.info("searching by words alone: %s", error.message)
            return {}
        near = meaning.nearest(embedded, scope, limit)
        return near | meaning.cosines(embedded, [each for each in hits.words if each not in near])

    def _fused(self, question: str, scope: SearchScope, hits: WordHits, cosines: Scores, limit: int) -> _Found:
        candidates = sorted(hits.words.keys() | hits.phrases.keys() | cosines.keys())
        stored = self._library.passages(candidates, scope.collection_ids)
        passages = {passage.id: passage for passage in stored}
        names = name_scores(question, {passage.document_id: passage.document for passage in stored})
        share = self._words_share(question, scope, hits, passages) if cosines else 1.0
        signals = [
            Signal(cosines, MEANING_WEIGHT, min(cosines.values(), default=0.0)),
            Signal(hits.words, WORDS_WEIGHT * share, _least(hits.words, limit)),
            Signal(hits.phrases, PHRASES_WEIGHT * share, _least(hits.phrases, limit)),
        ]
        fused = fuse(signals, passages)
        for passage in stored:
            fused[passage.id] += NAMES_WEIGHT * names.get(passage.document_id, 0.0)
        return _Found(fused, hits, cosines, passages)

    def _words_share(
        self, question: str, scope: SearchScope, hits: WordHits, passages: Mapping[int, StoredPassage]
    ) -> float:
        """Return how far the words are trusted, 0 to 1.

        Where even the best passages hold few of the question's words, it was asked in other words than the document's:
        what is then found by words was found by chance, and meaning decides.
        """
        best = sorted(hits.words, key=lambda each: -hits.words[each])[: relevance.LOOKED_AT]
        texts = [_searched(passages[each]) for each in best if each in passages]
        return relevance.coverage(question, texts, hits.passages_with, self._count(scope)) ** 2

    def _results(self, found: _Found, scope: SearchScope, k: int) -> tuple[RankedPassage, ...]:
        scores = _spread_over_pages(found)
        best = sorted(scores, key=lambda passage: (-scores[passage], passage))[:k]
        passages = [found.passages[passage] for passage in best]
        if len(passages) < k:
            passages += self._rest(found, scope, k - len(passages))
        lowest = min(scores.values(), default=0.0) - 1.0
        return tuple(
            RankedPassage(
                rank,
                scores.get(passage.id, lowest),
                passage,
                found.hits.words.get(passage.id, 0.0),
                found.cosines.get(passage.id, 0.0),
            )
            for rank, passage in enumerate(passages, start=1)
        )

    def _rest(self, found: _Found, scope: SearchScope, wanted: int) -> Sequence[StoredPassage]:
        """Return passages that no way of searching found, in reading order: who asks for more results gets them."""
        others = [passage for passage in self._library.passage_ids(scope) if passage not in found.fused]
        return self._library.passages(others[:wanted], scope.collection_ids)

    def _signs(
        self, question: str, scope: SearchScope, found: _Found, results: Sequence[RankedPassage]
    ) -> relevance.Signs:
        best = [_searched(each.passage) for each in results[: relevance.LOOKED_AT]]
        return relevance.Signs(
            cosine=max(found.cosines.values(), default=None),
            coverage=relevance.coverage(question, best, found.hits.passages_with, self._count(scope)),
        )

    def _count(self, scope: SearchScope) -> int:
        return self._library.passage_count(SearchScope(scope.collection_ids))


def _searched(passage: StoredPassage) -> str:
    return f"{passage.context}\n{passage.text}"


def _spread_over_pages(found: _Found) -> Scores:
    """Return the scores, lowered for each better passage of the same page; formats without pages stay as they are."""
    scores: Scores = {}
    better: Counter[tuple[int, int]] = Counter()
    for passage in sorted(found.fused, key=lambda each: (-found.fused[each], each)):
        stored = found.passages[passage]
        page = (stored.document_id, stored.page_index)
        scores[passage] = found.fused[passage] - (SAME_PAGE_COST * better[page] if stored.page is not None else 0.0)
        better[page] += 1
    return scores


def _least(scores: Scores, limit: int) -> float:
    """Return the score of what was not found: none, unless there was more to find than was asked for."""
    return min(scores.values()) if len(scores) >= limit else 0.0
