"""One ranking out of several: words, phrases, meaning, and the names of documents.

Each signal's scores are normalised for the question, (score - mean) / (best - mean), and summed with fixed weights.
That keeps what rank fusion throws away: by how much the best stands out.
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


def normalised(signal: Signal) -> dict[int, float]:
    """Return the scores with 0 for the mean of what was found and 1 for the best."""
    if not signal.scores:
        return {}
    mean = sum(signal.scores.values()) / len(signal.scores)
    spread = max(signal.scores.values()) - mean
    # All alike: being found at all is what counts.
    if spread <= 1e-9:
        return dict.fromkeys(signal.scores, 1.0)
    return {passage: (score - mean) / spread for passage, score in signal.scores.items()}


def fuse(signals: Sequence[Signal], passages: Collection[int]) -> dict[int, float]:
    """Return the weighted sum of the normalised signals for each of `passages`."""
    total = dict.fromkeys(passages, 0.0)
    for signal in signals:
        scores = normalised(signal)
        missing = _normalised_missing(signal)
        for passage in total:
            total[passage] += signal.weight * scores.get(passage, missing)
    return total


def _normalised_missing(signal: Signal) -> float:
    if not signal.scores:
        return 0.0
    values = signal.scores.values()
    mean = sum(values) / len(values)
    spread = max(values) - mean
    if spread <= 1e-9:
        return 0.0
    return max(-1.0, (signal.missing - mean) / spread)
