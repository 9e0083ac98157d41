"""What this computer has: cores that may be used, and memory that is free.

A container or a batch system often grants less than the machine has, and psutil reports the machine; so the limits of
Linux control groups are read too. Graphics devices are llama.cpp's business: `inference.backends.llama_cpp.devices`.
"""

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

_CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Memory:
    """Main memory in MB (of 2**20 bytes); `free_mb` can be had without swapping."""

    free_mb: int
    total_mb: int


MemoryProbe = Callable[[], Memory]


def memory() -> Memory:
    """Return the memory that this process may use now; any thread."""
    machine = psutil.virtual_memory()
    free, total = machine.available, machine.total
    limit = _group_number("memory.max") or _group_number("memory/memory.limit_in_bytes")
    if limit is not None and limit < total:
        used = _group_number("memory.current") or _group_number("memory/memory.usage_in_bytes") or 0
        free, total = min(free, max(0, limit - used + _reclaimable())), limit
    return Memory(free_mb=free >> 20, total_mb=total >> 20)


def on_battery() -> bool:
    """Tell whether the computer runs on battery now; False where there is none, or nobody knows."""
    try:
        battery = psutil.sensors_battery()
    # The sensors of some computers cannot be read, and some systems have none.
    except (OSError, AttributeError, NotImplementedError, RuntimeError, ValueError):
        return False
    return battery is not None and battery.power_plugged is False


def cores() -> int:
    """Return how many physical cores this process may keep busy, at least 1.

    Hyper-threads are not counted: llama.cpp's matrix products gain nothing from the second thread of a core.
    """
    logical = os.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else logical
    physical = psutil.cpu_count(logical=False) or allowed
    return max(1, min(physical, allowed, _granted_cores() or allowed))


def _granted_cores() -> int | None:
    try:
        quota, period = (_CGROUP / "cpu.max").read_text().split()
        return max(1, math.floor(int(quota) / int(period)))
    except (OSError, ValueError):
        return None  # No control group, or "max": nothing is withheld.


def _group_number(name: str) -> int | None:
    try:
        return int((_CGROUP / name).read_text())
    except (OSError, ValueError):
        return None


def _reclaimable() -> int:
    # Cached files count as used in a control group, yet the kernel gives them back on demand.
    try:
        lines = (_CGROUP / "memory.stat").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("inactive_file "))
