"""What reading one file may take, measured from outside its process."""

import time
from collections.abc import Callable
from dataclasses import dataclass

_BYTES_PER_TIMEOUT = 4_000_000
_LEAST_TIMEOUTS = 5


@dataclass(frozen=True)
class ParseLimits:
    """Time and memory for one file.

    Attributes:
        timeout_s: The longest time between two steps of its loader; the whole time, where a loader reports none.
        memory_mb: What its process may hold in memory, processes that it starts included.
    """

    timeout_s: int
    memory_mb: int

    def longest_s(self, size: int) -> float:
        """Return how long a file of `size` bytes may take in all, however many steps it reports."""
        return self.timeout_s * (_LEAST_TIMEOUTS + size / _BYTES_PER_TIMEOUT)

    @property
    def memory_bytes(self) -> int:
        return self.memory_mb * 1_000_000


class Stopwatch:
    """The time that a file has had, pauses left out.

    Attributes:
        running: Whether time passes now.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._used_s = 0.0
        self._step_at_s = 0.0
        self._since = clock()
        self.running = True

    @property
    def total_s(self) -> float:
        """Return the time since the start."""
        return self._used_s + (self._clock() - self._since if self.running else 0.0)

    @property
    def step_s(self) -> float:
        """Return the time since the last step."""
        return self.total_s - self._step_at_s

    def step(self) -> None:
        """Note a sign of life."""
        self._step_at_s = self.total_s

    def stop(self) -> None:
        self._used_s = self.total_s
        self.running = False

    def go_on(self) -> None:
        if not self.running:
            self._since = self._clock()
            self.running = True
