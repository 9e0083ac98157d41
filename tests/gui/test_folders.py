"""The folders of a collection: what is read of them, and those that are away."""

from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from gui.app import Program
from gui.library.folders_view import FoldersView, RootRow
from tests.gui.conftest import WAIT_MS, Launch, add_and_read
from tests.gui.test_library import show_library


def open_folders(program: Program, qtbot: QtBot) -> FoldersView:
    """Open the panel by the collection's menu."""
    show_library(program, qtbot)
    menu = program.window.library.more.menu()
    next(action for action in menu.actions() if action.text().startswith("Folders")).trigger()
    qtbot.waitUntil(lambda: program.window.library_pages.in_folders, timeout=WAIT_MS)
    return program.window.library_pages.folders


def names(program: Program) -> set[str]:
    files = program.window.library.files
    return {files.file(row).path.name for row in range(files.rowCount())}


def test_rules_are_written_and_hold_at_once(launch: Launch, papers: Path, qtbot: QtBot) -> None:
    (papers / "drafts").mkdir()
    (papers / "drafts" / "Draft.md").write_text("A draft.", "utf-8")
    (papers / "Large.txt").write_text("Many words. " * 10_000, "utf-8")
    program = launch()
    add_and_read(program, qtbot, papers)
    panel = open_folders(program, qtbot)
    assert panel.findChildren(RootRow)[0].state.text() == "4 files"
    panel.patterns.setPlainText("drafts/")
    panel.most_mb.setText("0,1")
    qtbot.mouseClick(panel.save, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.back, Qt.MouseButton.LeftButton)
    program.session.library.refresh()
    qtbot.waitUntil(lambda: names(program) == {"Boiler.md", "Lease.pdf"}, timeout=WAIT_MS)
    rules = program.session.workspace.folder_rules(program.session.library.state.chosen)
    assert (rules.patterns, rules.max_size_mb) == (("drafts/",), 0.1)


def test_types_are_taken_as_people_write_them(read: Program, qtbot: QtBot) -> None:
    panel = open_folders(read, qtbot)
    panel.types.setText("*.PDF, docx")
    qtbot.mouseClick(panel.save, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.back, Qt.MouseButton.LeftButton)
    read.session.library.refresh()
    qtbot.waitUntil(lambda: names(read) == {"Lease.pdf"}, timeout=WAIT_MS)
    assert read.session.workspace.folder_rules(read.session.library.state.chosen).suffixes == (".pdf", ".docx")


def test_a_size_that_is_none_is_said_and_nothing_saved(read: Program, qtbot: QtBot) -> None:
    panel = open_folders(read, qtbot)
    panel.most_mb.setText("large")
    qtbot.mouseClick(panel.save, Qt.MouseButton.LeftButton)
    assert "“large” is no size" in panel.wrong.text()
    assert panel.wrong.isVisible()
    assert read.session.workspace.folder_rules(panel.collection_id).max_size_mb is None


def test_a_folder_that_is_away_is_marked_and_its_files_stay(read: Program, papers: Path, qtbot: QtBot) -> None:
    papers.rename(papers.with_name("elsewhere"))
    read.session.workspace.rescan(read.session.library.state.chosen)
    show_library(read, qtbot)
    files = read.window.library.files

    def marked() -> bool:
        read.session.library.refresh()
        return files.rowCount() == 2 and files.index(0, 2).data() == "Offline · Ready"

    qtbot.waitUntil(marked, timeout=WAIT_MS)
    assert read.window.library.notices.isVisible()
    panel = open_folders(read, qtbot)
    assert panel.findChildren(RootRow)[0].state.text() == "Offline · 2 files, still searchable"
    papers.with_name("elsewhere").rename(papers)
    read.session.workspace.rescan(read.session.library.state.chosen)

    def back() -> bool:
        read.session.library.refresh()
        return panel.findChildren(RootRow)[-1].state.text() == "2 files"

    qtbot.waitUntil(back, timeout=WAIT_MS)


def test_an_emptied_folder_is_told_from_an_unplugged_disk_by_a_click(read: Program, papers: Path, qtbot: QtBot) -> None:
    for file in papers.iterdir():
        file.unlink()
    workspace, collection_id = read.session.workspace, read.session.library.state.chosen
    workspace.rescan(collection_id)
    qtbot.waitUntil(lambda: workspace.roots(collection_id)[0].offline, timeout=WAIT_MS)
    row = open_folders(read, qtbot).findChildren(RootRow)[-1]
    assert row.emptied_button.isVisible()
    qtbot.mouseClick(row.emptied_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: workspace.files(collection_id) == [], timeout=WAIT_MS)
