"""A random life of a data folder: documents come and go, the program is asked, paused, ended and killed."""

import random
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.soak.invariants import check_documents, check_vectors
from tests.soak.papers import Papers
from tests.soak.process import LifeProcess

GROWTH = {"memory_mb": 200, "handles": 24, "threads": 12, "children": 3}
"""How much more than at its first rest a run may have at a later one."""
_CHECK_EVERY = 12
_RUN_ENDS_AFTER_CHECKS = 4


class Story:
    """Goes on until the time is over; raises AssertionError for whatever does not hold.

    Attributes:
        log: What was done, newest last.
        checks: How often everything was checked.
        kills: How often the program was killed.
        measured: The measures at each rest of the current run.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self._chance = random.Random(seed)
        self._papers = Papers(folder / "papers", self._chance)
        self._data_dir = folder / "data"
        self._data_dir.mkdir()
        self._ever: set[str] = set()
        self._program = LifeProcess(self._data_dir, self._papers.folder)
        self.log: list[str] = []
        self.checks = 0
        self.kills = 0
        self.measured: list[dict[str, int]] = []

    def live(self, seconds: float, least_checks: int = 1) -> None:
        """Do random things for some time."""
        deadline = time.monotonic() + seconds
        for _ in range(5):
            self._note(self._papers.add())
        while time.monotonic() < deadline or self.checks < least_checks:
            for _ in range(_CHECK_EVERY):
                self._note(self._chance.choice(self._actions())())
            self._rest()
        self._program.quit()
        check_documents(self._data_dir, self._ever)

    def _actions(self) -> list[Callable[[], str]]:
        papers = self._papers
        return [
            *(papers.add, papers.change, papers.change, papers.remove, papers.rename, papers.copy),
            *(self._rescan, self._rescan, self._rescan, self._pause, self._resume, self._search, self._ask),
            *(self._kill, self._restart),
        ]

    def _note(self, done: str) -> None:
        self.log.append(done)
        self._ever.update(self._papers.words.values())

    def _rescan(self) -> str:
        self._program.do("rescan")
        return "rescan"

    def _pause(self) -> str:
        self._program.do("pause")
        return "pause"

    def _resume(self) -> str:
        self._program.do("resume")
        return "resume"

    def _search(self) -> str:
        word = self._chance.choice(sorted(self._ever))
        self._program.do("search", word)
        return f"search {word}"

    def _ask(self) -> str:
        wait = self._chance.random() < 0.5
        word = self._chance.choice(sorted(self._ever))
        self._program.do("ask" if wait else "ask_and_go_on", f"What does the report {word} say?")
        return f"ask about {word}"

    def _kill(self) -> str:
        self._program.do("rescan")
        # The moment of death is what is tested; no event could choose it at random.
        time.sleep(self._chance.random() * 0.6)
        self._program.kill()
        self.kills += 1
        check_documents(self._data_dir, self._ever)
        self._begin()
        return "kill"

    def _restart(self) -> str:
        self._program.quit()
        check_documents(self._data_dir, self._ever)
        self._begin()
        return "restart"

    def _begin(self) -> None:
        self._program = LifeProcess(self._data_dir, self._papers.folder)
        self.measured = []

    def _rest(self) -> None:
        """Let everything be read, and check all that must hold then."""
        states = self._program.do("settle")
        assert states == dict.fromkeys(self._papers.words, "ready"), "files are missing, left over or not ready"
        for word in self._chance.sample(sorted(self._papers.words.values()), min(3, len(self._papers.words))):
            assert any(word in text for text in self._program.do("search", word)), f"{word} is not found"
        self._check_growth()
        self.checks += 1
        if len(self.measured) >= _RUN_ENDS_AFTER_CHECKS or self._chance.random() < 0.3:
            self._program.quit()
            assert check_documents(self._data_dir, self._ever) == self._papers.words
            check_vectors(self._data_dir)
            self._begin()

    def _check_growth(self) -> None:
        now = self._program.do("measure")
        self.measured.append(now)
        for what, most in GROWTH.items():
            grown = now[what] - self.measured[0][what]
            assert grown <= most, f"{what} grew by {grown} since the first rest of this run: {self.measured}"

    def abandon(self) -> None:
        """End the program after something did not hold."""
        self._program.kill()


def run(seconds: float, seed: int, least_checks: int = 1) -> Story:
    """Live a story in a folder of its own; returns it. On a failure the folder is kept and named."""
    folder = Path(tempfile.mkdtemp(prefix="carrel-soak-"))
    story = Story(folder, seed)
    try:
        story.live(seconds, least_checks)
    except BaseException as exc:
        story.abandon()
        exc.add_note(f"seed {seed}; the data lies in {folder}; last done: {story.log[-30:]}")
        raise
    shutil.rmtree(folder, ignore_errors=True)
    return story
