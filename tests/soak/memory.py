"""What this process and those below it weigh while something goes on; pages that they share count once (PSS)."""

import threading

import psutil

_LOOK_S = 0.5


class Memory:
    """Looks now and then, in a thread of its own, from `with` to its end.

    Attributes:
        own_mb: The most that this process weighed.
        children_mb: The most that all below it weighed together.
        all_mb: The most of both at one moment.
    """

    def __init__(self) -> None:
        self.own_mb = self.children_mb = self.all_mb = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, name="memory", daemon=True)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stop.set()
        self._thread.join()

    def __str__(self) -> str:
        return f"PSS at most {self.all_mb:.0f} MB: parent {self.own_mb:.0f}, its processes {self.children_mb:.0f}"

    def _look(self) -> None:
        this = psutil.Process()
        while True:
            own, children = pss_mb(this), sum(map(pss_mb, this.children(recursive=True)))
            self.own_mb, self.children_mb = max(self.own_mb, own), max(self.children_mb, children)
            self.all_mb = max(self.all_mb, own + children)
            if self._stop.wait(_LOOK_S):
                return


def pss_mb(process: psutil.Process) -> float:
    """Return what a process weighs; 0 for one that is gone."""
    try:
        full = process.memory_full_info()
    except psutil.Error:
        return 0.0
    return float(getattr(full, "pss", full.rss)) / 1e6
