"""How many pages a second become searchable by words, beside a bare loop over pypdfium2 in as many processes."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.bench.figures.indexing import bench_files
from tests.bench.report import Figure, Options, at_least
from tests.bench.sides.child import measure

TARGET = 0.7
_TITLE = "Pages searchable by words, beside a loop that reads text and character boxes with pypdfium2"


def run(options: Options) -> Figure:
    """Read the same files twice; the bare loop throws away what it read, ours stores, cuts and indexes it."""
    with tempfile.TemporaryDirectory(prefix="carrel-bench-") as folder:
        files, what = bench_files(options, Path(folder))
        ours = measure("reading_side", {"files": [str(path) for path in files], "who": "ours"})
        bare = measure("reading_side", {"files": [str(path) for path in files], "who": "bare", **_same(ours)})
    speeds = ours["pages"] / ours["seconds"], bare["pages"] / bare["seconds"]
    facts = {
        "files": f"{len(files)}, {what}",
        "pages": f"ours {ours['pages']:,}, bare loop {bare['pages']:,}",
        "characters": f"ours {ours['characters']:,}, bare loop {bare['characters']:,}",
        "processes": ours["processes"],
        "boxes": "the bare loop reads them; ours when a page is shown, but for recognised pages",
    }
    return Figure("reading", _TITLE, (at_least("Pages a second", "pages/s", *speeds, "bare loop", TARGET),), facts)


def _same(ours: dict[str, object]) -> dict[str, object]:
    return {"processes": ours["processes"]}
