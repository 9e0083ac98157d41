"""How fast work goes, measured over the last minute, and so how long the rest will take."""

import threading
import time
from collections import deque
from collections.abc import Callable

from rag.storage.library_collections import Counts

_WINDOW_S = 60.0
_MEASURED_S = 1.0


class Rate:
    """Things done a second, over the last minute; any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._done: deque[tuple[float, int]] = deque()

    def begin(self) -> None:
        """Start measuring, unless it is measured already."""
        with self._lock:
            if not self._done:
                self._done.append((self._clock(), 0))

    def add(self, count: int) -> None:
        """Note that so many more are done."""
        self.begin()
        with self._lock:
            now = self._clock()
            self._done.append((now, count))
            while len(self._done) > 2 and now - self._done[0][0] > _WINDOW_S:
                self._done.popleft()

    def stop(self) -> None:
        """Forget what was measured: work was paused or is over."""
        with self._lock:
            self._done.clear()

    @property
    def per_second(self) -> float | None:
        """Return the rate, None before there is anything to tell."""
        with self._lock:
            if len(self._done) < 2:
                return None
            elapsed_s = self._done[-1][0] - self._done[0][0]
            done = sum(count for _, count in list(self._done)[1:])
        return done / elapsed_s if elapsed_s >= _MEASURED_S and done else None


class Pace:
    """The rates of the two kinds of work."""

    def __init__(self) -> None:
        self.files = Rate()
        self.passages = Rate()

    def stop(self) -> None:
        self.files.stop()
        self.passages.stop()

    def seconds_left(self, counts: Counts) -> float | None:
        """Return how long the rest takes at the measured rates; None while that is unknown."""
        files_left = counts.files_total - counts.files_searchable - counts.files_failed
        each = counts.passages_total / counts.files_searchable if counts.files_searchable else None
        passages_left = float(counts.passages_total - counts.passages_embedded)
        if files_left <= 0 and passages_left <= 0:
            return 0.0
        reading_s = _time_for(files_left, self.files.per_second)
        if files_left > 0:
            passages_left += files_left * each if each is not None else 0.0
        embedding_s = _time_for(passages_left, self.passages.per_second)
        if reading_s is None or embedding_s is None or (files_left > 0 and each is None):
            return None
        return reading_s + embedding_s


def _time_for(count: float, per_second: float | None) -> float | None:
    if count <= 0:
        return 0.0
    return None if per_second is None else count / per_second
