"""Shares the processor between an answer and the work behind it.

An answer is never starved by indexing, nor indexing stopped by an answer. While an answer is being written, each
background thread rests after each small batch in proportion to how long the batch took; the moment the answer is
done, it wakes and works at full speed. Background threads also ask the system for less weight than the answer's.
While the user types, and on battery, work is as gentle; on battery it can also stand still, if the user wants that.
"""

import ctypes
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from inference import hardware

# Share of its time that a background thread works while an answer is written.
SHARE_WHILE_GENERATING = 0.35
TYPING_S = 3.0
"""How long work stays gentle after the user did something."""
_ASK_BATTERY_S = 15.0
# A batch longer than this is not paid for in full: the wait must stay short enough for a job to be seen advancing.
_LONGEST_BUSY_S = 0.25
_LINUX_NICENESS = 10
_WINDOWS_BELOW_NORMAL = -1
_MACOS_QOS_UTILITY = 0x11


class CpuBudget:
    """Who may use the processor, and how much; any thread.

    Attributes:
        cores: Cores that there are to share.
        on_battery: What background work does while the computer runs on battery: "full", "slow" or "pause".
    """

    def __init__(
        self,
        cores: int | None = None,
        *,
        share: float = SHARE_WHILE_GENERATING,
        battery: Callable[[], bool] = hardware.on_battery,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.cores = cores if cores is not None else hardware.cores()
        self.on_battery = "slow"
        self._share = share
        self._battery = battery
        self._clock = clock
        self._typing_until = self._ask_battery_at = float("-inf")
        self._unplugged = False
        self._changed = threading.Condition()
        self._answers = 0
        self._thread = threading.local()

    @property
    def busy_generating(self) -> bool:
        """Whether an answer is being written now."""
        with self._changed:
            return self._answers > 0

    @contextmanager
    def generating(self) -> Iterator[None]:
        """Mark the time in which an answer is evaluated and written; may be nested and overlap."""
        self._count(+1)
        try:
            yield
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        with self._changed:
            self._answers += change
            self._changed.notify_all()

    def user_active(self) -> None:
        """Note that the user types or the like: background work is gentle for some seconds."""
        self._typing_until = self._clock() + TYPING_S

    @property
    def unplugged(self) -> bool:
        """Whether the computer runs on battery, asked every few seconds."""
        now = self._clock()
        if now >= self._ask_battery_at:
            self._ask_battery_at = now + _ASK_BATTERY_S
            self._unplugged = self._battery()
        return self._unplugged

    @property
    def held(self) -> bool:
        """Whether background work has to stand still, because the user wants the battery spared."""
        return self.on_battery == "pause" and self.unplugged

    @property
    def gentle(self) -> bool:
        """Whether background work leaves most of the processor to others now."""
        typing = self._clock() < self._typing_until
        return self.busy_generating or typing or (self.on_battery == "slow" and self.unplugged)

    def background_pause(self) -> None:
        """Rest between two small batches of background work, as long as the budget asks for.

        Returns at once while there is no reason to be gentle, and early when an answer ends and was the only one.
        """
        now = time.monotonic()
        busy_s = min(now - getattr(self._thread, "resumed_at", now), _LONGEST_BUSY_S)
        with self._changed:
            self._changed.wait_for(lambda: not self.gentle, timeout=rest_s(busy_s, self._share))
        self._thread.resumed_at = time.monotonic()

    def parse_workers(self) -> int:
        """Return how many processes may read documents now: one fewer while work is gentle, never none."""
        return max(1, self.cores - 1) if self.gentle else self.cores


def rest_s(busy_s: float, share: float) -> float:
    """Return how long to rest after `busy_s` of work, so that work takes `share` of the time."""
    return busy_s * (1 / share - 1)


def lower_thread_priority() -> None:
    """Give the calling thread less weight than the others; for good, and without complaint where it cannot be."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LINUX_NICENESS)
    elif sys.platform == "win32":
        kernel = ctypes.windll.kernel32
        kernel.SetThreadPriority(ctypes.c_void_p(kernel.GetCurrentThread()), _WINDOWS_BELOW_NORMAL)
    elif sys.platform == "darwin":
        ctypes.CDLL(None).pthread_set_qos_class_self_np(_MACOS_QOS_UTILITY, 0)
