"""Thousands of mixed files through the window: memory of all processes, the window's timer, and that all is read."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path

import psutil

from tests.bench.mixed import write_mixed
from tests.bench.report import Figure, Options, at_least, at_most, percentile
from tests.bench.windows import no_screen, prepare, watch

MEMORY_MB, P95_MS, WORST_MS, PASSAGES = 1500.0, 10.0, 100.0, 60_000
FILES, TEXT_BYTES, SCANS = 10_000, 40_000_000, 100
_LOOK_S = 2.0
_LONGEST_S = 3 * 3600.0
_TITLE = "Mixed files through the window"


def run(options: Options) -> Figure:
    """Have the window read all of them; `--files` makes it fewer, with the same share of text and scans."""
    if why := no_screen():
        return Figure("many", _TITLE, skipped=why)
    files = 30 if options.quick else options.files
    share = files / FILES
    with tempfile.TemporaryDirectory(prefix="carrel-bench-") as folder:
        mixed = Path(folder) / "mixed"
        written = write_mixed(mixed, files, int(TEXT_BYTES * share), max(1, int(SCANS * share)))
        data_dir = prepare(Path(folder))
        memory = _Memory()
        with memory:
            got = watch(
                "carrel", "timer", _LONGEST_S, data_dir, pdf=str(mixed), finish_when_ready=True, questions=False
            )
    late, read = got["late_ms"], got["read"]
    measures = (
        at_most("Memory of all processes (PSS), most", "MB", memory.most_mb, MEMORY_MB, "limit"),
        at_most("Late, p95", "ms", percentile(late, 0.95), P95_MS, "limit"),
        at_most("Late, worst", "ms", max(late), WORST_MS, "limit"),
        at_least("Files ready", "files", read["ready"], read["files"], "all", 1.0),
        at_most("Passages", "passages", read["passages"], PASSAGES, "limit"),
    )
    facts = {
        "files": f"{files:,}, {written / 1e6:.1f} MB of text, {max(1, int(SCANS * share))} scanned pages",
        "watched": f"{len(late) * 16 / 1000:.0f} s of ticks",
        "over 50 ms": f"{sum(1 for value in late if value > 50)} times",
        "what happened": "; ".join(got["story"]),
        "not read": read["failed"],
    }
    return Figure("many", _TITLE, measures, facts)


class _Memory:
    """Looks at what all processes below this one weigh together; shared pages count once (PSS)."""

    def __init__(self) -> None:
        self.most_mb = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, name="memory", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_exc: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(_LOOK_S):
            self.most_mb = max(self.most_mb, sum(_pss_mb(each) for each in psutil.Process().children(recursive=True)))


def _pss_mb(process: psutil.Process) -> float:
    try:
        full = process.memory_full_info()
        return float(getattr(full, "pss", full.rss)) / 2**20
    except psutil.Error:
        return 0.0
