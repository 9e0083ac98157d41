"""Sheets in the reader."""

from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from gui.reader.table_rows import is_table, table_of
from gui.reader.table_view import TableView
from gui.theme.theme import Theme
from rag.api import StoredPage

LINES = ("Month | Rent | Paid", "January | 900 | yes", "February | 950 | no", "March | 950 | yes")
NUMBERS = (0, 14, 15, 18)


def sheet(template: str = "Costs!B{first}:D{last}") -> StoredPage:
    """Return a page of a sheet whose header is repeated and whose rows begin at 14 and leave out two."""
    text = "\n".join(LINES)
    starts = tuple(text.index(line) for line in LINES)
    return StoredPage(
        1, 0, 1, "Costs", text, "text", b"", 0, 0,
        locator_kind="cells", unit_starts=starts, unit_numbers=NUMBERS, locator_template=template,
    )  # fmt: skip


def test_rows_keep_the_numbers_and_columns_the_letters_of_the_sheet() -> None:
    page = sheet()
    assert is_table(page)
    table = table_of(page)
    assert [row.number for row in table.rows] == list(NUMBERS)
    assert table.rows[1].cells == ("January", "900", "yes")
    assert [table.column_name(column) for column in range(table.columns)] == ["B", "C", "D"]
    assert table.rows[0].is_header


def test_columns_behind_z_have_two_letters() -> None:
    assert table_of(sheet("Costs!Z{first}:AB{last}")).column_name(1) == "AA"


def test_a_span_touches_the_rows_that_it_stands_on() -> None:
    page = sheet()
    table = table_of(page)
    start = page.text.index("February")
    assert list(table.rows_of(start, start + len("February | 950 | no"))) == [2]
    assert list(table.rows_of(page.text.index("900"), page.text.index("March") + 1)) == [1, 2, 3]
    assert not table.rows_of(len(page.text) + 5, len(page.text) + 9)


def test_the_cited_row_is_marked_with_its_number(theme: Theme, qtbot: QtBot) -> None:
    view = TableView(theme)
    qtbot.addWidget(view)
    page = sheet()
    view.resize(400, 300)
    view.show()
    view.open(table_of(page))
    start = page.text.index("February")
    view.mark((0, len(page.text)), (start, start + 8))
    assert view.marked_rows == list(NUMBERS)
    assert view.cells.headerData(2, Qt.Orientation.Vertical) == "15"
    image = view.viewport().grab().toImage()
    below = view.visualRect(view.cells.index(2, 2)).bottomRight()
    assert image.pixelColor(below.x() - 4, below.y() - 3).name() == theme.palette.cited.lower()


def test_chosen_cells_are_copied_with_tabs(theme: Theme, qtbot: QtBot) -> None:
    view = TableView(theme)
    qtbot.addWidget(view)
    view.show()
    view.open(table_of(sheet()))
    select = QItemSelectionModel.SelectionFlag.Select
    for row in (1, 2):
        for column in (0, 1):
            view.selectionModel().select(view.cells.index(row, column), select)
    qtbot.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "January\t900\nFebruary\t950"
