"""How fast each kind of work goes, as measured, and so how long the rest takes.

Reading differs by format more than by anything else, so it is measured for each: seconds and tokens for each file and
for each byte, and how many files are read side by side. Embedding takes its time by the token, text recognition by the
page; both are measured over the last minute. What was never measured is not told.
"""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rag.storage.library_queue import Waiting, WorkLeft

_WINDOW_S = 60.0
_MEASURED_S = 1.0
_WORTH_KEEPING_S = 5.0
_TRUSTED_S = 10.0

Clock = Callable[[], float]


class Rate:
    """Things done a second, over the last minute or the last half of the time; any thread.

    Attributes:
        assumed: The rate of an earlier run, told until there is a new one.
        muted: Nothing is measured now, because other work takes the processor meanwhile.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._done: deque[tuple[float, float]] = deque()
        self._begun = 0.0
        self.assumed: float | None = None
        self.muted = False

    def begin(self) -> None:
        """Start measuring, unless it is measured already."""
        with self._lock:
            if not self._done and not self.muted:
                self._begun = self._clock()
                self._done.append((self._begun, 0))

    def add(self, count: float) -> None:
        """Note that so many more are done; what was done before the start only starts the measure."""
        if self.muted:
            return
        if not self._done:
            self.begin()
            return
        with self._lock:
            now = self._clock()
            self._done.append((now, count))
            # Half of the whole time tells more than a moment in which another program was busy.
            window_s = max(_WINDOW_S, (now - self._begun) / 2)
            while len(self._done) > 2 and now - self._done[0][0] > window_s:
                self._done.popleft()

    def stop(self) -> None:
        """Measure anew: work was paused or is over. What was measured is assumed meanwhile."""
        worth_keeping = self._measured(_WORTH_KEEPING_S)
        with self._lock:
            self.assumed = worth_keeping or self.assumed
            self._done.clear()

    @property
    def per_second(self) -> float | None:
        """Return the rate, None before there is anything to tell; at first, what is assumed counts as well."""
        measured = self._measured(_MEASURED_S)
        if measured is None or self.assumed is None:
            return measured or self.assumed
        with self._lock:
            trust = min(1.0, (self._done[-1][0] - self._done[0][0]) / _TRUSTED_S) if self._done else 0.0
        return trust * measured + (1 - trust) * self.assumed

    def _measured(self, least_s: float) -> float | None:
        with self._lock:
            if len(self._done) < 2:
                return None
            elapsed_s = self._done[-1][0] - self._done[0][0]
            done = sum(count for _, count in list(self._done)[1:])
        return done / elapsed_s if elapsed_s >= least_s and done else None


@dataclass
class _Seen:
    """What reading files of one format took."""

    files: int = 0
    bytes: int = 0
    seconds: float = 0.0
    tokens: int = 0

    def add(self, other: "_Seen") -> None:
        self.files += other.files
        self.bytes += other.bytes
        self.seconds += other.seconds
        self.tokens += other.tokens


class ReadingPace:
    """What reading took so far, by format; any thread."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[str, _Seen] = defaultdict(_Seen)
        self._all = _Seen()
        self._busy_s = 0.0
        self._since: float | None = None

    def begin(self) -> None:
        """Note that files are being read from now on."""
        with self._lock:
            if self._since is None:
                self._since = self._clock()

    def stop(self) -> None:
        """Note that none is being read; what was measured stays true."""
        with self._lock:
            if self._since is not None:
                self._busy_s += self._clock() - self._since
                self._since = None

    def finished(self, format_name: str, size: int, seconds: float, tokens: int) -> None:
        """Note what one file took in its process, and how much text it had."""
        seen = _Seen(1, size, seconds, tokens)
        with self._lock:
            self._seen[format_name].add(seen)
            self._all.add(seen)

    def expected(self, waiting: Mapping[str, Waiting]) -> tuple[float, float] | None:
        """Return the seconds that reading these files takes, and the tokens in them; None while nothing is known."""
        if not any(each.files for each in waiting.values()):
            return 0.0, 0.0
        with self._lock:
            if not self._all.files:
                return None
            busy_s = self._busy_s + (self._clock() - self._since if self._since is not None else 0.0)
            side_by_side = max(1.0, self._all.seconds / busy_s) if busy_s > 0 else 1.0
            seconds = sum(self._share(name, each, "seconds") for name, each in waiting.items())
            tokens = sum(self._share(name, each, "tokens") for name, each in waiting.items())
        return seconds / side_by_side, tokens

    def _share(self, name: str, waiting: Waiting, what: str) -> float:
        """Return what waiting files of a format take: half by their number, half by their bytes.

        Either alone goes wrong by far where one large file was among the first, or is among the last.
        """
        seen = self._seen.get(name, self._all)
        amount = float(getattr(seen, what))
        by_number = amount / seen.files * waiting.files
        by_bytes = amount / seen.bytes * waiting.bytes if seen.bytes else by_number
        return (by_number + by_bytes) / 2


@dataclass
class Pace:
    """The measures of all kinds of work.

    Attributes:
        reading: Files, by format.
        recognition: Pages a second.
        embedding: Tokens a second.
    """

    reading: ReadingPace = field(default_factory=ReadingPace)
    recognition: Rate = field(default_factory=Rate)
    embedding: Rate = field(default_factory=Rate)

    def stop(self) -> None:
        """Note that work rests."""
        for part in (self.reading, self.recognition, self.embedding):
            part.stop()

    def seconds_left(self, left: WorkLeft) -> float | None:
        """Return how long the rest takes, all kinds of work after each other; None while that is unknown."""
        expected = self.reading.expected(left.waiting)
        if expected is None:
            return None
        reading_s, tokens = expected
        recognition_s = _time_for(left.scanned_pages, self.recognition.per_second)
        embedding_s = _time_for(left.tokens + tokens, self.embedding.per_second)
        if recognition_s is None or embedding_s is None:
            return None
        return reading_s + recognition_s + embedding_s


class TimeLeft:
    """The time left, as often as anybody asks: counted from time to time, and run down in between. Any thread."""

    def __init__(self, left: Callable[[int | None], WorkLeft], pace: Pace, clock: Clock = time.monotonic) -> None:
        self._left = left
        self._pace = pace
        self._clock = clock
        self._lock = threading.Lock()
        self._told: dict[int | None, tuple[float, float, float | None]] = {}

    def seconds(self, collection_id: int | None) -> float | None:
        """Return the time until a collection, or everything, is ready; None while that is unknown."""
        with self._lock:
            now = self._clock()
            at, until, value = self._told.get(collection_id, (0.0, 0.0, None))
            if now >= until:
                value = self._pace.seconds_left(self._left(collection_id))
                at, cost = self._clock(), self._clock() - now
                # Counting may take a fiftieth of the time.
                self._told[collection_id] = (at, at + max(_MEASURED_S, 50 * cost), value)
                now = at
            return None if value is None else max(0.0 if value == 0 else _MEASURED_S, value - (now - at))

    def forget(self) -> None:
        """Count anew when asked next: work began or rested."""
        with self._lock:
            self._told.clear()


def _time_for(count: float, per_second: float | None) -> float | None:
    if count <= 0:
        return 0.0
    return None if per_second is None else count / per_second
