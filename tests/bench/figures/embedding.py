"""How fast passages are embedded, beside a bare loop over ONNX Runtime with the same model and passages."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.bench.figures.indexing import bench_files
from tests.bench.report import Figure, Options, at_least
from tests.bench.sides.child import measure

TARGET = 0.9
_TITLE = "Embedding passages, beside a bare ONNX Runtime loop"


def run(options: Options) -> Figure:
    """Embed the passages of the filings in one process, by turns: bare, ours, bare, ours."""
    with tempfile.TemporaryDirectory(prefix="carrel-bench-") as folder:
        files, what = bench_files(options, Path(folder))
        got = measure(
            "embedding_side", {"files": [str(path) for path in files], "passages": 40 if options.quick else 800}
        )
    speeds = got["passages"] / got["ours_s"], got["passages"] / got["bare_s"]
    facts = {
        "passages": f"{got['passages']:,} of {what}, {got['tokens']:,} tokens",
        "like the bare loop's vectors": f"cosine at least {got['least_cosine']:.6f}",
        "seconds": f"ours {got['ours_s']:.1f}, bare loop {got['bare_s']:.1f} (the better of two turns each)",
    }
    measures = (at_least("Passages a second", "passages/s", *speeds, "bare loop", TARGET),)
    return Figure("embedding", _TITLE, measures, facts)
