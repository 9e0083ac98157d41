"""Listens to llama.cpp's log: the reason why a load failed is said there and nowhere else.

llama.cpp has one log for the process and prints to stderr unless told otherwise; the package's own listener reads the
levels wrongly (errors hidden, warnings leaked). So there is one listener for the process, kept alive for good: C would
call freed memory otherwise.
"""

import functools
import logging
import threading
from collections import deque

from inference.backends.llama_cpp.bindings import api

_INFO, _WARN, _ERROR, _CONTINUED = 2, 3, 4, 5
_LEVELS = {_INFO: logging.DEBUG, _WARN: logging.DEBUG, _ERROR: logging.INFO}
_log = logging.getLogger("carrel.llama_cpp")


class LogListener:
    """Keeps the last errors and warnings; any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: deque[str] = deque(maxlen=200)
        self._level = _INFO
        self._callback = api.llama_log_callback(self._hear)

    def install(self) -> None:
        api.llama_log_set(self._callback, None)

    def clear(self) -> None:
        with self._lock:
            self._lines.clear()

    def text(self) -> str:
        """Return the errors and warnings since `clear`, one a line."""
        with self._lock:
            return "\n".join(self._lines)

    def _hear(self, level: int, text: bytes, _user: object) -> None:
        # Called from C on any thread: nothing may be raised from here.
        if level != _CONTINUED:
            self._level = level
        if self._level < _WARN:
            return
        line = text.decode("utf-8", "replace").strip()
        with self._lock:
            self._lines.append(line)
        # The failure itself is raised to the user; in our log it is background.
        _log.log(_LEVELS.get(self._level, logging.INFO), "%s", line)


@functools.cache
def listener() -> LogListener:
    """Return the process's one listener, installed."""
    made = LogListener()
    made.install()
    return made
