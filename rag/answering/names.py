"""How well a document's name fits a question: "AMAZON_2019_10K.pdf" for "Amazon's net income in FY2019"."""

import math
import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from pathlib import PurePath

from rag.answering.stopwords import STOP_WORDS
from rag.answering.words import question_terms, split_words

_DIGIT = re.compile(r"\d")
_CAMEL = re.compile(r"(?<=[a-zß-ÿ])(?=[A-Z])")
_LETTER_DIGIT = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")


@lru_cache(maxsize=8192)
def name_words(name: str) -> frozenset[str]:
    """Return the words of a file's name without its ending, glued ones taken apart as well."""
    stem = PurePath(name).stem
    apart = f"{stem} {_CAMEL.sub(' ', stem)} {_LETTER_DIGIT.sub(' ', stem)}"
    return frozenset(
        word.folded for word in split_words(apart) if len(word.folded) > 1 and word.folded not in STOP_WORDS
    )


def name_scores(question: str, documents: Mapping[int, str]) -> dict[int, float]:
    """Return how well each document's name fits, 1 for the best of them; nothing where no name is mentioned.

    A word counts the more the fewer of these documents have it in their name.

    Args:
        question: As it was asked.
        documents: Names by document id, of the documents that were found.
    """
    asked = _mentioned(question)
    holders = Counter(word for name in documents.values() for word in name_words(name))
    scores = {
        document: sum(math.log((1 + len(documents)) / holders[word]) for word in name_words(name) & asked)
        for document, name in documents.items()
    }
    best = max(scores.values(), default=0.0)
    return {document: score / best for document, score in scores.items()} if best > 0.0 else {}


def _mentioned(question: str) -> frozenset[str]:
    """Return what in a question may be a name: its capitalised words, its numbers, and neighbours written as one.

    Other words stand in names by chance ("houses" in "Lease of the houses.pdf"). "Foot Locker" may be FOOTLOCKER.
    """
    words = [word for word in split_words(question) if question[word.start].isupper() or _DIGIT.search(word.folded)]
    folded = [word.folded for word in words]
    parts = [part for word in folded for part in question_terms(word)]
    pairs = {a.folded + b.folded for a, b in pairwise(words) if b.start - a.end <= 1}
    triples = {a.folded + b.folded + c.folded for a, b, c in zip(words, words[1:], words[2:], strict=False)}
    return frozenset({*parts, *pairs, *triples} - STOP_WORDS)
