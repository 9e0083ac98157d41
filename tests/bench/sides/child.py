"""Both ends of a measuring process: `measure` starts one and waits, `answer` is what that process calls.

Arguments and results travel as JSON in files, so that whatever a library prints does not disturb them. Only the
standard library is used, for the other side may run in another environment.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
QUIET = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "ANONYMIZED_TELEMETRY": "False",
    "TOKENIZERS_PARALLELISM": "false",
}


class SideFailed(RuntimeError):
    """A side ended with an error; the message carries its last words."""


def measure(
    side: str, arguments: dict[str, Any], python: str = sys.executable, environment: dict[str, str] | None = None
) -> dict[str, Any]:
    """Run `tests.bench.sides.<side>` in a fresh process and return what it measured.

    Raises:
        SideFailed: It ended with an error.
    """
    return _run([python, "-m", f"tests.bench.sides.{side}"], arguments, environment or {})


def measure_script(script: Path, arguments: dict[str, Any]) -> dict[str, Any]:
    """Run a script that stands alone, for what even the imports of a module would distort."""
    return _run([sys.executable, str(script)], arguments, {"PYTHONPATH": str(ROOT)})


def _run(command: list[str], arguments: dict[str, Any], environment: dict[str, str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="carrel-bench-") as folder:
        question, result = Path(folder) / "arguments.json", Path(folder) / "result.json"
        # `started` lets a side measure from the moment at which its process was asked for.
        question.write_text(json.dumps({**arguments, "started": time.monotonic()}), encoding="utf-8")
        run = subprocess.run(
            [*command, str(question), str(result)],
            cwd=ROOT,
            env={**os.environ, **QUIET, **environment},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if run.returncode or not result.exists():
            said = (run.stdout + run.stderr)[-2000:]
            raise SideFailed(f"{' '.join(command[1:])} ended with status {run.returncode}:\n{said}")
        measured: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
        return measured


def answer(work: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Read the arguments, do the work, leave the result: the whole `__main__` of a side."""
    question, result = (Path(argument) for argument in sys.argv[1:3])
    measured = work(json.loads(question.read_text(encoding="utf-8")))
    result.write_text(json.dumps(measured), encoding="utf-8")
