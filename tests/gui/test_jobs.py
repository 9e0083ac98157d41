"""The job manager."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from gui.app import Program
from gui.library.jobs_view import MOST_JOBS, JobsView, WorkState
from gui.theme.theme import Theme
from rag.api import FileProblem, FileRow, IndexChangeProgress, IndexingJob, IndexingProgress, JobStage
from tests.gui.conftest import WAIT_MS, Launch


def job(number: int, stage: JobStage = "waiting", done: int = 0, total: int = 0, asked: bool = False) -> IndexingJob:
    file = FileRow(number, 1, Path(f"/papers/Letter {number}.pdf"), 1000, 0, None, "queued", None)
    return IndexingJob(file, stage, done, total, asked)


def progress(*, paused: bool = False) -> IndexingProgress:
    return IndexingProgress(None, 100, 3, 20, 1, 900, 450, None, paused, 120.0)


@pytest.fixture
def view(theme: Theme, qtbot: QtBot) -> JobsView:
    made = JobsView(theme)
    qtbot.addWidget(made)
    made.resize(700, 600)
    made.show()
    return made


def test_work_and_queue_are_shown_apart_with_their_stages(view: JobsView) -> None:
    jobs = (
        job(1, "reading", 12, 300),
        job(2, "recognising", 1, 9),
        job(3, "embedding", 5, 50, asked=True),
        job(4),
        job(5),
    )
    view.show_work(WorkState(jobs, progress()))
    stages = [row.stage.text() for row in view.rows]
    assert stages[:3] == [
        "Reading · 12 of 300 pages",
        "Reading by OCR · 1 of 9 pages",
        "Making it findable by meaning · 5 of 50 passages",
    ]
    assert [row.asked.isHidden() for row in view.rows[:3]] == [True, True, False]
    assert [row.next_button.isHidden() for row in view.rows] == [True, True, True, True, False]
    assert view.total.text() == "21 of 100 files · 2 min left"


def test_the_buttons_name_their_file(view: JobsView, qtbot: QtBot) -> None:
    view.show_work(WorkState((job(1), job(2)), progress()))
    with qtbot.waitSignal(view.next_asked) as asked:
        qtbot.mouseClick(view.rows[1].next_button, Qt.MouseButton.LeftButton)
    assert asked.args == [2]
    with qtbot.waitSignal(view.cancel_asked) as asked:
        qtbot.mouseClick(view.rows[0].cancel_button, Qt.MouseButton.LeftButton)
    assert asked.args == [1]
    assert view.rows[1].next_button.accessibleName() == "Read Letter 2.pdf next"


def test_rows_are_used_again_and_the_rest_is_counted(view: JobsView) -> None:
    view.show_work(WorkState(tuple(job(number) for number in range(MOST_JOBS)), progress()))
    assert len(view.rows) == MOST_JOBS
    assert view.more.text() == "and 19 more files"
    first = view.rows[0]
    view.show_work(WorkState((job(70, "reading"),), progress()))
    assert view.rows[0] is first
    assert first.name.text() == "Letter 70.pdf"
    assert sum(1 for row in view.rows if row.isVisible()) == 1


def test_why_nothing_moves_is_said_with_a_remedy(view: JobsView, qtbot: QtBot) -> None:
    view.show_work(WorkState((job(1),), progress(paused=True)))
    assert "paused" in view.still.message.text()
    assert view.pause.text() == "Go on"
    full = FileProblem("disk_full", "The disk is full.", "Make room on it.")
    view.show_work(WorkState((job(1),), progress(), full))
    assert view.still.message.text() == "The disk is full."
    with qtbot.waitSignal(view.pause_asked) as asked:
        qtbot.mouseClick(view.still.button, Qt.MouseButton.LeftButton)
    assert asked.args == [False]


def test_the_battery_and_a_new_index_are_said_with_what_to_do(view: JobsView, qtbot: QtBot) -> None:
    change = IndexChangeProgress("another-model", 200, 3, 12, 40, 90)
    view.show_work(WorkState((job(1),), replace(progress(), held=True), change=change))
    assert "plugged in" in view.still.message.text()
    with qtbot.waitSignal(view.battery_asked):
        qtbot.mouseClick(view.still.button, Qt.MouseButton.LeftButton)
    assert "another-model" in view.change.message.text()
    assert "3 of 12 documents" in view.change.message.text()
    with qtbot.waitSignal(view.keep_index_asked):
        qtbot.mouseClick(view.change.button, Qt.MouseButton.LeftButton)


def test_nothing_to_do_is_said(view: JobsView) -> None:
    view.show_work(WorkState())
    assert view.empty.isVisible()
    assert not view.pause.isVisible()


def begin_paused(launch: Launch, papers: Path, qtbot: QtBot) -> Program:
    """Return the program with the papers waiting, and the job manager open."""
    for number in range(6):
        (papers / f"Note {number}.txt").write_text(f"Note number {number} on the garden.", "utf-8")
    program = launch()
    program.session.workspace.pause_indexing()
    program.window.paths_dropped.emit([papers])
    status = program.window.status
    qtbot.waitUntil(lambda: status.show_jobs.isVisible() and "Paused" in status.label.text(), timeout=WAIT_MS)
    qtbot.mouseClick(status.show_jobs, Qt.MouseButton.LeftButton)
    jobs = program.window.library_pages.jobs
    qtbot.waitUntil(lambda: sum(1 for row in jobs.rows if row.isVisible()) == 8, timeout=WAIT_MS)
    return program


def names(program: Program) -> list[str]:
    return [row.name.text() for row in program.window.library_pages.jobs.rows if row.isVisible()]


def test_typing_makes_reading_gentle(launch: Launch, qtbot: QtBot) -> None:
    program = launch()
    budget = program.session.workspace._budget
    assert not budget.gentle
    program.window.chat.composer.edit.setFocus()
    qtbot.keyClicks(program.window.chat.composer.edit, "What")
    qtbot.waitUntil(lambda: budget.gentle, timeout=WAIT_MS)


def test_another_length_of_passages_is_shown_and_given_up(read: Program, qtbot: QtBot) -> None:
    workspace = read.session.workspace
    workspace.pause_indexing()
    workspace.change_settings(passage_tokens=96)
    read.window.status.jobs_asked.emit()
    jobs = read.window.library_pages.jobs
    qtbot.waitUntil(jobs.change.isVisible, timeout=WAIT_MS)
    qtbot.mouseClick(jobs.change.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: workspace.index_change() is None, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not jobs.change.isVisible(), timeout=WAIT_MS)


def test_a_file_is_put_first_and_another_given_up(launch: Launch, papers: Path, qtbot: QtBot) -> None:
    program = begin_paused(launch, papers, qtbot)
    jobs = program.window.library_pages.jobs
    last = names(program)[-1]
    qtbot.mouseClick(jobs.rows[7].next_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: names(program)[0] == last, timeout=WAIT_MS)
    given_up = names(program)[3]
    qtbot.mouseClick(jobs.rows[3].cancel_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: given_up not in names(program), timeout=WAIT_MS)
    qtbot.mouseClick(jobs.pause, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(jobs.empty.isVisible, timeout=WAIT_MS)
    states = {row.path.name: row.state for row in program.session.workspace.files(program.session.library.state.chosen)}
    assert states.pop(given_up) == "cancelled"
    assert set(states.values()) == {"ready"}
