"""What the killed children do: the real program, with words on stdout that say how far they are."""

import os
import signal
import threading
import time
from pathlib import Path

from inference import registry
from inference.backends.echo import EchoBackend
from rag.api import AnswerText, AskEvent, Workspace
from rag.storage.purge import Purge

SECONDS_A_WORD = 0.01


def say(*words: object) -> None:
    print(*words, flush=True)


def index(data_dir: str, papers: str) -> None:
    """Read a folder until all of it is ready."""
    workspace = Workspace.open(Path(data_dir))
    say("open")
    found = [each for each in workspace.collections() if each.name == "Papers"]
    collection = found[0] if found else workspace.create_collection("Papers")
    workspace.add_paths(collection.id, [Path(papers)])
    assert workspace.wait_until(collection.id)
    workspace.close()


def ask(data_dir: str, model: str, question: str) -> None:
    """Ask in a new chat about everything there is; the echo model takes its time for each word."""
    registry._echo = lambda: EchoBackend(lambda: time.sleep(SECONDS_A_WORD))
    workspace = Workspace.open(Path(data_dir))
    workspace.prepare_search()
    workspace.load_model(None if model == "default" else model).result()
    chat = workspace.create_chat(collection_ids=[each.id for each in workspace.collections()])

    def on_event(event: AskEvent) -> None:
        say(type(event).__name__, len(event.text) if isinstance(event, AnswerText) else 0)

    say("asking")
    workspace.ask(chat.id, question, on_event).future.result()
    say("answered")
    workspace.close()


def purge(data_dir: str, steps: str, more_ms: str) -> None:
    """Purge what was removed, and be killed after so many steps and milliseconds."""
    left, real = int(steps), Purge.step

    def kill() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def step(self: Purge) -> bool | None:
        nonlocal left
        more = real(self)
        left -= bool(more)
        if left == 0:
            threading.Timer(int(more_ms) / 1000, kill).start() if int(more_ms) else kill()
        return more

    Purge.step = step  # type: ignore[method-assign]
    workspace = Workspace.open(Path(data_dir))
    workspace.purge_removed().result()
    workspace.close()
