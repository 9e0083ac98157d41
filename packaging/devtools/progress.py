"""Run a long command with one line of progress instead of its thousands of lines of output.

Everything the command says goes to a log file. On a terminal one line is redrawn; elsewhere (a log of a CI run) a
plain line appears every 20 seconds, so that nobody takes a ten-minute compile for a hang.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import TextIO

PLAIN_INTERVAL_S = 20.0
TTY_INTERVAL_S = 0.2
TAIL_LINES = 25

# Ninja counts steps, make counts percent.
_STEPS = re.compile(r"^\s*\[(\d+)/(\d+)\]")
_PERCENT = re.compile(r"^\s*\[\s*(\d+)%\]")
_PIP = re.compile(r"^\s*(Collecting|Downloading|Using cached|Building wheel for|Installing collected) ?(\S*)")


class CommandFailedError(Exception):
    """A command of the set-up ended badly; `tail` holds its last lines, `log` the whole."""

    def __init__(self, what: str, log: Path, tail: str) -> None:
        super().__init__(f"{what} failed")
        self.what = what
        self.log = log
        self.tail = tail


class ProgressLine:
    """One line that says what is going on and for how long; any thread."""

    def __init__(self, label: str, stream: TextIO | None = None) -> None:
        self._label = label
        self._stream = stream or sys.stderr
        self._tty = self._stream.isatty()
        self._started = time.monotonic()
        self._detail = ""
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._tick, name="progress", daemon=True)

    def __enter__(self) -> ProgressLine:
        self._draw()
        self._thread.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._done.set()
        self._thread.join()
        with self._lock:
            self._detail = "failed" if kind else "done"
        self._draw(last=True)

    def detail(self, text: str) -> None:
        """Set what stands after the label from now on."""
        with self._lock:
            self._detail = text

    def _tick(self) -> None:
        while not self._done.wait(TTY_INTERVAL_S if self._tty else PLAIN_INTERVAL_S):
            self._draw()

    def _draw(self, last: bool = False) -> None:
        with self._lock:
            detail = self._detail
        text = f"{self._label}  {detail}  {elapsed(time.monotonic() - self._started)}"
        if self._tty:
            width = shutil.get_terminal_size().columns - 1
            self._stream.write("\r\x1b[2K" + text[:width] + ("\n" if last else ""))
        else:
            self._stream.write(text + "\n")
        self._stream.flush()


def elapsed(seconds: float) -> str:
    """Return a duration as people say it: `7 s`, `3 min 05 s`."""
    whole = int(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02d} s"


def summarise(line: str) -> str | None:
    """Return what a line of compiler or pip output means for the progress line, or None."""
    if match := _STEPS.match(line):
        done, total = int(match[1]), int(match[2])
        return f"[{done}/{total}] {100 * done // max(total, 1)} %"
    if match := _PERCENT.match(line):
        return f"{match[1]} %"
    if match := _PIP.match(line):
        return f"{match[1].lower()} {match[2].rsplit('/', 1)[-1]}".strip()[:60]
    return None


def run_with_progress(label: str, command: list[str], log: Path, env: dict[str, str] | None = None) -> None:
    """Run `command`, showing `label` and how far it is; raises CommandFailedError with the end of its output."""
    log.parent.mkdir(parents=True, exist_ok=True)
    tail: deque[str] = deque(maxlen=TAIL_LINES)
    with ProgressLine(label) as progress, log.open("w", encoding="utf-8") as log_file:
        process = subprocess.Popen(
            command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        )
        assert process.stdout is not None
        for line in process.stdout:
            log_file.write(line)
            tail.append(line[:400].rstrip("\n"))
            if text := summarise(line):
                progress.detail(text)
        if process.wait() != 0:
            raise CommandFailedError(label.strip(), log, "\n".join(tail))
