"""Starts, asks and kills `tests.soak.life`."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil

_REPOSITORY = Path(__file__).resolve().parents[2]
_CHILDREN_END_S = 20


class LifeProcess:
    """A run of the program in a process of its own; each method of `Life` is asked for by name."""

    def __init__(self, data_dir: Path, papers: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.soak.life", str(data_dir), str(papers)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            cwd=_REPOSITORY,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(_REPOSITORY), os.environ.get("PYTHONPATH", "")])},
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n", "the program did not start"

    def do(self, name: str, *words: str) -> Any:
        """Have something done and return its result."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([name, words]) + "\n")
        line = self._process.stdout.readline()
        assert line, f"the program died of {name!r}"
        return json.loads(line)

    def quit(self) -> None:
        """End in good order."""
        self.do("quit")
        assert self._process.wait(_CHILDREN_END_S) == 0
        self._hang_up()

    def kill(self) -> None:
        """End it at once; its own children must end by themselves."""
        children = psutil.Process(self._process.pid).children(recursive=True) if self._process.poll() is None else []
        self._process.kill()
        self._process.wait()
        self._hang_up()
        _, alive = psutil.wait_procs(children, timeout=_CHILDREN_END_S)
        assert not alive, "processes outlive the program"

    def _hang_up(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
