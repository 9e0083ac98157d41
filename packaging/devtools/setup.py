"""Everything between a fresh clone and a program that runs: `.venv`, pinned packages, llama.cpp, the exported model.

A stamp in the environment remembers what was installed from which locks, so that the next start costs no pip call.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

from devtools import native, paths, system
from devtools.progress import CommandFailedError, elapsed, run_with_progress
from devtools.system import SetupError

# Each group adds its lock to those before it.
GROUPS = {"run": ["run"], "dev": ["run", "dev"], "bench": ["run", "dev", "bench"]}
NATIVE = native.PACKAGE
# Torch for Linux brings CUDA libraries that differ by platform; its own metadata pins them exactly.
WITH_DEPENDENCIES = ("torch",)


def ensure(group: str, screen: bool = False) -> Path:
    """Make the environment ready for a group of tasks; returns its interpreter.

    Args:
        group: `run`, `dev` or `bench`.
        screen: Whether a screen is needed even where there is none (Xvfb).

    Raises:
        SetupError: Something is missing that only a person can install.
    """
    variant = native.wanted_variant()
    digest = _digest(GROUPS[group], variant)
    python = paths.venv_python()
    stamp = _read_stamp()
    if python.exists() and stamp.get(group) == digest and not system.missing_tools(compiler=False, display=screen):
        return python
    started = time.monotonic()
    _check_system(group, screen)
    _create_venv(paths.VENV)
    _install_all(python, GROUPS[group], variant, stamp)
    _export_model(python)
    # What is installed now also serves every smaller group.
    for name, locks in GROUPS.items():
        if set(locks) <= set(GROUPS[group]):
            stamp[name] = _digest(locks, variant)
    _write_stamp(stamp)
    print(f"Set-up done in {elapsed(time.monotonic() - started)}.", file=sys.stderr)
    return python


def ensure_bundle() -> Path:
    """Make the separate environment that the bundle is frozen from (portable llama.cpp, no torch)."""
    python = paths.venv_python(paths.BUNDLE_VENV)
    stamp_file = paths.BUNDLE_VENV / "carrel-setup.txt"
    digest = _digest(["bundle"], "portable")
    if python.exists() and stamp_file.exists() and stamp_file.read_text(encoding="utf-8") == digest:
        return python
    _create_venv(paths.BUNDLE_VENV)
    _pin_pip(python)
    _install_lock(python, "bundle")
    native.install(python, "portable", _log("llama-portable"))
    _install_checkout(python)
    stamp_file.write_text(digest, encoding="utf-8")
    return python


def pins(lock: str) -> list[str]:
    """Return the requirement lines of a lock."""
    text = (paths.LOCKS / f"{lock}.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def _check_system(group: str, screen: bool) -> None:
    if not system.has_compiler() and system.install_or_name(system.missing_tools(compiler=True, display=False)):
        raise SetupError("llama.cpp is compiled during set-up, so a C++ compiler is needed.")
    if system.install_or_name(system.missing_tools(compiler=False, display=screen)):
        raise SetupError("There is no display, so Xvfb is needed.")
    missing = system.install_or_name(system.missing_libraries())
    with contextlib.suppress(CommandFailedError):  # It is not needed; where there is no network, set-up goes on.
        system.install_or_name(system.missing_recognition())
    has_screen = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    if missing and (group != "run" or has_screen):
        raise SetupError("Qt cannot start without these libraries.")


def _create_venv(venv: Path) -> None:
    python = paths.venv_python(venv)
    if python.exists() and _runs(python):
        return
    shutil.rmtree(venv, ignore_errors=True)
    command = [sys.executable, "-m", "venv", str(venv)]
    try:
        run_with_progress(f"Creating {venv.relative_to(paths.ROOT)}", command, _log("venv"))
    except CommandFailedError:
        missing = [system.Missing("Python's venv module", "python3-venv")]
        if system.install_or_name(missing):
            raise SetupError("Without venv there is no place for Carrel's packages.") from None
        shutil.rmtree(venv, ignore_errors=True)
        run_with_progress(f"Creating {venv.relative_to(paths.ROOT)}", command, _log("venv"))


def _install_all(python: Path, locks: list[str], variant: str, stamp: dict[str, str]) -> None:
    _pin_pip(python)
    for lock in locks:
        _install_lock(python, lock)
    if stamp.get("llama") != f"{variant} {native.pinned_version()}" or not _imports(python, "llama_cpp"):
        got = native.install(python, variant, _log("llama"))
        stamp["llama"] = f"{variant} {native.pinned_version()}"
        stamp["llama_built"] = got
        _write_stamp(stamp)
    _install_checkout(python)


def _pip(python: Path) -> list[str]:
    return [str(python), "-m", "pip", "install", "--disable-pip-version-check"]


def _pin_pip(python: Path) -> None:
    command = [*_pip(python), "--no-deps", "-r", str(paths.LOCKS / "pip.txt")]
    run_with_progress("Preparing pip", command, _log("pip"))


def _install_checkout(python: Path) -> None:
    editable = [*_pip(python), "--no-deps", "--no-build-isolation", "-e", str(paths.ROOT)]
    run_with_progress("Installing carrel from this checkout", editable, _log("carrel"))


def _install_lock(python: Path, lock: str) -> None:
    """Install one lock's packages, except llama.cpp, which has its own step."""
    wanted = pins(lock)
    pip = _pip(python)
    plain = [line for line in wanted if line.split("==")[0] not in (NATIVE, *WITH_DEPENDENCIES)]
    listing = _log(f"packages-{lock}").with_suffix(".txt")
    listing.write_text("\n".join(plain) + "\n", encoding="utf-8")
    label = f"Installing packages: {lock} ({len(plain)})"
    run_with_progress(label, [*pip, "--no-deps", "-r", str(listing)], _log(f"packages-{lock}"))
    for line in wanted:
        if line.split("==")[0] in WITH_DEPENDENCIES:
            run_with_progress(f"Installing {line}", [*pip, "-c", str(listing), line], _log("torch"))


def _export_model(python: Path) -> None:
    command = [str(python), "-m", "inference.embedders.export"]
    run_with_progress("Preparing the model that finds passages by meaning", command, _log("export"))


def _digest(locks: list[str], variant: str) -> str:
    project = tomllib.loads((paths.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    parts = [sys.version, variant, str(paths.ROOT), json.dumps(project, sort_keys=True)]
    parts += [(paths.LOCKS / f"{lock}.txt").read_text(encoding="utf-8") for lock in [*locks, "pip"]]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _stamp_file() -> Path:
    return paths.VENV / "carrel-setup.json"


def _read_stamp() -> dict[str, str]:
    try:
        stamp = json.loads(_stamp_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _write_stamp(stamp: dict[str, str]) -> None:
    _stamp_file().write_text(json.dumps(stamp, indent=1), encoding="utf-8")


def _log(name: str) -> Path:
    folder = paths.BUILD / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.log"


def _runs(python: Path) -> bool:
    with contextlib.suppress(OSError):
        return subprocess.run([str(python), "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0
    return False


def _imports(python: Path, module: str) -> bool:
    check = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
    return subprocess.run([str(python), "-c", check], capture_output=True, check=False).returncode == 0
