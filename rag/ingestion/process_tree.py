"""Stops, continues, measures and ends a process together with all that it has started."""

import os
import signal
import sys
from contextlib import suppress

import psutil


def lead_own_group() -> None:
    """Have the calling process, and all that it starts, be reached as one; called at its start."""
    if sys.platform != "win32":
        os.setpgid(0, 0)


def end_with_parent() -> None:
    """End the calling process and all that it has started, because nobody waits for it any more."""
    if sys.platform != "win32" and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def die_with_parent() -> None:
    """Ask Linux to end the calling process with its parent, also while it is stopped."""
    if sys.platform == "linux":
        import ctypes

        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


def limit_data(limit_bytes: int) -> None:
    """Have the system refuse memory far beyond a limit: it is quicker than any watcher. Linux only."""
    if sys.platform == "linux":
        import resource

        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_DATA, (limit_bytes, limit_bytes))


def suspend(pid: int) -> None:
    _each(pid, "suspend")


def resume(pid: int) -> None:
    _each(pid, "resume")


def kill(pid: int) -> None:
    _each(pid, "kill")


def resident_bytes(pid: int, *, descendants: bool = True) -> int:
    """Return the memory of a process, with that of its descendants if wanted; 0 when it is gone."""
    try:
        process = psutil.Process(pid)
        members = [process, *(process.children(recursive=True) if descendants else [])]
    except psutil.Error:
        return 0
    total = 0
    for member in members:
        with suppress(psutil.Error):
            total += int(member.memory_info().rss)
    return total


def _each(pid: int, what: str) -> None:
    """Do something to a whole tree: by its group where it leads one, which misses none that is being born."""
    if sys.platform != "win32":
        signals = {"suspend": signal.SIGSTOP, "resume": signal.SIGCONT, "kill": signal.SIGKILL}
        with suppress(OSError):
            if os.getpgid(pid) == pid:
                os.killpg(pid, signals[what])
                return
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        for member in [*process.children(recursive=True), process]:
            with suppress(psutil.Error):
                getattr(member, what)()
