"""The library in the window."""

from pathlib import Path

from pypdf import PdfReader, PdfWriter
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from pytestqt.qtbot import QtBot

from gui.app import Program
from tests.gui.conftest import WAIT_MS, Launch, add_and_read, ask


def show_library(program: Program, qtbot: QtBot) -> None:
    program.window.command["show_library"].trigger()
    qtbot.waitUntil(lambda: program.window.library.files.rowCount() > 0, timeout=WAIT_MS)


def test_a_dropped_folder_becomes_a_collection_that_is_asked(read: Program, qtbot: QtBot) -> None:
    collection = read.session.library.collections[0]
    assert collection.name == "Papers of the house"
    assert read.window.chat_side.collections.row(collection.id).box.isChecked()
    ask(read, qtbot, "What does the boiler show?")
    assert read.window.chat.conversation.answers()[-1].citations


def test_files_held_over_the_window_are_welcomed_and_taken(launch: Launch, papers: Path, qtbot: QtBot) -> None:
    program = launch()
    window = program.window
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(papers / "Lease.pdf"))])
    action, button = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    window.dragEnterEvent(QDragEnterEvent(QPointF(50, 50).toPoint(), action, mime, button, none))
    assert window.drop_cover.isVisible()
    with qtbot.waitSignal(window.paths_dropped) as dropped:
        window.dropEvent(QDropEvent(QPointF(50, 50), action, mime, button, none))
    assert dropped.args == [[papers / "Lease.pdf"]]
    assert not window.drop_cover.isVisible()
    qtbot.waitUntil(lambda: bool(program.session.library.collections), timeout=WAIT_MS)
    assert program.session.library.collections[0].name == "My documents"


def test_files_stand_in_the_table_with_their_states(read: Program, qtbot: QtBot) -> None:
    show_library(read, qtbot)
    files = read.window.library.files
    rows = [[files.index(row, column).data() for column in (0, 2)] for row in range(files.rowCount())]
    assert rows == [["Boiler.md", "Ready"], ["Lease.pdf", "Ready"]]
    assert "2 of 2 files ready · 4 pages" in read.window.library.summary.words.text()


def encrypt(source: Path, target: Path) -> None:
    writer = PdfWriter(clone_from=PdfReader(source))
    writer.encrypt("secret", algorithm="AES-256")
    writer.write(target)


def test_an_encrypted_file_is_opened_with_its_password(launch: Launch, papers: Path, qtbot: QtBot) -> None:
    encrypt(papers / "Lease.pdf", papers / "Locked.pdf")
    program = launch()
    add_and_read(program, qtbot, papers)
    show_library(program, qtbot)
    problems = program.window.library.problems
    qtbot.waitUntil(lambda: len(problems.cards) == 1, timeout=WAIT_MS)
    card = problems.cards[0]
    card.action_button.click()
    assert card.password.isVisible()
    qtbot.keyClicks(card.password, "secret")
    qtbot.keyClick(card.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not problems.isVisible(), timeout=WAIT_MS)
    assert [row.state for row in program.session.library.state.files].count("failed") == 0


def test_a_file_that_cannot_be_read_is_named_with_its_remedy(launch: Launch, papers: Path, qtbot: QtBot) -> None:
    (papers / "Empty.txt").write_bytes(b"")
    program = launch()
    add_and_read(program, qtbot, papers)
    show_library(program, qtbot)
    problems = program.window.library.problems
    qtbot.waitUntil(lambda: len(problems.cards) == 1, timeout=WAIT_MS)
    assert "Empty.txt" in problems.cards[0].notice.message
    assert problems.cards[0].notice.remedy
    problems.cards[0].remove_button.click()
    qtbot.waitUntil(lambda: not problems.isVisible(), timeout=WAIT_MS)


def test_a_vanished_path_is_said_at_once(launch: Launch, papers: Path, qtbot: QtBot) -> None:
    program = launch()
    program.window.paths_dropped.emit([papers / "nowhere"])
    qtbot.waitUntil(program.window.messages.isVisible, timeout=WAIT_MS)
    assert "nowhere" in program.window.messages.label.text()


def test_reading_is_paused_and_goes_on(launch: Launch, papers: Path, qtbot: QtBot) -> None:
    program = launch()
    session, status = program.session, program.window.status
    session.workspace.pause_indexing()
    program.window.paths_dropped.emit([papers])
    qtbot.waitUntil(lambda: status.isVisible() and "Paused" in status.label.text(), timeout=WAIT_MS)
    assert status.pause.text() == "Go on"
    status.pause.click()
    qtbot.waitUntil(lambda: not status.isVisible(), timeout=WAIT_MS)
    assert session.library.collections[0].ready_files == 2


def test_a_collection_is_renamed(read: Program, qtbot: QtBot) -> None:
    show_library(read, qtbot)
    room = read.window.library
    room.begin_rename()
    room.name_edit.setText("The house")
    qtbot.keyClick(room.name_edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: room.title.text() == "The house", timeout=WAIT_MS)


def test_removing_a_collection_takes_effect_at_once_and_can_be_undone(read: Program, qtbot: QtBot) -> None:
    show_library(read, qtbot)
    read.window.library.remove_asked.emit()
    qtbot.waitUntil(lambda: read.window.library_side.list.count() == 0, timeout=WAIT_MS)
    assert not read.session.workspace.collections()
    qtbot.waitUntil(read.window.messages.isVisible, timeout=WAIT_MS)
    read.window.messages.button.click()
    qtbot.waitUntil(lambda: read.window.library_side.list.count() == 1, timeout=WAIT_MS)
    assert len(read.session.workspace.collections()) == 1


def test_a_removed_file_comes_back_when_the_message_is_long_gone(read: Program, qtbot: QtBot) -> None:
    show_library(read, qtbot)
    table, side = read.window.library.table, read.window.library_side
    table.remove_asked.emit(read.window.library.files.file(0).id)
    qtbot.waitUntil(lambda: read.window.library.files.rowCount() == 1, timeout=WAIT_MS)
    qtbot.waitUntil(read.window.messages.isVisible, timeout=WAIT_MS)
    read.window.messages.dismiss()
    qtbot.waitUntil(side.removed.isVisible, timeout=WAIT_MS)
    menu = side.removed.menu()
    menu.aboutToShow.emit()
    assert menu.actions()[0].text().startswith("Bring back “Boiler.md”")
    menu.actions()[0].trigger()
    qtbot.waitUntil(lambda: read.window.library.files.rowCount() == 2, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not side.removed.isVisible(), timeout=WAIT_MS)


def test_an_empty_library_teaches(launch: Launch) -> None:
    program = launch()
    program.window.command["show_library"].trigger()
    assert program.window.library.empty.isVisible()
    assert program.window.library.empty.button is not None


def test_a_file_opens_in_the_reader(read: Program, qtbot: QtBot) -> None:
    show_library(read, qtbot)
    room = read.window.library
    room.table.view.doubleClicked.emit(room.files.index(0, 0))
    qtbot.waitUntil(lambda: "E4" in read.window.reader.text.toPlainText(), timeout=WAIT_MS)
