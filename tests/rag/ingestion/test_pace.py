"""Rates and the time left, with clocks that the test turns."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from rag.ingestion.pace import Pace, Rate, ReadingPace, TimeLeft
from rag.storage.library_queue import Waiting, WorkLeft


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


def test_a_pause_is_not_measured_and_the_rate_before_it_is_assumed() -> None:
    clock = Clock()
    rate = measured(clock, 30, 10.0)
    rate.stop()
    assert rate.per_second == 3.0
    clock.now_s += 1000
    rate.begin()
    clock.now_s += 10
    rate.add(50)
    assert rate.per_second == 5.0


def test_a_rate_measured_for_a_moment_is_not_kept() -> None:
    rate = measured(Clock(), 30, 2.0)
    rate.stop()
    assert rate.per_second is None


def test_nothing_is_measured_while_other_work_takes_the_processor() -> None:
    clock = Clock()
    rate = Rate(clock)
    rate.muted = True
    rate.begin()
    clock.now_s += 10
    rate.add(10)
    assert rate.per_second is None
    rate.muted = False
    rate.begin()
    clock.now_s += 10
    rate.add(50)
    assert rate.per_second == 5.0


def test_formats_are_measured_apart() -> None:
    clock = Clock()
    reading = ReadingPace(clock)
    reading.begin()
    clock.now_s += 11
    reading.finished(".pdf", 1000, 10.0, 500)
    reading.finished(".txt", 1000, 1.0, 900)
    assert reading.expected({".pdf": Waiting(2, 2000)}) == (20.0, 1000.0)
    assert reading.expected({".txt": Waiting(2, 2000)}) == (2.0, 1800.0)
    assert reading.expected({".odt": Waiting(2, 2000)}) == (11.0, 1400.0)


def test_files_read_side_by_side_take_less() -> None:
    clock = Clock()
    reading = ReadingPace(clock)
    reading.begin()
    clock.now_s += 5
    reading.finished(".pdf", 1000, 5.0, 0)
    reading.finished(".pdf", 1000, 5.0, 0)
    assert reading.expected({".pdf": Waiting(2, 2000)}) == (5.0, 0.0)


def test_time_left_is_all_kinds_of_work_together() -> None:
    clock = Clock()
    pace = Pace(ReadingPace(clock), measured(clock, 10, 10.0), measured(clock, 200, 10.0))
    pace.reading.begin()
    clock.now_s += 2
    pace.reading.finished(".pdf", 1000, 2.0, 100)
    left = WorkLeft({".pdf": Waiting(3, 3000)}, tokens=1000, scanned_pages=4)
    assert pace.seconds_left(left) == 3 * 2.0 + 4 / 1.0 + (1000 + 300) / 20.0


def test_time_left_is_unknown_before_it_is_measured() -> None:
    assert Pace().seconds_left(WorkLeft({".pdf": Waiting(1, 10)}, 0)) is None
    assert Pace().seconds_left(WorkLeft({}, tokens=10)) is None
    assert Pace().seconds_left(WorkLeft({}, 0, scanned_pages=1)) is None
    assert Pace().seconds_left(WorkLeft({}, 0)) == 0.0


def test_time_left_runs_down_between_two_counts() -> None:
    clock = Clock()
    counted: list[int | None] = []

    def left(collection_id: int | None) -> WorkLeft:
        counted.append(collection_id)
        return WorkLeft({}, tokens=100)

    told = TimeLeft(left, Pace(embedding=measured(clock, 10, 10.0)), clock)
    assert told.seconds(7) == 100.0
    clock.now_s += 0.5
    assert told.seconds(7) == 99.5
    assert counted == [7]
    clock.now_s += 1
    assert told.seconds(7) == 100.0


# --- A folder of many kinds, simulated --------------------------------------------------------------------------------


@dataclass(frozen=True)
class File:
    suffix: str
    size: int
    read_s: float
    tokens: int


KINDS: dict[str, tuple[float, float, float]] = {
    # Seconds and tokens for each 1000 bytes, and seconds for each file.
    ".pdf": (0.004, 20.0, 0.3),
    ".txt": (0.0005, 250.0, 0.01),
    ".docx": (0.02, 60.0, 0.1),
    ".xlsx": (0.05, 150.0, 0.2),
    ".eml": (0.003, 120.0, 0.02),
}
TOKENS_PER_S = 5000.0


def folder(chance: random.Random, count: int) -> list[File]:
    made = []
    for _ in range(count):
        suffix = chance.choice(sorted(KINDS))
        size = int(chance.lognormvariate(10.5, 1.0))
        per_kb, tokens, once = KINDS[suffix]
        odd = chance.uniform(0.5, 1.6)
        made.append(File(suffix, size, once + per_kb * size / 1000 * odd, int(tokens * size / 1000 * odd)))
    return made


def live(files: list[File], pace: Pace, clock: Clock) -> Iterator[WorkLeft]:
    """Read all files, two side by side, then embed them; yields what is left after each bit."""
    tokens = 0
    pace.reading.begin()
    for number, file in enumerate(files, 1):
        clock.now_s += file.read_s / 2
        tokens += file.tokens
        pace.reading.finished(file.suffix, file.size, file.read_s, file.tokens)
        waiting: dict[str, Waiting] = {}
        for later in files[number:]:
            each = waiting.setdefault(later.suffix, Waiting())
            each.files += 1
            each.bytes += later.size
        yield WorkLeft(waiting, tokens)
    pace.reading.stop()
    pace.embedding.begin()
    while tokens > 0:
        portion = min(tokens, 4000)
        clock.now_s += portion / TOKENS_PER_S
        tokens -= portion
        pace.embedding.add(portion)
        yield WorkLeft({}, tokens)


def errors(told: Callable[[Pace, WorkLeft], float | None], seed: int, assumed: float | None) -> list[float]:
    """Return by what share of the whole time the end was told wrongly, after the first tenth of it."""
    clock = Clock()
    pace = Pace(ReadingPace(clock), Rate(clock), Rate(clock))
    pace.embedding.assumed = assumed
    ends = [(clock.now_s, told(pace, left)) for left in live(folder(random.Random(seed), 400), pace, clock)]
    whole = clock.now_s - 100.0
    late = [(now, value) for now, value in ends if now - 100.0 >= 0.1 * whole]
    return [abs(now + value - clock.now_s) / whole for now, value in late if value is not None]


@pytest.mark.parametrize("seed", range(6))
def test_the_end_is_told_within_30_percent_after_the_first_tenth(seed: int) -> None:
    wrong = errors(lambda pace, left: pace.seconds_left(left), seed, assumed=TOKENS_PER_S * 1.1)
    assert len(wrong) > 100
    assert max(wrong) < 0.3


@pytest.mark.parametrize("seed", range(3))
def test_on_a_first_run_the_end_is_told_as_soon_as_embedding_was_measured(seed: int) -> None:
    wrong = errors(lambda pace, left: pace.seconds_left(left), seed, assumed=None)
    assert wrong
    assert max(wrong) < 0.3
