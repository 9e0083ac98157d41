"""Children that can be killed at any moment, born quickly: one process imports the program once and forks them.

A script is given the words of each child and runs in a fork of the nursery, before which no thread was started.
"""

import os
import signal
import subprocess
from contextlib import suppress
from types import TracebackType

from tests.bad_input.processes import start_python

_NURSERY = """
import json, os, sys, traceback

import rag.cli.main, rag.workspace, rag.cli.running, chromadb, chromadb.config
import tests.bad_input.scripts as scripts

print("ready", flush=True)
for line in sys.stdin:
    name, words = json.loads(line)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            sys.stdin.close()
            getattr(scripts, name)(*words)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code)
    print(f"born {child}", flush=True)
    _, status = os.waitpid(child, 0)
    print(f"dead {os.waitstatus_to_exitcode(status)}", flush=True)
"""


class Nursery:
    """A context manager; one child at a time."""

    def __enter__(self) -> "Nursery":
        self._process = start_python(_NURSERY, stdin=subprocess.PIPE)
        self._expect("ready")
        self._child = 0
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def bear(self, script: str, *words: object) -> int:
        """Begin one of `tests.bad_input.scripts` in a child; returns its process id."""
        import json

        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([script, [str(word) for word in words]]) + "\n")
        self._process.stdin.flush()
        self._child = int(self._expect("born"))
        return self._child

    def said(self) -> str:
        """Wait for the next line of the child; "dead CODE" is the last one."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def kill(self) -> list[str]:
        """Kill the child at once; returns what it had said meanwhile."""
        with suppress(ProcessLookupError):  # It was quicker.
            os.kill(self._child, signal.SIGKILL)
        return self._rest()

    def finish(self) -> list[str]:
        """Wait until the child ends by itself; returns what it said."""
        lines = self._rest()
        assert self.exit_code == 0, lines
        return lines

    def _rest(self) -> list[str]:
        lines = []
        while not (line := self.said()).startswith("dead"):
            assert line, "the nursery died"
            lines.append(line)
        self.exit_code = int(line.split()[1])
        return lines

    def _expect(self, word: str) -> str:
        while not (line := self.said()).startswith(word):
            assert line, "the nursery died"
        return line.removeprefix(word).strip()
