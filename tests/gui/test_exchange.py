"""Collections as `.carrel` files in the window."""

from pathlib import Path

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from gui.app import Program
from tests.gui.conftest import WAIT_MS, ask
from tests.gui.test_library import show_library


def entry(program: Program, text: str) -> QAction:
    """Return an entry of the collection's menu."""
    return next(action for action in program.window.library.more.menu().actions() if action.text() == text)


def save(program: Program, qtbot: QtBot, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Save the collection that is shown by its menu."""
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_arguments: (str(path), ""))
    show_library(program, qtbot)
    entry(program, "Save as a .carrel file…").trigger()
    messages = program.window.messages
    qtbot.waitUntil(lambda: messages.isVisible() and "is saved as" in messages.label.text(), timeout=WAIT_MS)


def test_a_saved_collection_comes_back_by_dropping_its_file(
    read: Program, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "House.carrel"
    save(read, qtbot, tmp_path / "House", monkeypatch)  # The ending is added.
    assert file.is_file()
    assert read.window.status.isHidden()
    workspace = read.session.workspace
    workspace.remove_collection(workspace.collections()[0].id)
    qtbot.waitUntil(lambda: not read.session.library.collections, timeout=WAIT_MS)
    read.window.paths_dropped.emit([file])
    qtbot.waitUntil(lambda: bool(read.session.library.collections), timeout=WAIT_MS)
    room = read.window.library
    qtbot.waitUntil(room.attachment.isVisible, timeout=WAIT_MS)
    assert "From House.carrel" in room.attachment.words.text()
    assert "up to date" in room.attachment.words.text()
    assert not room.attachment.update_button.isVisible()
    assert room.remove_action.text() == "Detach from the library"
    read.window.show_chats()
    ask(read, qtbot, "How much is the deposit?")
    assert read.window.chat.conversation.answers()[-1].citations


def test_a_file_that_was_changed_is_refused_in_words(
    read: Program, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "House.carrel"
    save(read, qtbot, file, monkeypatch)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0xFF
    file.write_bytes(data)
    read.window.messages.dismiss()
    read.window.paths_dropped.emit([file])
    qtbot.waitUntil(read.window.messages.isVisible, timeout=WAIT_MS)
    assert "House.carrel" in read.window.messages.label.text()
    assert len(read.session.workspace.collections()) == 1
    qtbot.waitUntil(lambda: not read.session.library.exchange.busy, timeout=WAIT_MS)
