"""One ranking out of several: words, phrases, meaning, and the names of documents.

Each signal's scores are stretched for the question, so that its best passage has 1 and what it did not find has 0, and
summed with fixed weights. That keeps what rank fusion throws away: by how much the best stands out.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Signal:
    """What one way of searching found.

    Attributes:
        scores: By passage, higher is better.
        weight: What it counts in the sum.
        missing: The score of a passage that was not found this way.
    """

    scores: Mapping[int, float]
    weight: float
    missing: float = 0.0


def fuse(signals: Sequence[Signal], passages: Collection[int]) -> dict[int, float]:
    """Return the weighted sum of the stretched signals for each of `passages`."""
    total = dict.fromkeys(passages, 0.0)
    for signal in signals:
        spread = max(signal.scores.values(), default=signal.missing) - signal.missing
        for passage, score in signal.scores.items():
            # All alike: being found at all is what counts.
            stretched = (score - signal.missing) / spread if spread > 1e-9 else 1.0
            if passage in total:
                total[passage] += signal.weight * stretched
    return total
