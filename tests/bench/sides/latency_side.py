"""How soon passages come at 10,000 of them, and how answers and indexing get along, in one workspace."""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rag.api import AskEvent, PassagesFound, Workspace
from tests.bench.sides.child import answer
from tests.bench.sides.core import index, workspace
from tests.bench.synthetic import write_notes, write_pdf


def work(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return latencies in ms and answers' tokens/s, alone and while indexing runs, and how far indexing got."""
    with tempfile.TemporaryDirectory(prefix="carrel-bench-") as name, workspace(**arguments["settings"]) as opened:
        folder = Path(name)
        collection_id = _fill(opened, folder / "notes", arguments["passages"])
        opened.load_model().result()
        questions = _questions(folder / "notes", arguments["questions"] + 3)
        for question in questions[:3]:
            _shown_ms(opened, collection_id, question)
        alone = _measure(opened, collection_id, questions[3:], arguments["answers"])
        arriving = _start_indexing(opened, folder, arguments["pages"])
        at_start, started = _embedded(opened, arriving), time.monotonic()
        busy = _measure(opened, collection_id, questions[3 : 3 + arguments["busy_questions"]], arguments["answers"])
        running = opened.progress(arriving).running
        done, seconds = _embedded(opened, arriving) - at_start, time.monotonic() - started
        return {
            "passages": opened.collection(collection_id).passages,
            "alone": alone,
            "busy": busy,
            "still_indexing": running,
            "embedded_meanwhile": done,
            "meanwhile_s": seconds,
        }


def _fill(opened: Workspace, folder: Path, passages: int) -> int:
    """Index notes until there are that many passages; returns their collection."""
    collection_id = index(opened, "Notes", write_notes(folder, files=1, sections=20, seed=1))
    seed = 1
    while (missing := passages - opened.collection(collection_id).passages) > 0:
        seed += 1
        # A section is at least half a passage.
        made = write_notes(folder, files=max(1, missing // 200), sections=min(200, 2 * missing), seed=seed)
        opened.add_paths(collection_id, made)
        opened.wait_until(collection_id, "ready")
    return collection_id


def _questions(folder: Path, count: int) -> list[str]:
    """Return questions with words that stand together in the notes."""
    chosen = random.Random(11)
    lines = [line for path in sorted(folder.iterdir()) for line in path.read_text(encoding="utf-8").splitlines()]
    told = [line for line in lines if line and not line.startswith("#")]
    return [f"What is written about {' '.join(chosen.choice(told).split()[:6]).lower()}?" for _ in range(count)]


def _measure(opened: Workspace, collection_id: int, questions: list[str], answers: int) -> dict[str, Any]:
    shown = [_shown_ms(opened, collection_id, question) for question in questions]
    written = [opened.ask_once(question, [collection_id]).timings for question in questions[:answers]]
    return {
        "shown_ms": shown,
        "tokens_per_s": [timings.tokens_per_s for timings in written if timings.tokens_per_s],
        "answer_tokens": [timings.answer_tokens for timings in written],
    }


def _shown_ms(opened: Workspace, collection_id: int, question: str) -> float:
    """Ask in a new chat as the window does; the time until the passages are there. The answer is cancelled then."""
    found = threading.Event()
    moment: list[float] = []

    def listen(event: AskEvent) -> None:
        if isinstance(event, PassagesFound):
            moment.append(time.perf_counter())
            found.set()

    chat = opened.create_chat(collection_ids=[collection_id])
    started = time.perf_counter()
    job = opened.ask(chat.id, question, listen)
    if not found.wait(60):
        raise RuntimeError(f"No passages within a minute for {question!r}")
    job.cancel()
    job.future.result(timeout=60)
    return (moment[0] - started) * 1000


def _start_indexing(opened: Workspace, folder: Path, pages: int) -> int:
    """Begin to index a long PDF and return its collection once the embedding of it is under way."""
    made = write_pdf(folder / "arriving.pdf", pages, seed=23)
    collection = opened.create_collection("Arriving")
    opened.add_paths(collection.id, [made])
    opened.wait_until(collection.id, "searchable")
    _wait_for(lambda: _embedded(opened, collection.id) > 0, opened)
    return collection.id


def _wait_for(reached: Callable[[], bool], opened: Workspace) -> None:
    changed = threading.Event()
    unsubscribe = opened.subscribe(lambda _change: changed.set())
    try:
        deadline = time.monotonic() + 300
        while not reached() and time.monotonic() < deadline:
            changed.wait(0.2)
            changed.clear()
    finally:
        unsubscribe()


def _embedded(opened: Workspace, collection_id: int) -> int:
    return opened.progress(collection_id).passages_embedded


if __name__ == "__main__":
    answer(work)
