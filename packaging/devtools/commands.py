"""The commands of `packaging/dev.py`. Each makes its own set-up and returns an exit status."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from devtools import display, paths, setup
from devtools.progress import elapsed

SCRIPTS = ("dev.py", "lock.py", "licences.py", "build_hook.py", "bundle/entry.py", "bundle/smoke.py")


def run(arguments: list[str]) -> int:
    """Start Carrel: the window, or the chat in the terminal where there is no screen."""
    python = setup.ensure("run")
    return _call([str(python), "-m", "carrel", *arguments])


def check(arguments: list[str]) -> int:
    """Format, lint, types, layers and licences; some seconds."""
    python = setup.ensure("dev")
    bin_dir = python.parent
    if arguments == ["--fix"]:
        _call([str(bin_dir / "ruff"), "format", "."])
        _call([str(bin_dir / "ruff"), "check", "--fix", "."])
    scripts = [str(paths.ROOT / "packaging" / name) for name in SCRIPTS]
    steps = {
        "format": [str(bin_dir / "ruff"), "format", "--check", "."],
        "lint": [str(bin_dir / "ruff"), "check", "."],
        "types": [str(python), "-m", "mypy"],
        "types of the scripts": [str(python), "-m", "mypy", "--cache-dir", ".mypy_cache/packaging", *scripts],
        "layers": [str(bin_dir / "lint-imports")],
        "licences": [str(python), str(paths.ROOT / "packaging" / "licences.py"), "--check"],
    }
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        results = list(pool.map(_quiet, steps.values()))
    for name, (result, seconds) in zip(steps, results, strict=True):
        print(f"{'ok  ' if result.returncode == 0 else 'FAIL'} {name} ({elapsed(seconds)})")
        if result.returncode:
            print(result.stdout + result.stderr)
    return max(result.returncode != 0 for result, _ in results)


def test(arguments: list[str]) -> int:
    """The checks, then every test, with the network blocked; arguments go to pytest."""
    python = setup.ensure("dev")
    failed = check([])
    # Much of a test is waiting for processes; whole files stay together, for they share what is expensive to make.
    arguments = arguments or ["-n", str(min(4, max(2, os.cpu_count() or 2))), "--dist", "loadfile"]
    netless = str(paths.ROOT / "packaging" / "devtools" / "netless.py")
    environment = {**os.environ, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    tests = _call([str(python), netless, str(python), "-m", "pytest", *arguments], environment)
    return failed or tests


def soak(arguments: list[str]) -> int:
    """Hours of use in a loop: memory, threads and files must not grow."""
    return _module("dev", "tests.soak", arguments)


def fuzz(arguments: list[str]) -> int:
    """Damaged and random input for every loader and parser."""
    return _module("dev", "tests.fuzz", arguments)


def evaluate(arguments: list[str]) -> int:
    """Retrieval quality on the evaluation sets, beside vectors alone, words alone and plain rank fusion."""
    return _module("dev", "tests.eval", arguments)


def bench(arguments: list[str]) -> int:
    """Speed, each figure a ratio of two things in one run."""
    return _module("bench", "tests.bench", arguments, screen=True)


def screenshots(arguments: list[str]) -> int:
    """Pictures of the window at work, light and dark, in two sizes."""
    return _module("dev", "tests.screenshots", arguments, screen=True)


def bundle(arguments: list[str]) -> int:
    """Freeze a folder that runs without Python, then try it; `--no-smoke` skips the trial."""
    exporter = setup.ensure("run")
    python = setup.ensure_bundle()
    spec = paths.ROOT / "packaging" / "bundle" / "carrel.spec"
    work = ["--distpath", str(paths.DIST), "--workpath", str(paths.BUILD / "pyinstaller"), "--noconfirm"]
    environment = {**os.environ, "CARREL_EXPORT_PYTHON": str(exporter)}
    status = _call([str(python), "-m", "PyInstaller", "--log-level", "WARN", *work, str(spec)], environment)
    if status or "--no-smoke" in arguments:
        return status
    return _call([str(python), str(paths.ROOT / "packaging" / "bundle" / "smoke.py"), str(paths.DIST / "carrel")])


def make_ready(arguments: list[str]) -> int:
    """Only the set-up: `setup`, `setup dev`, `setup bench` or `setup bundle`."""
    for group in arguments or ["run"]:
        if group == "bundle":
            setup.ensure_bundle()
        elif group in setup.GROUPS:
            setup.ensure(group)
        else:
            print(f"No such set-up: {group}. There is: {', '.join([*setup.GROUPS, 'bundle'])}.", file=sys.stderr)
            return 2
    return 0


def clean(arguments: list[str]) -> int:
    """Remove what was built; `--all` removes `.venv` too. Compiled llama.cpp wheels stay in the cache."""
    names = ["build", "dist", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".import_linter_cache", ".hypothesis"]
    for name in names + ([".venv"] if "--all" in arguments else []):
        shutil.rmtree(paths.ROOT / name, ignore_errors=True)
    return 0


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "run": run,
    "test": test,
    "check": check,
    "bench": bench,
    "eval": evaluate,
    "soak": soak,
    "fuzz": fuzz,
    "screenshots": screenshots,
    "bundle": bundle,
    "setup": make_ready,
    "clean": clean,
}


def _module(group: str, module: str, arguments: list[str], screen: bool = False) -> int:
    python = setup.ensure(group, screen=screen and display.needs_xvfb())
    command = [str(python), "-m", module, *arguments]
    if not screen:
        return _call(command)
    with display.screen() as environment:
        return _call(command, environment)


def _call(command: list[str], environment: dict[str, str] | None = None) -> int:
    return subprocess.run(command, cwd=_working_directory(command), env=environment, check=False).returncode


def _working_directory(command: list[str]) -> Path | None:
    # `run` keeps the caller's folder, so that relative paths mean what the user typed.
    return None if command[1:3] == ["-m", "carrel"] else paths.ROOT


def _quiet(command: list[str]) -> tuple[subprocess.CompletedProcess[str], float]:
    started = time.monotonic()
    environment = {**os.environ, "MYPYPATH": str(paths.ROOT / "packaging")} if "mypy" in command else None
    result = subprocess.run(command, cwd=paths.ROOT, env=environment, capture_output=True, text=True, check=False)
    return result, time.monotonic() - started
