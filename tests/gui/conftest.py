"""The real program on a data folder of its own, with the quick deterministic models."""

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QThreadPool
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from reportlab.pdfgen.canvas import Canvas

from gui.app import Program
from gui.theme.theme import Theme
from rag.api import RagSettings

QUICK = RagSettings(embedding_model="hashing", chat_model="echo")
WAIT_MS = 30_000
Launch = Callable[..., Program]


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    return ["carrel"]


@pytest.fixture(autouse=True)
def swept(qapp: QApplication) -> Iterator[None]:
    """Destroy what the test leaves, on this thread.

    The collector runs on whatever thread it likes, and a widget that it finds there takes its running timers' targets
    away from the event loop of this one, which then crashes in a later test.
    """
    yield
    qapp.processEvents()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    gc.collect()


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    """Return the light theme."""
    return Theme(qapp, "light")


@pytest.fixture
def launch(qapp: QApplication, qtbot: QtBot, data_dir: Path) -> Iterator[Launch]:
    """Start the program as `gui.app.run` does and wait until its data folder is open; all are closed in the end."""
    started: list[Program] = []

    def start(*, folder: Path = data_dir, samples: bool = False, wait: bool = True) -> Program:
        program = Program(qapp, folder, "light", QUICK)
        started.append(program)
        program.state.put("samples_offered", not samples)
        program.window.show()
        if wait:
            qtbot.waitUntil(lambda: program.session is not None, timeout=WAIT_MS)
            qtbot.waitUntil(lambda: program.session.library.state.overall is not None, timeout=WAIT_MS)
        return program

    yield start
    for program in started:
        if not program.closed:
            program.window.close()
            program.close()
    qapp.processEvents()
    QThreadPool.globalInstance().waitForDone()


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    """Return a folder with a PDF of three pages whose second one names the deposit, and a Markdown file."""
    folder = tmp_path / "Papers of the house"
    folder.mkdir()
    write_pdf(
        folder / "Lease.pdf",
        ["The lease of the house at the harbour.", "The deposit is nine hundred crowns.", "The rent is due monthly."],
    )
    (folder / "Boiler.md").write_text("# Boiler\n\nThe boiler shows E4 when the pressure is low.\n", encoding="utf-8")
    return folder


def write_pdf(path: Path, pages: list[str]) -> None:
    """Write a PDF with one line of text on each page."""
    canvas = Canvas(str(path))
    for text in pages:
        canvas.drawString(72, 720, text)
        canvas.showPage()
    canvas.save()


@pytest.fixture
def read(launch: Launch, qtbot: QtBot, papers: Path) -> Program:
    """Return the program with the papers added and read."""
    program = launch()
    add_and_read(program, qtbot, papers)
    return program


def add_and_read(program: Program, qtbot: QtBot, folder: Path, timeout_ms: int = WAIT_MS) -> None:
    """Drop a folder on the window and wait until it is read."""
    session = program.session
    assert session is not None
    known = len(session.library.collections)
    program.window.paths_dropped.emit([folder])

    def done() -> bool:
        overall = session.library.state.overall
        grown = len(session.library.collections) > known
        return grown and overall is not None and overall.files_total > 0 and not overall.running

    qtbot.waitUntil(done, timeout=timeout_ms)


def ask(program: Program, qtbot: QtBot, question: str) -> None:
    """Write a question, press Enter, and wait until the answer is whole."""
    composer, conversation = program.window.chat.composer, program.window.chat.conversation
    before = len(conversation.answers())
    composer.set_draft(question)
    composer.send()

    def done() -> bool:
        answers = conversation.answers()
        return len(answers) > before and not answers[-1].foot.isHidden()

    qtbot.waitUntil(done, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: program.session.chats.chat is not None, timeout=WAIT_MS)
