"""What happens in the window while its timer is watched: first load of the model, a 300-page PDF, questions, answers.

Questions go through the window's own widgets; the long PDF is handed to the core, from a thread.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QMainWindow

from gui.chat.composer import Composer

_RETRY_MS = 1000
_SOON_MS = 2000
QUESTIONS = (
    "What was written on the bell that the dredge brought up?",
    "What should I do when there is an odour of propane in the room?",
    "How many stairs do I have to climb to the top of the lighthouse?",
)


def tell(window: QMainWindow, asked: dict[str, Any], workspace: Future[Any]) -> list[str]:
    """Arrange the events over the seconds asked for; returns what has happened so far, which grows. GUI thread."""
    told: list[str] = []
    milliseconds = float(asked["seconds"]) * 1000
    for number, question in enumerate(QUESTIONS if asked.get("questions", True) else ()):
        QTimer.singleShot(int(milliseconds * (0.03 + 0.3 * number)), partial(_ask, window, question, told))
    adding = threading.Thread(target=_add, args=(workspace, Path(asked["pdf"]), told), name="story", daemon=True)
    # PySide holds a bound method weakly, and nobody else holds the thread: the partial does.
    soon = _SOON_MS if asked.get("finish_when_ready") else int(milliseconds * 0.12)
    QTimer.singleShot(soon, partial(adding.start))
    return told


def _ask(window: QMainWindow, question: str, told: list[str]) -> None:
    """Write a question and send it; while another answer is being written it cannot be sent, so it is tried again."""
    composer = window.findChild(Composer)
    if composer is None:
        told.append("found no place to write a question")
        return
    composer.set_draft(question)
    composer.send()
    if composer.edit.toPlainText():
        QTimer.singleShot(_RETRY_MS, partial(_ask, window, question, told))
    else:
        told.append(f"asked: {question}")


def _add(opened: Future[Any], pdf: Path, told: list[str]) -> None:
    try:
        _index(opened.result(), pdf, told)
    except Exception as exc:  # noqa: BLE001 - the top of a thread: what went wrong belongs to the story.
        told.append(f"{exc!r}: {pdf.name} could not be added")


def _index(workspace: Any, pdf: Path, told: list[str]) -> None:
    collection = workspace.create_collection("Long")
    workspace.add_paths(collection.id, [pdf])
    told.append(f"added {pdf.name}")
    workspace.wait_until(collection.id, "searchable")
    told.append(f"{pdf.name} is searchable by words")
    workspace.wait_until(collection.id, "ready")
    told.append(f"{pdf.name} is searchable by meaning")
