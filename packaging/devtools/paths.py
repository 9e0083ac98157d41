"""Where things lie: the checkout, its virtual environment, and this user's cache of expensive builds."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ROOT / "packaging" / "locks"
BUILD = ROOT / "build"
DIST = ROOT / "dist"
VENV = ROOT / ".venv"
BUNDLE_VENV = BUILD / "bundle-venv"


def venv_python(venv: Path = VENV) -> Path:
    """Return the interpreter of a virtual environment, which need not exist yet."""
    return venv / "Scripts" / "python.exe" if os.name == "nt" else venv / "bin" / "python"


def cache_dir() -> Path:
    """Return Carrel's cache folder: the same one that the program itself uses."""
    if override := os.environ.get("CARREL_CACHE_DIR"):
        return Path(override)
    if os.name == "nt":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
        return Path(base) / "carrel" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "carrel"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "carrel"
