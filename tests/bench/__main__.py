"""Runs the benchmark's figures: all of them, or those named. Results also lie in `build/bench/*.json`."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from pathlib import Path

from tests.bench import places
from tests.bench.report import Figure, Options, busy_with, write_json

FIGURES = (
    "generation",
    "cache",
    "reading",
    "embedding",
    "indexing",
    "edit",
    "rescan",
    "latency",
    "window",
    "lateness",
    "many",
)


def main(arguments: list[str] | None = None) -> int:
    """Take the figures asked for; 0 if every target was met, 1 if one was missed or could not be taken."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"figures to take: {', '.join(FIGURES)} (all)")
    parser.add_argument("--quick", action="store_true", help="a small form of each, to see that it works")
    parser.add_argument("--minutes", type=float, default=5.0, help="how long the window is watched (lateness)")
    parser.add_argument("--files", type=int, default=10_000, help="how many mixed files the window reads (many)")
    asked = parser.parse_args(arguments)
    if unknown := [name for name in asked.names if name not in FIGURES]:
        parser.error(f"no such figure: {', '.join(unknown)}; there are {', '.join(FIGURES)}")
    minutes = 0.3 if asked.quick else asked.minutes
    options = Options(quick=asked.quick, eval_dir=places.eval_dir(), minutes=minutes, files=asked.files)
    # What the small form says about speed must never take the place of a real result.
    folder = places.RESULTS / "quick" if asked.quick else places.RESULTS
    figures = [take(name, options, folder) for name in asked.names or FIGURES]
    missed = [figure.name for figure in figures if not figure.met]
    print(f"\n{len(figures) - len(missed)} of {len(figures)} figures without a miss; details in {folder}")
    return 1 if missed else 0


def take(name: str, options: Options, folder: Path) -> Figure:
    """Measure one figure, print it and write its file into `folder`."""
    print(f"{name} …", file=sys.stderr, flush=True)
    if busy := busy_with():
        print(f"  {busy}", file=sys.stderr, flush=True)
    started = time.monotonic()
    figure: Figure = importlib.import_module(f"tests.bench.figures.{name}").run(options)
    seconds = time.monotonic() - started
    write_json(figure, folder, seconds)
    print(f"\n{figure.text()}\n  ({seconds:.0f} s)", flush=True)
    return figure


if __name__ == "__main__":
    sys.exit(main())
