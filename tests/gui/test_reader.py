"""The reader."""

from pathlib import Path
from zipfile import ZipFile

import pytest
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from gui.app import Program
from gui.reader.page_layout import GAP_PX, PageLayout
from gui.reader.text_view import TextView, document_offset, soft_breaks
from gui.theme.theme import Theme
from gui.theme.tokens import PAGE_CITED, PAGE_MARK
from tests.gui.conftest import WAIT_MS, Launch, add_and_read, ask, write_pdf


def open_deposit(program: Program, qtbot: QtBot) -> None:
    """Ask for the deposit and follow the marker of the answer."""
    ask(program, qtbot, "How much is the deposit?")
    answer = program.window.chat.conversation.answers()[-1]
    number = next(each.n for each in answer.citations if each.page == 2)
    answer.text.citation_clicked.emit(number)
    qtbot.waitUntil(lambda: program.window.reader.page_field.text() == "2", timeout=WAIT_MS)


def colours(program: Program) -> set[str]:
    image = program.window.reader.pages.viewport().grab().toImage()
    return {image.pixelColor(x, y).name() for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)}


def test_a_marker_opens_the_page_with_the_passage_marked(read: Program, qtbot: QtBot) -> None:
    open_deposit(read, qtbot)
    reader = read.window.reader
    assert reader.isVisible()
    assert reader.shows_pages
    assert reader.title.text() == "Lease.pdf"
    marks = {QColor(PAGE_MARK).name(), QColor(PAGE_CITED).name()}
    qtbot.waitUntil(lambda: bool(marks & colours(read)), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: 1 in reader.pages._pictures, timeout=WAIT_MS)


def test_the_page_field_takes_a_number(read: Program, qtbot: QtBot) -> None:
    open_deposit(read, qtbot)
    reader = read.window.reader
    reader.page_asked.emit("3")
    qtbot.waitUntil(lambda: reader.page_field.text() == "3", timeout=WAIT_MS)
    reader.page_asked.emit("99")
    qtbot.wait(50)
    qtbot.waitUntil(lambda: reader.page_field.text() == "3", timeout=WAIT_MS)


def test_the_arrows_turn_pages(read: Program, qtbot: QtBot) -> None:
    open_deposit(read, qtbot)
    reader = read.window.reader
    reader.previous_page.click()
    qtbot.waitUntil(lambda: reader.page_field.text() == "1", timeout=WAIT_MS)
    assert not reader.previous_page.isEnabled()


def test_zooming_keeps_the_page(read: Program, qtbot: QtBot) -> None:
    open_deposit(read, qtbot)
    reader = read.window.reader
    before = reader.pages.zoom
    reader.zoom_in.click()
    assert reader.pages.zoom > before
    assert reader.pages.page == 1
    assert reader.zoom_label.text() == f"{reader.pages.zoom:.0%}"
    reader.fit.click()
    assert reader.pages.zoom == pytest.approx(before)


def test_words_are_found_on_another_page(read: Program, qtbot: QtBot) -> None:
    open_deposit(read, qtbot)
    reader = read.window.reader
    read.window.command["find_in_reader"].trigger()
    assert reader.find_bar.isVisible()
    reader.find_bar.find_asked.emit("RENT", 1)
    qtbot.waitUntil(lambda: reader.page_field.text() == "3", timeout=WAIT_MS)
    reader.find_bar.find_asked.emit("zebra", 1)
    qtbot.waitUntil(lambda: reader.find_bar.result.text() == "Not found", timeout=WAIT_MS)


def test_escape_closes_the_reader(read: Program, qtbot: QtBot) -> None:
    open_deposit(read, qtbot)
    read.window.command["close_reader"].trigger()
    assert not read.window.reader.isVisible()


def test_a_text_is_shown_with_its_passage_marked(read: Program, qtbot: QtBot) -> None:
    ask(read, qtbot, "What does the boiler show?")
    answer = read.window.chat.conversation.answers()[-1]
    result = next(each for each in answer.passages if each.passage.document == "Boiler.md")
    answer.passage_opened.emit(result)
    text = read.window.reader.text
    qtbot.waitUntil(lambda: bool(text.extraSelections()), timeout=WAIT_MS)
    selection = text.extraSelections()[0]
    assert "E4" in selection.cursor.selectedText()


def test_a_vanished_file_is_shown_as_its_text(read: Program, papers: Path, qtbot: QtBot) -> None:
    ask(read, qtbot, "How much is the deposit?")
    (papers / "Lease.pdf").unlink()
    answer = read.window.chat.conversation.answers()[-1]
    answer.citation_opened.emit(next(each.n for each in answer.citations if each.page == 2))
    reader = read.window.reader
    qtbot.waitUntil(reader.note.isVisible, timeout=WAIT_MS)
    assert "not there any more" in reader.note.text()
    assert "nine hundred" in reader.text.toPlainText()


def test_a_removed_document_is_shown_as_its_quote(read: Program, qtbot: QtBot) -> None:
    ask(read, qtbot, "How much is the deposit?")
    answer = read.window.chat.conversation.answers()[-1]
    workspace = read.session.workspace
    workspace.remove_collection(workspace.collections()[0].id)
    answer.citation_opened.emit(next(each.n for each in answer.citations if each.page == 2))
    reader = read.window.reader
    qtbot.waitUntil(lambda: "no longer in the library" in reader.note.text(), timeout=WAIT_MS)
    assert "nine hundred" in reader.text.toPlainText()


def test_offsets_count_as_qt_counts() -> None:
    text = "a\r\n\U0001f600 b"
    assert document_offset(text, len(text)) == 6  # a, line end, two units, space, b


def test_a_mark_behind_an_emoji_covers_the_right_words(theme: Theme, qtbot: QtBot) -> None:
    view = TextView(theme)
    qtbot.addWidget(view)
    text = "First \U0001f600\r\nthe deposit is due"
    view.open(text)
    start = text.index("deposit")
    view.mark((start, start + len("deposit")), None)
    selection = view.extraSelections()[0]
    assert selection.cursor.selectedText() == "deposit"


def test_pages_stand_one_under_the_other() -> None:
    layout = PageLayout(zoom=0.75)  # 0.75 of 96/72 is one pixel a point
    layout.reset(3, (600, 800))
    assert layout.top_px(0) == GAP_PX
    assert layout.top_px(2) == 3 * GAP_PX + 1600
    assert layout.page_at(layout.top_px(1) + 10) == 1
    assert layout.page_at(10**6) == 2
    assert layout.zoom_to_width(600 + 2 * GAP_PX) == pytest.approx(0.75)


def test_the_text_of_a_page_can_be_seen_in_place_of_its_picture(read: Program, qtbot: QtBot) -> None:
    open_deposit(read, qtbot)
    reader = read.window.reader
    reader.text_button.click()
    qtbot.waitUntil(lambda: "nine hundred" in reader.text.toPlainText() and not reader.shows_pages, timeout=WAIT_MS)
    assert "nine hundred" in reader.text.extraSelections()[0].cursor.selectedText()
    reader.next_page.click()
    qtbot.waitUntil(lambda: "due monthly" in reader.text.toPlainText(), timeout=WAIT_MS)
    reader.text_button.click()
    qtbot.waitUntil(lambda: reader.shows_pages and reader.pages.page == 2, timeout=WAIT_MS)


def test_what_cannot_be_marked_is_said(read: Program, papers: Path, qtbot: QtBot) -> None:
    ask(read, qtbot, "How much is the deposit?")
    read.session.workspace.pause_indexing()
    write_pdf(papers / "Lease.pdf", ["Another text.", "Other words on the second page.", "And more."])
    answer = read.window.chat.conversation.answers()[-1]
    answer.citation_opened.emit(next(each.n for each in answer.citations if each.page == 2))
    reader = read.window.reader
    qtbot.waitUntil(lambda: "cannot be marked" in reader.note.text(), timeout=WAIT_MS)
    reader.text_button.click()
    qtbot.waitUntil(lambda: bool(reader.text.extraSelections()), timeout=WAIT_MS)


def test_a_line_of_200_000_characters_is_broken_for_the_eye_and_marked_right(theme: Theme, qtbot: QtBot) -> None:
    view = TextView(theme)
    qtbot.addWidget(view)
    text = "the rent of the house is due " * 7_000
    text = f"{text}DEPOSIT {text}"
    view.open(text)
    assert max(len(line) for line in view.toPlainText().splitlines()) <= 4_000
    start = text.index("DEPOSIT")
    view.mark((start, start + 7), None)
    assert view.extraSelections()[0].cursor.selectedText() == "DEPOSIT"
    assert soft_breaks("a" * 9_000) == [4_000, 8_000]
    assert soft_breaks("short\n" * 9_000) == []


def test_a_page_of_a_pdf_in_an_archive_is_drawn_with_the_passage_marked(
    launch: Launch, papers: Path, qtbot: QtBot
) -> None:
    folder = papers.parent / "packed"
    folder.mkdir()
    with ZipFile(folder / "letters.zip", "w") as archive:
        archive.writestr("A note.md", "The garden gate is green.")
        archive.write(papers / "Lease.pdf", "Lease.pdf")
    program = launch()
    add_and_read(program, qtbot, folder)
    open_deposit(program, qtbot)
    reader = program.window.reader
    assert reader.title.text() == "letters.zip"
    assert reader.way.text() == "Lease.pdf"
    assert reader.shows_pages
    assert reader.page_total.text() == "/ 3"
    qtbot.waitUntil(lambda: 1 in reader.pages._pictures, timeout=WAIT_MS)
    marks = {QColor(PAGE_MARK).name(), QColor(PAGE_CITED).name()}
    qtbot.waitUntil(lambda: bool(marks & colours(program)), timeout=WAIT_MS)
    reader.page_asked.emit("1")
    qtbot.waitUntil(lambda: reader.page_field.text() == "1", timeout=WAIT_MS)
    reader.previous_page.click()
    qtbot.waitUntil(lambda: reader.way.text() == "A note.md", timeout=WAIT_MS)
    assert "green" in reader.text.toPlainText()


def test_a_row_of_a_csv_file_is_shown_in_its_table(launch: Launch, tmp_path: Path, qtbot: QtBot) -> None:
    folder = tmp_path / "Costs"
    folder.mkdir()
    rows = ["Month,Rent,Paid by", "January,900,Anna", "February,950,Zebulon", "March,960,Anna"]
    (folder / "Costs.csv").write_text("\n".join(rows), encoding="utf-8")
    program = launch()
    add_and_read(program, qtbot, folder)
    ask(program, qtbot, "What did Zebulon pay in February?")
    answer = program.window.chat.conversation.answers()[-1]
    answer.passage_opened.emit(answer.passages[0])
    reader = program.window.reader
    qtbot.waitUntil(lambda: reader.shows_table and bool(reader.table.marked_rows), timeout=WAIT_MS)
    assert 3 in reader.table.marked_rows
    cells = reader.table.cells
    place = next(row for row in range(cells.rowCount()) if cells.table.rows[row].number == 3)
    assert [cells.index(place, column).data() for column in range(3)] == ["February", "950", "Zebulon"]
