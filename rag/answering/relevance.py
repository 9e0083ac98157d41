"""Whether what was found answers to the question at all.

Two signs are looked at: the closest meaning, and how many of the question's words, rare ones counting most, stand
together in one of the best passages. Either alone is fooled (a name shared by chance covers many words, a question in
other words than the document's covers few), so their sum decides, or a meaning that is very close. The thresholds keep
99 % of questions on the documents searched, and refuse 89 % of those on others: an answer withheld though it was there
is the worse mistake. See tests/eval/README.md.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.answering.support import word_keys
from rag.answering.words import content_words

LEAST_WEIGHT = 0.1
"""Of a word that stands in nearly each passage."""
LOOKED_AT = 5
"""Of the best passages."""
ENOUGH_TOGETHER = 0.65
"""Of cosine and coverage added."""
ENOUGH_MEANING = 0.5
"""Of the cosine alone: so close in meaning, a question may use none of the document's words."""
ENOUGH_COVERAGE = 0.4
"""Where meaning was not searched."""


@dataclass(frozen=True)
class Signs:
    """What speaks for relevance. `cosine` is None where meaning was not searched."""

    cosine: float | None
    coverage: float


def coverage(question: str, passages: Sequence[str], passages_with: Mapping[str, int], total: int) -> float:
    """Return the largest share of the question's words that one passage holds, weighed by rarity, 0 to 1.

    Args:
        question: As it was asked.
        passages: Texts of the best passages, context included.
        passages_with: How many passages of the library hold each content word of the question.
        total: How many passages there are.
    """
    weights = {
        key: max(LEAST_WEIGHT, math.log((1 + total) / (1 + passages_with.get(word, 0))))
        for word in content_words(question)
        for key in word_keys(word) or {word}
    }
    whole = sum(weights.values())
    if whole <= 0.0:
        return 1.0 if passages else 0.0
    return max(
        (sum(weights[key] for key in word_keys(text) & weights.keys()) / whole for text in passages), default=0.0
    )


def is_relevant(signs: Signs) -> bool:
    """Tell whether the best passages answer to the question."""
    if signs.cosine is None:
        return signs.coverage >= ENOUGH_COVERAGE
    return signs.cosine >= ENOUGH_MEANING or signs.cosine + signs.coverage >= ENOUGH_TOGETHER
