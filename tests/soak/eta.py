"""`python -m tests.soak.eta`: how wrong the time left is told while a mixed folder is read and embedded for real."""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from rag.api import IndexingProgress, RagSettings, Workspace
from tests.soak.mixed import MixedFolder

_AFTER = 0.1


class Told:
    """What was told, and when."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.told: list[tuple[float, float | None]] = []

    def __call__(self, progress: IndexingProgress) -> None:
        self.told.append((time.monotonic() - self.began, progress.seconds_left))

    def report(self) -> str:
        """Return how wrong the end was told after the first tenth, as shares of the whole time."""
        whole = time.monotonic() - self.began
        late = [(at, left) for at, left in self.told if at >= _AFTER * whole]
        wrong = [abs(at + left - whole) / whole for at, left in late if left is not None]
        worst_at = max(((abs(at + left - whole), at) for at, left in late if left is not None), default=(0, 0))[1]
        silent = sum(left is None for _, left in late) / len(late)
        first = next((at for at, left in self.told if left is not None), whole)
        figures = (
            f"median {median(wrong):.1%}, most {max(wrong):.1%} of the whole (told at {worst_at / whole:.0%})"
            if wrong
            else "nothing told"
        )
        within = sum(each < 0.3 for each in wrong) / max(1, len(wrong))
        return (
            f"{whole:.0f} s in all; first told after {first / whole:.1%}; after the first tenth: {figures}, "
            f"{within:.1%} within 30 %, silent for {silent:.1%}"
        )


def measure(workspace: Workspace, papers: MixedFolder, name: str) -> str:
    """Index the folder into a collection of its own; returns the figures."""
    collection = workspace.create_collection(name).id
    told = Told()
    workspace.add_paths(collection, [papers.folder])
    workspace.wait_until(collection, on_progress=told)
    return told.report()


def main() -> int:
    """Measure a first run, and another one that remembers the speed of the first."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.eta", description=__doc__)
    parser.add_argument("--files", type=int, default=160)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--model", default="all-MiniLM-L6-v2")
    options = parser.parse_args()
    run(options.seed, options.files, options.model)
    return 0


def run(seed: int, count: int, model: str = "all-MiniLM-L6-v2") -> None:
    """Measure in a folder of its own, and print the figures."""
    with tempfile.TemporaryDirectory(prefix="carrel-eta-") as name:
        folder = Path(name)
        settings = RagSettings(embedding_model=model, chat_model="echo")
        for number, title in enumerate(("first run", "second run")):
            papers = MixedFolder(folder / f"papers{number}", random.Random(seed + number), count)
            workspace = Workspace.open(folder / "data", settings=settings)
            print(f"{title}: {measure(workspace, papers, title)}", flush=True)
            workspace.close()


if __name__ == "__main__":
    sys.exit(main())
