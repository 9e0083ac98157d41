"""The window as a whole: panes, sizes, what is there again after a restart, failures."""

import sys
from dataclasses import replace
from pathlib import Path
from subprocess import Popen

import pytest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from pytestqt.qtbot import QtBot

from gui.about import AboutDialog
from gui.app import Program
from gui.errors import LogTail, Notice, ReportDialog, notice_of, report_text
from gui.notify import Message, MessageBar
from gui.theme.theme import Theme
from rag.api import EncryptedDocument
from rag.ingestion.loaders.registry import default_loaders
from tests.gui.conftest import QUICK, WAIT_MS, Launch, ask
from tests.gui.test_reader import open_deposit


def test_panes_are_hidden_and_shown(read: Program) -> None:
    window = read.window
    window.command["toggle_side"].trigger()
    assert not window.side.isVisible()
    window.command["toggle_side"].trigger()
    assert window.side.isVisible()
    window.command["toggle_reader"].trigger()
    assert window.reader.isVisible()


def test_the_reader_stands_over_the_conversation_where_it_is_narrow(read: Program, qtbot: QtBot) -> None:
    window = read.window
    window.resize(1280, 800)
    window.show_reader()
    qtbot.waitUntil(lambda: window.reader.parent() is window.splitter)
    window.resize(900, 600)
    qtbot.waitUntil(lambda: window.reader.parent() is window.room)
    qtbot.waitUntil(lambda: window.reader.geometry() == window.room.rect())
    window.resize(1280, 800)
    qtbot.waitUntil(lambda: window.reader.parent() is window.splitter)
    assert window.side.width() > 200


@pytest.mark.parametrize("size", [(900, 600), (1280, 800)])
def test_nothing_is_wider_than_the_window(read: Program, qtbot: QtBot, size: tuple[int, int]) -> None:
    ask(read, qtbot, "How much is the deposit?")
    read.window.resize(*size)
    qtbot.wait(50)
    assert (read.window.width(), read.window.height()) == size
    conversation = read.window.chat.conversation
    assert conversation.widget().width() <= conversation.viewport().width()


def test_everything_is_there_again(launch: Launch, papers: Path, qtbot: QtBot) -> None:
    from tests.gui.conftest import add_and_read

    first = launch()
    first.window.resize(780, 620)
    add_and_read(first, qtbot, papers)
    open_deposit(first, qtbot)
    first.window.chat.composer.set_draft("and the rent")
    chat = first.session.chats.chat_id
    first.window.close()
    first.close()
    second = launch()
    assert second.session.chats.chat_id == chat
    assert second.window.size().toTuple() == (780, 620)
    assert second.window.chat.composer.edit.toPlainText() == "and the rent"
    qtbot.waitUntil(lambda: bool(second.window.chat.conversation.answers()), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: second.window.reader.page_field.text() == "2", timeout=WAIT_MS)
    assert second.window.reader.isVisible()


def test_the_first_start_has_a_question_ready(launch: Launch, qtbot: QtBot) -> None:
    program = launch(samples=True)
    composer = program.window.chat.composer
    assert composer.edit.toPlainText() == program.session.workspace.sample_questions()[0]
    assert program.session.library.collections[0].kind == "sample"
    assert program.window.chat.welcome.isVisible()


def test_samples_that_were_removed_do_not_come_back(launch: Launch, qtbot: QtBot) -> None:
    program = launch(samples=False)
    assert program.session.library.collections == []


def test_a_second_start_raises_the_first_window(launch: Launch, data_dir: Path, qtbot: QtBot) -> None:
    program = launch()
    program.window.showMinimized()
    code = "import sys; from gui.app import run; sys.exit(run(sys.argv[1:]))"
    second = Popen([sys.executable, "-c", code, "--data-dir", str(data_dir)])
    try:
        qtbot.waitUntil(lambda: second.poll() is not None, timeout=WAIT_MS)
    finally:
        second.kill()
        second.wait()
    assert second.returncode == 0
    qtbot.waitUntil(lambda: not program.window.isMinimized())


@pytest.mark.expect_log("the data folder was not opened")
def test_a_data_folder_that_cannot_be_opened_is_said_and_tried_again(
    launch: Launch, tmp_path: Path, qtbot: QtBot
) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file")
    program = launch(folder=blocked / "data", wait=False)
    welcome = program.window.chat.welcome
    qtbot.waitUntil(welcome.retry.isVisible, timeout=WAIT_MS)
    assert "blocked" in welcome.sentence.text()
    blocked.unlink()
    welcome.retry.click()
    qtbot.waitUntil(lambda: program.session is not None, timeout=WAIT_MS)
    assert not welcome.retry.isVisible()


@pytest.mark.expect_log("unexpected: ")
def test_a_mistake_of_ours_opens_a_report(launch: Launch, qtbot: QtBot) -> None:
    program = launch()
    program.tasks.run(lambda: 1 // 0)
    qtbot.waitUntil(lambda: program.window.findChild(ReportDialog) is not None, timeout=WAIT_MS)
    dialog = program.window.findChild(ReportDialog)
    assert "ZeroDivisionError" in dialog.details.toPlainText()
    dialog.reject()


def test_everything_that_can_be_used_has_a_name(read: Program, qtbot: QtBot) -> None:
    ask(read, qtbot, "How much is the deposit?")
    read.window.show_reader()
    unnamed = [
        f"{type(widget).__name__} {widget.toolTip()}"
        for widget in read.window.findChildren(QAbstractButton)
        if widget.isVisible() and not (widget.accessibleName() or widget.text()) and _is_ours(widget)
    ]
    assert unnamed == []


def _is_ours(widget: QWidget) -> bool:
    return type(widget).__module__.startswith("gui.")


def test_the_theme_switches_while_the_window_is_open(read: Program, qtbot: QtBot) -> None:
    from gui.theme.tokens import DARK, LIGHT

    ask(read, qtbot, "How much is the deposit?")
    read.theme.use(DARK)
    read.window.grab()
    background = read.window.grab().toImage().pixelColor(read.window.width() // 2, 60).name()
    assert background == DARK.paper.lower()
    read.theme.use(LIGHT)


def test_a_model_is_shown_with_its_device(read: Program, qtbot: QtBot) -> None:
    button = read.window.chat.model
    qtbot.waitUntil(lambda: button.text() == "echo", timeout=WAIT_MS)
    assert any("CPU" in action.text() for action in button.menu().actions())


def test_a_file_that_is_no_model_is_refused_with_its_name(read: Program, papers: Path, qtbot: QtBot) -> None:
    models = read.session.models
    models._tasks.run(
        lambda: read.session.workspace.add_model_file(papers / "Lease.pdf"), models.choose, models._failed
    )
    qtbot.waitUntil(read.window.messages.isVisible, timeout=WAIT_MS)
    assert "Lease.pdf" in read.window.messages.label.text()
    assert read.window.messages.button.text() == "Choose another model"


def test_undo_calls_only_one_of_the_two(theme: Theme, qtbot: QtBot) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    host.resize(800, 600)
    host.show()
    bar, calls = MessageBar(theme, host), []
    bar.offer_undo("Gone.", lambda: calls.append("commit"), lambda: calls.append("undo"))
    bar.button.click()
    bar.dismiss()
    assert calls == ["undo"]
    bar.offer_undo("Gone.", lambda: calls.append("commit"), lambda: calls.append("undo"))
    bar.show_message(Message("Another."))
    assert calls == ["undo", "commit"]


def test_a_known_error_is_worded_with_its_button() -> None:
    notice = notice_of(EncryptedDocument("“a.pdf” is locked.", remedy="Enter its password."))
    assert notice == Notice("“a.pdf” is locked.", "Enter its password.", "document_encrypted")
    assert notice.action == "password"
    assert notice_of(ValueError("a bug")) is None


def test_a_report_holds_the_trace_and_the_log() -> None:
    tail = LogTail(lines=2)
    import logging

    for number in range(3):
        tail.emit(logging.LogRecord("carrel", logging.INFO, "", 0, f"line {number}", None, None))
    text = report_text(ValueError("a bug"), tail.text())
    assert "ValueError: a bug" in text
    assert "line 2" in text
    assert "line 0" not in text


def test_closing_leaves_no_widget(launch: Launch, qapp: QApplication, qtbot: QtBot) -> None:
    before = set(QApplication.topLevelWidgets())
    program = launch()
    program.window.close()
    program.close()
    qtbot.waitUntil(lambda: not (set(QApplication.topLevelWidgets()) - before))


def test_models_wait_for_the_first_question_when_the_setting_says_so(
    qapp: QApplication, qtbot: QtBot, data_dir: Path
) -> None:
    settings = replace(QUICK, models_at_start=False)
    program = Program(qapp, data_dir, "light", settings)
    program.state.put("samples_offered", True)
    program.window.show()
    try:
        qtbot.waitUntil(lambda: program.session is not None, timeout=WAIT_MS)
        assert program.session is not None
        workspace = program.session.workspace
        assert workspace.model_details() is None
        program.session.models.follow_load()
        qtbot.waitUntil(lambda: workspace.model_details() is not None, timeout=WAIT_MS)
    finally:
        program.window.close()
        program.close()


def test_about_lists_the_licences_of_libraries_models_typeface_and_icons(read: Program, qtbot: QtBot) -> None:
    read.window.command["about"].trigger()
    dialog = read.window.findChild(AboutDialog)
    assert dialog is not None
    assert not dialog.isModal()
    rows = [dialog.table.topLevelItem(row) for row in range(dialog.table.topLevelItemCount())]
    listed = {row.text(0): row.text(2) for row in rows if row is not None}
    assert {"chromadb", "llama.cpp", "SmolLM2-135M-Instruct", "all-MiniLM-L6-v2"} <= set(listed)
    assert listed["Inter (typeface)"] == "OFL-1.1"
    dialog.close()


def test_about_lists_plug_ins_and_says_why_one_is_not_used(
    launch: Launch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, qtbot: QtBot
) -> None:
    package = tmp_path / "site" / "broken_reader-1.2.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-reader\nVersion: 1.2\n", "utf-8")
    (package / "entry_points.txt").write_text("[carrel.loaders]\nwordstar = no_such_module:Loader\n", "utf-8")
    monkeypatch.syspath_prepend(str(package.parent))
    default_loaders.cache_clear()
    try:
        program = launch()
        program.window.command["about"].trigger()
        dialog = program.window.findChild(AboutDialog)
        assert dialog is not None
        qtbot.waitUntil(lambda: dialog.plugins.count() >= 2, timeout=WAIT_MS)
        lines = [dialog.plugins.itemAt(row).widget().text() for row in range(dialog.plugins.count())]
        assert any(line.startswith("Not used: wordstar") and "broken-reader 1.2" in line for line in lines)
        dialog.close()
    finally:
        default_loaders.cache_clear()
