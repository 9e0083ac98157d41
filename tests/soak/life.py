"""The program under soak, as a process of its own: `python -m tests.soak.life DATA_FOLDER DOCUMENTS`.

It obeys one JSON command a line and answers each with one JSON line; it may be killed at any moment.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from rag.api import Change, RagSettings, Workspace

NAME = "Papers"


class Life:
    """One run of the program."""

    def __init__(self, data_dir: Path, papers: Path) -> None:
        settings = RagSettings(embedding_model="hashing", chat_model="echo")
        self._workspace = Workspace.open(data_dir, settings=settings, cache_dir=data_dir / "cache")
        self._papers = papers
        self._changes = 0
        self._workspace.subscribe(self._count)
        found = [each for each in self._workspace.collections() if each.name == NAME]
        self._collection = (found[0] if found else self._workspace.create_collection(NAME)).id
        self._chat = self._workspace.create_chat(collection_ids=[self._collection]).id

    def _count(self, _change: Change) -> None:
        self._changes += 1

    def rescan(self) -> None:
        """Look for changes, and go on without waiting."""
        self._workspace.add_paths(self._collection, [self._papers])

    def pause(self) -> None:
        self._workspace.pause_indexing()

    def pause_and_wait(self) -> float:
        """Pause; returns the seconds until nothing works any more: no process, no passage, no change of a file."""
        began = time.monotonic()
        self._workspace.pause_indexing()
        quiet_since, seen = began, self._signs()
        # A second of quiet tells that all has come to rest; the pause began when the last sign was seen.
        while time.monotonic() - quiet_since < 1.0:
            time.sleep(0.02)
            if (now := self._signs()) != seen:
                quiet_since, seen = time.monotonic(), now
        return round(quiet_since - began, 2)

    def _signs(self) -> object:
        """Return what changes while work goes on: processor time of readers, numbers of passages."""
        readers = [each for each in psutil.Process().children() if each.is_running()]
        progress = self._workspace.progress(self._collection)
        times = [sum(each.cpu_times()[:2]) for each in readers]
        return times, progress.files_searchable, progress.passages_embedded

    def is_paused(self) -> bool:
        return self._workspace.progress().paused

    def unfinished(self) -> list[str]:
        """Return the names of the files that are in work or wait, in the order of work."""
        return [job.file.path.name for job in self._workspace.jobs(10_000)]

    def in_work(self) -> bool:
        """Tell whether a file is being read or embedded just now."""
        return any(job.stage != "waiting" for job in self._workspace.jobs(10))

    def resume(self) -> None:
        self._workspace.resume_indexing()

    def settle(self) -> dict[str, str]:
        """Wait until everything is read; returns the state of each file."""
        self._workspace.resume_indexing()
        self.rescan()
        self._workspace.wait_until(self._collection)
        return {row.path.name: row.state for row in self._workspace.files(self._collection)}

    def search(self, words: str) -> list[str]:
        """Return the texts of the best passages."""
        self._workspace.prepare_search()
        return [each.passage.text for each in self._workspace.search(words, [self._collection], 5).results]

    def ask(self, words: str) -> str:
        """Ask in this run's chat, and wait."""
        self._workspace.prepare_search()
        return self._workspace.ask(self._chat, words, lambda _event: None).future.result().outcome

    def ask_and_go_on(self, words: str) -> None:
        """Ask, and do not wait."""
        self._workspace.ask(self._chat, words, lambda _event: None)

    def measure(self) -> dict[str, int]:
        """Return what must not grow."""
        process = psutil.Process()
        return {
            "memory_mb": process.memory_info().rss >> 20,
            "handles": _handles(process),
            "threads": process.num_threads(),
            "children": len(process.children()),
        }

    def quit(self) -> None:
        self._workspace.close()


def _handles(process: psutil.Process) -> int:
    count: Callable[[], int] = getattr(process, "num_handles" if sys.platform == "win32" else "num_fds")
    return count()


def main() -> int:
    """Obey until "quit" or the end of input."""
    life = Life(Path(sys.argv[1]), Path(sys.argv[2]))
    print("ready", flush=True)
    for line in sys.stdin:
        name, words = json.loads(line)
        method: Callable[..., object] = getattr(life, name)
        print(json.dumps(method(*words)), flush=True)
        if name == "quit":
            break
    return 0


if __name__ == "__main__":
    sys.exit(main())
