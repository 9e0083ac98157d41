"""`python -m tests.soak`: use in a loop; nothing may be lost or doubled, and nothing may grow."""

import argparse
import random
import sys
import time

from tests.soak import crowds, eta, kills
from tests.soak.story import run

_CHAPTER_S = 300.0


def main() -> int:
    """Soak; raises AssertionError, with the seed, for what does not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--kills", type=int, default=20, help="kills while a mixed folder is brought up to date")
    parser.add_argument("--files", type=int, default=160, help="files of the mixed folders")
    parser.add_argument("--crowds", nargs="*", choices=list(crowds.CROWDS), default=["tree", "many", "book"])
    options = parser.parse_args()
    deadline, seed = time.monotonic() + options.minutes * 60, options.seed
    if options.kills:
        figures = kills.run(seed, options.files // 2, options.kills)
        print(f"seed {seed}, killed amid a mixed folder: {figures}", flush=True)
    if options.files:
        eta.run(seed, options.files)
    for name in options.crowds:
        print(crowds.run(name), flush=True)
    while (left := deadline - time.monotonic()) > 0:
        story = run(min(left, _CHAPTER_S), seed)
        print(
            f"seed {seed}: {len(story.log)} actions, {story.checks} checks, {story.kills} kills, all held", flush=True
        )
        seed += 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
