"""The reading report of a document and the summary of its collection."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from gui.app import Program
from gui.library.map_layout import PITCH_PX, MapLayout
from gui.library.page_kinds import page_words
from gui.library.page_map import PageMap
from gui.library.report_view import ReportView
from gui.theme.theme import Theme
from rag.api import DocumentReport, FileProblem, FileRow, PageKind, PageReport, Skipped
from tests.gui.conftest import WAIT_MS, Launch, add_and_read
from tests.gui.test_library import show_library

ARCHIVE = ("Enclosures.zip", "Lease.pdf")


def page(index: int, kind: PageKind = "text", inside: tuple[str, ...] = ()) -> PageReport:
    confidence = 0.4 if kind == "ocr" else None
    return PageReport(
        index, index + 1, str(index + 1), kind, inside, confidence, "", 2 if kind in ("text", "ocr") else 0
    )


def report(pages: list[PageReport], problem: FileProblem | None = None, state: str = "ready") -> DocumentReport:
    file = FileRow(7, 1, Path("/papers/Tax.pdf"), 4_200_000, 0, "aa", state, 3, problem)  # type: ignore[arg-type]
    skipped = (Skipped("macro.bin", "Programs are not read.", ("Enclosures.zip",)),)
    return DocumentReport(file, "Tax", "pdf", tuple(pages), skipped, 40, 40, (Path("/papers/Copy of tax.pdf"),))


def mixed_pages() -> list[PageReport]:
    kinds: list[PageKind] = ["text", "ocr", "empty", "scanned", "failed", "text"]
    own = [page(index, kind) for index, kind in enumerate(kinds)]
    return [*own, *(replace(page(index, inside=ARCHIVE), number=index - 5) for index in (6, 7, 8))]


@pytest.fixture
def view(theme: Theme, qtbot: QtBot) -> ReportView:
    made = ReportView(theme)
    qtbot.addWidget(made)
    made.resize(640, 600)
    made.show()
    made.show_report(report(mixed_pages()))
    qtbot.waitExposed(made)
    return made


def test_the_legend_counts_the_kinds_that_there_are(view: ReportView) -> None:
    texts = {kind: entry.text() for kind, entry in view.legend.entries.items() if not entry.isHidden()}
    assert texts == {
        "text": "5 text",
        "ocr": "1 read by OCR",
        "empty": "1 empty",
        "scanned": "1 waiting for OCR",
        "failed": "1 not read",
    }


def test_facts_twins_and_what_was_left_out_are_said(view: ReportView) -> None:
    assert "PDF · 4.0 MB · 9 pages · 40 passages" in view.facts.text()
    assert "/papers/Copy of tax.pdf" in view.same.text()
    assert view.skipped_heading.text() == "Left out (1)"
    assert "You can ask this now" in view.asked.words.text()


def test_a_click_on_a_tile_opens_its_page(view: ReportView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.page_opened) as opened:
        qtbot.mouseClick(view.map, Qt.MouseButton.LeftButton, pos=view.map.tile_area(7).center())
    assert opened.args[1].index == 7
    assert opened.args[1].inside == ARCHIVE
    assert view.current_label.text().startswith("Enclosures.zip › Lease.pdf › p. 8")


def test_the_keys_go_from_tile_to_tile_and_open_them(view: ReportView, qtbot: QtBot) -> None:
    view.map.setFocus(Qt.FocusReason.TabFocusReason)
    assert view.map.current is not None
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_End, Qt.Key.Key_Left):
        qtbot.keyClick(view.map, key)
    assert view.map.current.index == 7
    assert "Page 8 of 9 on the map" in view.map.accessibleDescription()
    with qtbot.waitSignal(view.page_opened) as opened:
        qtbot.keyClick(view.map, Qt.Key.Key_Return)
    assert opened.args[1].index == 7


def test_the_legend_leads_to_the_next_page_of_its_kind(view: ReportView, qtbot: QtBot) -> None:
    qtbot.mouseClick(view.legend.entries["failed"], Qt.MouseButton.LeftButton)
    assert view.map.current is not None
    assert view.map.current.kind == "failed"


def test_a_page_says_its_kind_its_certainty_and_its_note() -> None:
    doubtful = replace(page(11, "ocr"), label="xii", note="The scan is faint.")
    assert page_words(doubtful) == "p. xii · Read by OCR, 40% sure · 2 passages · The scan is faint."


def test_escape_goes_back(view: ReportView, qtbot: QtBot) -> None:
    view.back.setFocus()
    with qtbot.waitSignal(view.back_asked):
        qtbot.keyClick(view.back, Qt.Key.Key_Escape)


def test_ten_thousand_pages_are_laid_out_and_painted_at_once(theme: Theme, qtbot: QtBot) -> None:
    pages = [page(index, "ocr" if index % 7 == 0 else "text", ("a.zip", f"{index // 3}")) for index in range(10_000)]
    wide = PageMap(theme)
    qtbot.addWidget(wide)
    wide.resize(900, 600)
    wide.show()
    begun = time.perf_counter()
    wide.set_pages(pages)
    laid_out_s = time.perf_counter() - begun
    assert wide.height() > 50_000
    begun = time.perf_counter()
    wide.grab(wide.rect().adjusted(0, 40_000, 0, -wide.height() + 40_600))
    assert laid_out_s < 0.5
    assert time.perf_counter() - begun < 0.25


def test_members_with_one_page_stand_on_a_line_with_their_name() -> None:
    layout = MapLayout()
    layout.set_pages([page(0), page(1, inside=("a.zip", "x.txt")), page(2, inside=("a.zip", "y.txt"))])
    layout.set_width(20 * PITCH_PX)
    assert [group.on_a_line for group in layout.groups] == [False, True, True]
    line = layout.tile(2)
    assert layout.at(200, line.center().y()) == 2
    assert layout.at(line.center().x(), line.center().y()) == 2
    assert layout.at(200, layout.tile(0).center().y()) is None


def write_half_scanned(path: Path) -> None:
    """Write a PDF with a page of text, a picture of a page, and an empty page."""
    from PIL import Image

    canvas = Canvas(str(path))
    canvas.drawString(72, 720, "The chimney was swept on 4 March.")
    canvas.showPage()
    canvas.drawImage(ImageReader(Image.new("L", (600, 800), 200)), 0, 0, 595, 842)
    canvas.showPage()
    canvas.showPage()
    canvas.save()


def write_letter_scan(path: Path) -> None:
    """Write a PDF whose one page is a picture of large print."""
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("L", (1240, 1754), 250)
    draw = ImageDraw.Draw(picture)
    draw.text((120, 200), "The chimney was swept in March", fill=20, font=ImageFont.load_default(60))
    canvas = Canvas(str(path))
    canvas.drawImage(ImageReader(picture), 0, 0, 595, 842)
    canvas.save()


def open_report(program: Program, qtbot: QtBot, name: str) -> ReportView:
    """Choose a file in the table and press the button for its report."""
    show_library(program, qtbot)
    room, files = program.window.library, program.window.library.files
    row = next(row for row in range(files.rowCount()) if files.file(row).path.name == name)
    room.table.view.selectRow(row)
    qtbot.mouseClick(room.table.report_button, Qt.MouseButton.LeftButton)
    shown = program.window.library_pages.report
    qtbot.waitUntil(lambda: program.window.library_pages.in_report and shown.title.text() == name, timeout=WAIT_MS)
    return shown


def test_the_report_of_a_real_file_leads_to_its_pages(read: Program, qtbot: QtBot) -> None:
    shown = open_report(read, qtbot, "Lease.pdf")
    assert shown.legend.entries["text"].text() == "3 text"
    qtbot.mouseClick(shown.map, Qt.MouseButton.LeftButton, pos=shown.map.tile_area(1).center())
    reader = read.window.reader
    qtbot.waitUntil(lambda: reader.page_field.text() == "2", timeout=WAIT_MS)
    assert reader.isVisible()
    qtbot.mouseClick(shown.back, Qt.MouseButton.LeftButton)
    assert read.window.library_pages.in_files


def test_pages_of_pictures_and_empty_pages_are_on_the_map(launch: Launch, papers: Path, qtbot: QtBot) -> None:
    write_half_scanned(papers / "Chimney.pdf")
    program = launch()
    program.session.workspace.change_settings(ocr_engine="off")
    add_and_read(program, qtbot, papers)
    shown = open_report(program, qtbot, "Chimney.pdf")
    assert [each.kind for each in shown.report.pages] == ["text", "scanned", "empty"]
    assert not program.window.library.summary.kinds.isHidden()
    assert "1 empty, 1 waiting for OCR" in program.window.library.summary.kinds.accessibleName()


def test_the_report_follows_the_file(launch: Launch, papers: Path, qtbot: QtBot) -> None:
    (papers / "Empty.txt").write_bytes(b"")
    program = launch()
    add_and_read(program, qtbot, papers)
    shown = open_report(program, qtbot, "Empty.txt")
    assert shown.card is not None
    (papers / "Empty.txt").write_text("The cellar is dry.", "utf-8")
    qtbot.mouseClick(shown.card.action_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: shown.card is None and shown.report.file.state == "ready", timeout=WAIT_MS)
    assert "You can ask this now" in shown.asked.words.text()


def test_a_skipped_problem_is_listed_no_more(launch: Launch, papers: Path, qtbot: QtBot) -> None:
    (papers / "Empty.txt").write_bytes(b"")
    program = launch()
    add_and_read(program, qtbot, papers)
    show_library(program, qtbot)
    problems = program.window.library.problems
    qtbot.waitUntil(lambda: len(problems.cards) == 1, timeout=WAIT_MS)
    qtbot.mouseClick(problems.cards[0].skip_button, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    qtbot.waitUntil(lambda: not problems.isVisible(), timeout=WAIT_MS)
    files = program.window.library.files
    states = [files.index(row, 2).data() for row in range(files.rowCount())]
    assert states.count("Skipped") == 1


def test_two_files_with_the_same_bytes_are_shown_under_both_names(launch: Launch, papers: Path, qtbot: QtBot) -> None:
    (papers / "Zweitschrift.md").write_bytes((papers / "Boiler.md").read_bytes())
    program = launch()
    add_and_read(program, qtbot, papers)
    show_library(program, qtbot)
    files = program.window.library.files
    assert [files.index(row, 2).data() for row in range(3)] == ["Ready", "Ready", "Ready · a copy"]
    assert "same bytes as Boiler.md" in files.index(2, 2).data(Qt.ItemDataRole.ToolTipRole)
    shown = open_report(program, qtbot, "Zweitschrift.md")
    assert "Boiler.md" in shown.same.text()


def test_pictured_pages_are_recognised_and_again_at_a_click(launch: Launch, papers: Path, qtbot: QtBot) -> None:
    write_letter_scan(papers / "Scan.pdf")
    program = launch()
    add_and_read(program, qtbot, papers, 3 * WAIT_MS)
    shown = open_report(program, qtbot, "Scan.pdf")
    qtbot.waitUntil(lambda: shown.report.pages[0].kind == "ocr", timeout=WAIT_MS)
    assert not shown.recognise.isVisible()
    qtbot.mouseClick(shown.map, Qt.MouseButton.LeftButton, pos=shown.map.tile_area(0).center())
    reader = program.window.reader
    qtbot.waitUntil(lambda: "Read by OCR" in reader.note.text(), timeout=WAIT_MS)
    assert "sure" in shown.current_label.text()
    before = shown.report.file.document_id
    qtbot.mouseClick(shown.recognise_page, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: program.session.workspace.progress().pages_to_recognise == 0, timeout=3 * WAIT_MS)
    qtbot.waitUntil(lambda: shown.report.pages[0].kind == "ocr", timeout=WAIT_MS)
    assert shown.report.file.document_id == before


def test_pages_wait_where_recognition_is_off_and_the_button_says_why(
    launch: Launch, papers: Path, qtbot: QtBot
) -> None:
    write_letter_scan(papers / "Scan.pdf")
    program = launch()
    program.session.workspace.change_settings(ocr_engine="off")
    add_and_read(program, qtbot, papers)
    shown = open_report(program, qtbot, "Scan.pdf")
    assert shown.legend.entries["scanned"].text() == "1 waiting for OCR"
    assert shown.card is not None
    qtbot.mouseClick(shown.card.action_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(program.window.messages.isVisible, timeout=WAIT_MS)
    assert "text recognition" in program.window.messages.label.text().lower()
