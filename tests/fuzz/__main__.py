"""`python -m tests.fuzz`: damaged input for everything that reads what others wrote.

First so many files of each document format, going on where the last run of the same seed ended; then random input for
everything else, for as long as one likes.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.fuzz import campaign
from tests.fuzz.documents import Documents
from tests.fuzz.finds import Find, Target, keep
from tests.fuzz.frames import Frames
from tests.fuzz.headers import Headers
from tests.fuzz.texts import Questions, Settings

TARGETS: dict[str, Callable[[], Target]] = {
    each.name: each for each in (Documents, Headers, Settings, Questions, Frames)
}
SHARES = {"documents": 0.7, "gguf": 0.08, "settings": 0.04, "questions": 0.1, "frames": 0.08}


def main(argv: Sequence[str] | None = None) -> int:
    """Fuzz; returns 1 if anything was found."""
    options = _parse(argv)
    names = options.only or ([] if options.format else list(TARGETS))
    whole = sum(SHARES[name] for name in names)
    print(f"seed {options.seed}; run again with --seed {options.seed}")
    found = 0 if options.only else campaign.run_all(options.seed, options.finds, options.format)
    for name in names:
        found += _fuzz(name, options.seconds * SHARES[name] / whole, options.seed, options.finds)
    print(f"{found} finds" + (f", kept in {options.finds}" if found else ""))
    return 1 if found else 0


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same files")
    parser.add_argument("--only", action="append", choices=list(TARGETS), help="random input for this alone")
    parser.add_argument("--format", action="append", default=[], help="only this one, as a run names it (.pdf, text)")
    parser.add_argument("--finds", type=Path, default=Path("build") / "fuzz", help="where inputs are kept")
    return parser.parse_args(argv)


def _fuzz(name: str, seconds: float, seed: int, folder: Path) -> int:
    target, chance = TARGETS[name](), random.Random(f"{seed} {name}")
    finds: dict[str, Find] = {}
    tried, deadline = 0, time.monotonic() + seconds
    try:
        while time.monotonic() < deadline:
            tried += 1
            find = target.try_one(chance)
            if find is not None and find.what not in finds:
                finds[find.what] = find
                print(f"  {name}: {find.what} -> {keep(find, folder, name, len(finds))}", flush=True)
    finally:
        target.close()
    outcomes = ", ".join(
        f"{count} {kind}" for kind, count in sorted(target.outcomes.items(), key=lambda each: -each[1])
    )
    print(f"{name}: {tried} tried, {len(finds)} finds ({outcomes})", flush=True)
    return len(finds)


if __name__ == "__main__":
    sys.exit(main())
