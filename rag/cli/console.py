"""Where a command's words go: results to stdout, progress and errors to stderr, or one JSON document instead.

A command never prints by itself, because it may run in the window's process for a terminal elsewhere; the console
then writes to a connection.
"""

import json
import re
import sys
from collections.abc import Callable

from inference.api import KnownError

Write = Callable[[str], None]
_LINE_ENDS = re.compile("[\x85\u2028\u2029]")
"""What some readers take for the end of a line, and JSON leaves as it is."""


class UsageError(Exception):
    """The command line cannot be understood; the text says why."""


class Console:
    """One command's output.

    Attributes:
        json: Whether stdout holds JSON and nothing else.
        interactive: Whether a person at a terminal looks at stdout.
    """

    def __init__(self, out: Write, err: Write, *, json: bool = False, interactive: bool = False) -> None:
        self._out = out
        self._err = err
        self.json = json
        self.interactive = interactive
        self._last_progress = ""

    def say(self, text: str = "", end: str = "\n") -> None:
        """Write a line for people; nothing when stdout holds JSON."""
        if not self.json:
            self._out(text + end)

    def document(self, value: object) -> None:
        """Write a JSON document on one line; nothing when stdout is for people."""
        if self.json:
            text = json.dumps(value, ensure_ascii=False)
            self._out(_LINE_ENDS.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n")

    def progress(self, text: str) -> None:
        """Say on stderr how far a long piece of work is; the same words are said once."""
        if text != self._last_progress:
            self._last_progress = text
            self._err(text + "\n")

    def raw(self, out: str, err: str) -> None:
        """Pass on what a command that runs elsewhere has written."""
        if out:
            self._out(out)
        if err:
            self._err(err)

    def error(self, error: KnownError) -> None:
        """Say what went wrong and what to do."""
        self.show_error(error_fields(error))

    def show_error(self, fields: dict[str, str | None]) -> None:
        """Say what went wrong and what to do, from an error's JSON fields."""
        self.document({"error": fields})
        if not self.json:
            self._err(f"{fields['message']}\n{fields['remedy']}\n")

    def usage(self, message: str) -> None:
        """Say why the command line cannot be understood."""
        remedy = "Run the command with --help to see how it is used."
        self.show_error({"code": "usage", "message": message, "path": None, "remedy": remedy})


def error_fields(error: KnownError) -> dict[str, str | None]:
    """Return an error as the JSON output shows it."""
    return {
        "code": error.code,
        "message": error.message,
        "path": str(error.path) if error.path is not None else None,
        "remedy": error.remedy,
    }


def terminal_console(*, json: bool) -> Console:
    """Return the console of this process's own stdout and stderr, which are made UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            # File names may hold bytes that are no UTF-8; they are shown escaped rather than ending the program.
            reconfigure(encoding="utf-8", errors="backslashreplace")
    return Console(_write_out, _write_err, json=json, interactive=sys.stdout.isatty())


def _write_out(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _write_err(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
