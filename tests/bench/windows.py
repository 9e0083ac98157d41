"""Starts the windows that `window` and `lateness` watch, ours and the empty one, the same way."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from tests.bench.places import ROOT
from tests.bench.sides.child import measure, measure_script

_SCRIPT = ROOT / "tests" / "bench" / "sides" / "watched_window.py"


def no_screen() -> str | None:
    """Return why no window can be opened here, or None if one can."""
    if not sys.platform.startswith("linux") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return None
    if os.environ.get("QT_QPA_PLATFORM") in ("offscreen", "minimal", "vnc"):
        return None
    return "There is no screen: run `make bench`, which makes one, or set QT_QPA_PLATFORM=offscreen."


def prepare(folder: Path) -> Path:
    """Fill a data folder with the sample collection, so that no window has to index first."""
    data_dir = folder / "data"
    measure("prepare_side", {"data_dir": str(data_dir)})
    return data_dir


def watch(kind: str, what: str, seconds: float, data_dir: Path, **more: Any) -> dict[str, Any]:
    """Open a window (`carrel` or `empty`), watch it (`paint`, `memory` or `timer`) for some seconds, close it."""
    arguments = {"kind": kind, "watch": what, "seconds": seconds, "data_dir": str(data_dir), **more}
    return measure_script(_SCRIPT, arguments)
