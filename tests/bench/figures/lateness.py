"""How late a 16 ms timer on the window's thread is, through model load, indexing and answers."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.bench.report import Figure, Options, at_most, percentile
from tests.bench.synthetic import write_pdf
from tests.bench.windows import no_screen, prepare, watch

P95_MS, WORST_MS = 10.0, 100.0
_TITLE = "A 16 ms timer on the window's thread"


def run(options: Options) -> Figure:
    """Watch the timer for minutes of use, and in an empty window for comparison."""
    if why := no_screen():
        return Figure("lateness", _TITLE, skipped=why)
    seconds = options.minutes * 60
    with tempfile.TemporaryDirectory(prefix="carrel-bench-") as folder:
        pdf = write_pdf(Path(folder) / "long.pdf", 20 if options.quick else 300)
        data_dir = prepare(Path(folder))
        empty = watch("empty", "timer", min(10.0, seconds), data_dir)
        ours = watch("carrel", "timer", seconds, data_dir, pdf=str(pdf))
    late, empty_late = ours["late_ms"], empty["late_ms"]
    measures = (
        at_most("Late, p95", "ms", percentile(late, 0.95), P95_MS, "limit"),
        at_most("Late, worst", "ms", max(late), WORST_MS, "limit"),
    )
    facts = {
        "watched": f"{seconds:.0f} s, {len(late):,} ticks",
        "what happened": "; ".join(ours["story"]),
        "answers written to their end": ours["answers"],
        "loaded meanwhile": ours["settled_heavy"],
        "over 50 ms": f"{sum(1 for value in late if value > 50)} times",
        "empty window": f"p95 {percentile(empty_late, 0.95):.1f} ms, worst {max(empty_late):.1f} ms",
    }
    return Figure("lateness", _TITLE, measures, facts)
