"""Commands as processes of their own, which can be killed, starved of room and stripped of rights."""

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-c", "import sys; from rag.cli.main import main; sys.exit(main(sys.argv[1:]))")
TIMEOUT_S = 110
_DROP_CAPABILITY = 24
_OVERRIDES = (1, 2)
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: what lets root read everything."""


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on stdout."""
        lines = self.out.splitlines()
        assert len(lines) == 1, f"stdout holds {len(lines)} lines; stderr: {self.err[-2000:]}"
        return json.loads(lines[0])


def write_settings(data_dir: Path, **more: object) -> Path:
    """Make a data folder whose settings name the quick deterministic models; returns it."""
    data_dir.mkdir(exist_ok=True)
    settings = {"embedding_model": "hashing", "chat_model": "echo", **more}
    (data_dir / "settings.json").write_text(json.dumps({"version": 1, "settings": settings}), "utf-8")
    return data_dir


def environment() -> dict[str, str]:
    """Return the variables with which a child finds the program, and the guards of the tests."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])}


def run_carrel(data_dir: Path, *words: object, before: Callable[[], None] | None = None) -> Done:
    """Run a command to its end; `before` runs in the child first."""
    done = subprocess.run(
        [*COMMAND, "--data-dir", str(data_dir), *(os.fspath(_word(word)) for word in words)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=TIMEOUT_S,
        check=False,
        cwd=REPOSITORY,
        env=environment(),
        preexec_fn=before,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def start_python(script: str, *words: object, stdin: int = subprocess.DEVNULL) -> "subprocess.Popen[str]":
    """Start a Python script with the program on its path; its stdout is read by the caller."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, words)],
        stdin=stdin,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
        cwd=REPOSITORY,
        env=environment(),
    )


def give_up_root_rights() -> None:
    """Take away from root, in a child before its program starts, what lets it read every file."""
    if os.geteuid() == 0:
        for capability in _OVERRIDES:
            if ctypes.CDLL(None, use_errno=True).prctl(_DROP_CAPABILITY, capability, 0, 0, 0) != 0:
                raise OSError(ctypes.get_errno(), "the right cannot be given up")


def _word(word: object) -> "str | os.PathLike[str]":
    return word if isinstance(word, os.PathLike) else str(word)
