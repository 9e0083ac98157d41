"""Rates and the time left."""

from rag.ingestion.pace import Pace, Rate
from rag.storage.library_collections import Counts


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def measured(clock: Clock, count: int, seconds: float) -> Rate:
    rate = Rate(clock)
    rate.begin()
    clock.now_s += seconds
    rate.add(count)
    return rate


def test_a_rate_is_what_was_done_in_the_time_it_took() -> None:
    assert measured(Clock(), 30, 10.0).per_second == 3.0


def test_nothing_is_said_before_a_second_was_measured() -> None:
    assert measured(Clock(), 30, 0.2).per_second is None


def test_what_was_done_long_ago_does_not_count() -> None:
    clock = Clock()
    rate = measured(clock, 1000, 10.0)
    for _ in range(20):
        clock.now_s += 10
        rate.add(10)
    assert rate.per_second == 1.0


def test_a_pause_is_not_measured() -> None:
    rate = measured(Clock(), 30, 10.0)
    rate.stop()
    assert rate.per_second is None


def pace() -> Pace:
    measuring = Pace()
    measuring.files = measured(Clock(), 10, 10.0)
    measuring.passages = measured(Clock(), 20, 10.0)
    return measuring


def test_time_left_is_reading_and_embedding_together() -> None:
    counts = Counts(20, 10, 0, 0, 50, 10)
    assert pace().seconds_left(counts) == 10 / 1.0 + (40 + 10 * 5) / 2.0


def test_no_time_is_left_when_all_is_done() -> None:
    assert Pace().seconds_left(Counts(3, 2, 2, 1, 9, 9)) == 0.0


def test_time_left_is_unknown_before_it_is_measured() -> None:
    assert Pace().seconds_left(Counts(3, 1, 0, 0, 9, 0)) is None
