"""The ways of searching that retrieval fuses: by words, by phrases and by meaning. Each gives scores by passage id."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inference.api import EmbeddingService, Vectors
from rag.answering import words
from rag.storage.library import Library
from rag.storage.vectors import VectorIndex, collection_key
from rag.types import SearchScope

Scores = dict[int, float]
MOST_MULTIPLIED = 50_000
"""So many stored vectors, or fewer, are compared one by one when only some documents are searched."""
_OVERFETCH = 4


@dataclass(frozen=True)
class WordHits:
    """What the full-text index found.

    Attributes:
        words: By the words of the question.
        phrases: By its phrases and pairs of neighbouring words.
        passages_with: In how many passages of the library each of the question's terms stands.
    """

    words: Scores
    phrases: Scores
    passages_with: dict[str, int]


def search_words(library: Library, question: str, scope: SearchScope, limit: int) -> WordHits:
    """Search for the words of `question`; works as soon as a document is read."""
    terms = words.question_terms(question)[: 4 * words.MAX_TERMS]
    passages_with = dict(library.term_document_counts(terms))
    for folded, exact in words.exact_forms(question).items():
        # Whoever asks how rare a word is means both of its forms.
        passages_with[folded] = passages_with.get(folded, 0) + passages_with.get(exact, 0)
    chosen = words.rarest_under_budget(terms, passages_with)
    if not chosen:
        return WordHits({}, {}, passages_with)
    known = set(chosen)
    together = [*words.phrases(question), *words.word_pairs(question)][: words.MAX_TERMS]
    together = [phrase for phrase in together if known.intersection(phrase.split())]
    found = dict(library.word_search(words.any_of(chosen), scope, limit))
    phrases = dict(library.word_search(words.any_of(together), scope, limit)) if together else {}
    return WordHits(found, phrases, passages_with)


class MeaningSearch:
    """Finds passages by their vectors: in Chroma, or one by one where few documents are searched."""

    def __init__(self, library: Library, vectors: VectorIndex, embedding: EmbeddingService, chunking: str) -> None:
        self._library = library
        self._vectors = vectors
        self.embedding = embedding
        self._chunking = chunking

    def nearest(self, vector: Vectors, scope: SearchScope, limit: int) -> Scores:
        """Return the passages in scope that are nearest to `vector`, with their cosine."""
        if scope.document_ids is None:
            return self._in_chroma(vector, scope, limit)
        ids = self._library.passage_ids(scope)
        if len(ids) <= MOST_MULTIPLIED and not self._is_most(scope, len(ids)):
            return _best(self.cosines(vector, ids), limit)
        inside = set(ids)
        near = self._in_chroma(vector, scope, _OVERFETCH * limit)
        return _best({passage: cosine for passage, cosine in near.items() if passage in inside}, limit)

    def cosines(self, vector: Vectors, passage_ids: Sequence[int]) -> Scores:
        """Return the cosine of those passages that have a vector."""
        ids, matrix = self._library.vectors(self.embedding.identity, passage_ids)
        if not len(ids):
            return {}
        return dict(zip(ids.tolist(), (matrix @ np.asarray(vector, np.float32)).tolist(), strict=True))

    def _in_chroma(self, vector: Vectors, scope: SearchScope, limit: int) -> Scores:
        found: Scores = {}
        for collection_id in scope.collection_ids:
            key = collection_key(collection_id, self.embedding.identity, self._chunking)
            found.update(self._vectors.query(key, vector, limit))
        return _best(found, limit)

    def _is_most(self, scope: SearchScope, passages: int) -> bool:
        """Tell whether the documents in scope are most of their collections: then a filter leaves enough over."""
        return 2 * passages >= self._library.passage_count(SearchScope(scope.collection_ids))


def _best(scores: Scores, limit: int) -> Scores:
    if len(scores) <= limit:
        return scores
    return dict(sorted(scores.items(), key=lambda item: -item[1])[:limit])
