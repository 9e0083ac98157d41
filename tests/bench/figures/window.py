"""How soon the window appears and what it weighs, beside an empty window of PySide6."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from tests.bench.report import Figure, Options, at_most, median
from tests.bench.windows import no_screen, prepare, watch

TIMES_EMPTY, MEMORY_TIMES_EMPTY, MEMORY_MORE_MB = 3.0, 1.5, 150.0
_TITLE = "The window, beside an empty PySide6 window"


def run(options: Options) -> Figure:
    """Open both by turns and compare the medians of the time to the first paint."""
    if why := no_screen():
        return Figure("window", _TITLE, skipped=why)
    rounds = 1 if options.quick else 5
    with tempfile.TemporaryDirectory(prefix="carrel-bench-") as folder:
        data_dir = prepare(Path(folder))
        watch("carrel", "paint", 0.5, data_dir)  # Compiled files and disk caches are warm for both.
        watch("empty", "paint", 0.5, data_dir)
        turns = [(watch("carrel", "paint", 1, data_dir), watch("empty", "paint", 1, data_dir)) for _ in range(rounds)]
        _load_models_when_needed(data_dir)
        settled = watch("carrel", "memory", 3, data_dir), watch("empty", "memory", 3, data_dir)
    return _figure([ours for ours, _ in turns], [empty for _, empty in turns], *settled)


def _load_models_when_needed(data_dir: Path) -> None:
    settings = {"version": 1, "settings": {"models_at_start": False}}
    (data_dir / "settings.json").write_text(json.dumps(settings), encoding="utf-8")


def _figure(
    ours: list[dict[str, Any]], empty: list[dict[str, Any]], settled: dict[str, Any], empty_settled: dict[str, Any]
) -> Figure:
    ours_s, empty_s = (median([one["painted_s"] for one in side]) for side in (ours, empty))
    ours_mb, empty_mb = settled["settled_mb"], empty_settled["settled_mb"]
    early = sorted({name for one in ours for name in one["heavy"]})
    limit_mb = MEMORY_TIMES_EMPTY * empty_mb + MEMORY_MORE_MB
    measures = (
        at_most("Until the first paint", "s", ours_s, empty_s, "empty", TIMES_EMPTY),
        at_most("Resident memory, no model loaded", "MB", ours_mb, limit_mb, "1.5 times empty + 150 MB"),
        at_most("Heavy libraries imported before it", "modules", len(early), 1, "none allowed, less than", 0.0),
    )
    facts = {
        "rounds": len(ours),
        "spread": ", ".join(f"{one['painted_s']:.2f}" for one in ours)
        + " s; empty "
        + ", ".join(f"{one['painted_s']:.2f}" for one in empty)
        + " s",
        "empty window's memory": f"{empty_mb:.0f} MB",
        "memory at the first paint": f"{median([one['resident_mb'] for one in ours]):.0f} MB",
        "loaded when memory was taken": settled["settled_heavy"],
    }
    if early:
        facts["imported too early"] = early
    return Figure("window", _TITLE, measures, facts)
