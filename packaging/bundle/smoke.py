"""Try the bundle as a stranger's computer would run it: an empty environment and no Python on the path.

    python packaging/bundle/smoke.py dist/carrel

It asks a question about a small document on the command line, and opens the window (on an invisible screen) until it
says over its own socket that it is there.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

QUESTION = "What colour is the lighthouse at Skerry Point?"
DOCUMENT = "# Skerry Point\n\nThe lighthouse at Skerry Point was painted green in 1931, and has stayed green since.\n"
ANSWER_TIMEOUT_S = 300
WINDOW_S = 12


def main(bundle: Path) -> int:
    """Run both trials; returns an exit status."""
    executable = bundle.resolve() / ("carrel.exe" if os.name == "nt" else "carrel")
    with tempfile.TemporaryDirectory(prefix="carrel-smoke-") as folder:
        home = Path(folder)
        environment = empty_environment(home)
        failures = [*try_answer(executable, home, environment), *try_window(executable, home, environment)]
    for failure in failures:
        print(f"FAIL {failure}")
    size_mb = sum(path.stat().st_size for path in bundle.rglob("*") if path.is_file() and not path.is_symlink()) / 1e6
    print(f"bundle: {size_mb:.0f} MB, {'failed' if failures else 'answers and opens its window'}")
    return 1 if failures else 0


def empty_environment(home: Path) -> dict[str, str]:
    """Return what is left when nothing is set: a home, and on Windows what no process starts without."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "WINDIR") if name in os.environ}
    return {**kept, "HOME": str(home), "USERPROFILE": str(home), "PATH": str(home / "nothing")}


def try_answer(executable: Path, home: Path, environment: dict[str, str]) -> list[str]:
    """Ask about a document; returns what went wrong."""
    document = home / "lighthouse.md"
    document.write_text(DOCUMENT, encoding="utf-8")
    command = [str(executable), "--json", "--data-dir", str(home / "data"), "ask", QUESTION, str(document)]
    result = subprocess.run(
        command, env=environment, cwd=home, capture_output=True, timeout=ANSWER_TIMEOUT_S, check=False
    )
    if result.returncode != 0:
        return [f"ask ended with {result.returncode}: {result.stderr.decode(errors='replace')[-2000:]}"]
    answer = json.loads(result.stdout)
    print(f"asked: {QUESTION}\nanswered: {answer['answer']!r} ({answer['outcome']})")
    quoted = [each["document"] for each in answer["passages"]]
    return [] if "lighthouse.md" in quoted else [f"the document is not among the passages: {quoted}"]


def try_window(executable: Path, home: Path, environment: dict[str, str]) -> list[str]:
    """Open the window and see that it stays; returns what went wrong."""
    data_dir = home / "window"
    command = [str(executable), "--data-dir", str(data_dir)]
    window = subprocess.Popen(
        command, env={**environment, "QT_QPA_PLATFORM": "offscreen"}, cwd=home, stderr=subprocess.PIPE
    )
    try:
        _, errors = window.communicate(timeout=WINDOW_S)
    except subprocess.TimeoutExpired:
        return talk_to_window(executable, data_dir, home, environment)
    finally:
        window.terminate()
        wait_or_kill(window)
    return [f"the window ended at once with {window.returncode}: {errors.decode(errors='replace')[-2000:]}"]


def talk_to_window(executable: Path, data_dir: Path, home: Path, environment: dict[str, str]) -> list[str]:
    """Run a command while the window owns the data folder: it must answer through the window."""
    command = [str(executable), "--json", "--data-dir", str(data_dir), "collections"]
    started = time.monotonic()
    result = subprocess.run(
        command, env=environment, cwd=home, capture_output=True, timeout=ANSWER_TIMEOUT_S, check=False
    )
    if result.returncode != 0:
        return [f"the window does not answer: {(result.stdout + result.stderr).decode(errors='replace')[-2000:]}"]
    print(f"the window answered a command after {time.monotonic() - started:.1f} s")
    return []


def wait_or_kill(process: "subprocess.Popen[bytes]") -> None:
    """Give a process time to end in order."""
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
