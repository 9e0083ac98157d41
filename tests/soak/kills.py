"""`python -m tests.soak.kills`: killed at random moments while a mixed folder is brought up to date; prints figures.

After each kill every document is its old or its new version, none missing, none doubled, and what was ready and has not
changed is not read again. At the end: pause, quit, reopen, and go on at the same file.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from rag.places import library_file
from rag.storage.database import Database
from rag.storage.library import Library
from tests.soak.invariants import check_documents, check_vectors
from tests.soak.life import NAME
from tests.soak.mixed import MixedFolder
from tests.soak.process import LifeProcess

_LATEST_S = 5.0
"""A round of changes is over soon after; later moments would meet idle programs."""


@dataclass
class Figures:
    """What happened.

    Attributes:
        whole_s: How long one undisturbed round took.
        kills: Kills, and how many of them met unfinished work.
        documents_checked: Documents looked at after kills, all of them whole.
        kept: Ready, unchanged documents that a later run left as they were.
        pause_s: How long work went on after a pause was asked for.
    """

    whole_s: float = 0.0
    kills: int = 0
    kills_amid_work: int = 0
    documents_checked: int = 0
    kept: int = 0
    pause_s: float = 0.0


def ready_documents(data_dir: Path) -> dict[str, tuple[int, str]]:
    """Return document and contents of each file that is ready."""
    with closing(Database(library_file(data_dir))) as database:
        library = Library(database)
        found = library.find_collection(NAME)
        rows = library.files(found.id) if found else []
        ready = [row for row in rows if row.state == "ready" and row.document_id is not None]
        return {row.path.name: (row.document_id or 0, row.sha256 or "") for row in ready}


class Trial:
    """Rounds of changes and kills on one data folder."""

    def __init__(self, folder: Path, seed: int, count: int) -> None:
        self._chance = random.Random(seed)
        self._papers = MixedFolder(folder / "papers", self._chance, count)
        self._data_dir = folder / "data"
        self._data_dir.mkdir()
        self.figures = Figures()

    def run(self, kills: int) -> Figures:
        began = time.monotonic()
        self._finish()
        self.figures.whole_s = time.monotonic() - began
        for _ in range(kills):
            before = check_documents(self._data_dir, self._papers.ever)
            self._papers.change(max(1, len(self._papers.words) // 4))
            self._kill_once(before)
        self._finish()
        check_vectors(self._data_dir)
        self._pause_and_go_on()
        return self.figures

    def _kill_once(self, before: dict[str, str]) -> None:
        ready = ready_documents(self._data_dir)
        program = LifeProcess(self._data_dir, self._papers.folder)
        program.do("rescan")
        # The moment of death is what is tested; no event could choose it at random.
        time.sleep(self._chance.random() * min(self.figures.whole_s / 2, _LATEST_S))
        self.figures.kills_amid_work += bool(program.do("unfinished"))
        program.kill()
        self.figures.kills += 1
        after = check_documents(self._data_dir, self._papers.ever)
        for name, word in after.items():
            assert word in {before.get(name), self._papers.words.get(name)}, f"{name} is neither old nor new"
        for name in before.keys() & self._papers.words.keys():
            assert name in after, f"{name} is missing"
        self.figures.documents_checked += len(after)
        self._count_kept(ready)

    def _count_kept(self, ready: dict[str, tuple[int, str]]) -> None:
        now = ready_documents(self._data_dir)
        for name, (document_id, sha256) in ready.items():
            if name in now and now[name][1] == sha256:
                assert now[name][0] == document_id, f"{name} was read again"
                self.figures.kept += 1

    def _finish(self) -> None:
        program = LifeProcess(self._data_dir, self._papers.folder)
        states = program.do("settle")
        assert states == dict.fromkeys(self._papers.words, "ready"), "files are missing, left over or not ready"
        program.quit()
        assert check_documents(self._data_dir, self._papers.ever) == self._papers.words

    def _pause_and_go_on(self) -> None:
        self._papers.change(len(self._papers.words) // 2)
        program = LifeProcess(self._data_dir, self._papers.folder)
        program.do("rescan")
        while not program.do("in_work"):
            time.sleep(0.05)
        self.figures.pause_s = program.do("pause_and_wait")
        waiting = program.do("unfinished")
        program.quit()
        program = LifeProcess(self._data_dir, self._papers.folder)
        assert program.do("is_paused"), "the pause did not outlive the program"
        assert program.do("unfinished") == waiting, "work does not go on at the same file"
        program.quit()
        self._finish()


def run(seed: int, count: int, kills: int) -> Figures:
    """Try in a folder of its own; returns the figures. On a failure the folder is kept and named."""
    folder = Path(tempfile.mkdtemp(prefix="carrel-kills-"))
    try:
        figures = Trial(folder, seed, count).run(kills)
    except BaseException as exc:
        exc.add_note(f"seed {seed}; the data lies in {folder}")
        raise
    shutil.rmtree(folder, ignore_errors=True)
    return figures


def main() -> int:
    """Run; raises AssertionError, with the seed, for what does not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--files", type=int, default=80)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    options = parser.parse_args()
    print(f"seed {options.seed}, {options.files} files: {run(options.seed, options.files, options.kills)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
