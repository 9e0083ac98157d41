"""Workbooks as LibreOffice writes them, and workbooks that are made to do harm."""

import zipfile
from pathlib import Path

import pytest

from rag.errors import DamagedDocument, EmptyDocument, UnpacksTooLarge
from rag.ingestion.loaders import spreadsheet
from rag.types import Page
from tests.rag.ingestion.reading import FORMATS, found, load, passages

WORKBOOKS = ["ledger.xlsx", "ledger.xls", "ledger.ods"]


@pytest.mark.parametrize("name", WORKBOOKS)
def test_a_cell_is_found_with_its_header_and_its_place(name: str) -> None:
    hit = found(FORMATS / name, "Lantern")
    assert hit.locator.kind == "cells"
    assert hit.locator.value == "Costs!A1:E7"
    assert "Item | Place | Paid on | Amount | Share" in hit.text
    assert "Lantern | Lighthouse | 2024-05-01 | 48.5 | 0.1" in hit.text


@pytest.mark.parametrize("name", WORKBOOKS)
def test_sheets_are_pages_with_their_names(name: str) -> None:
    document = load(FORMATS / name)
    assert [(page.number, page.label) for page in document.pages] == [(1, "Costs"), (2, "Crew 2024"), (3, "Notes")]
    assert document.outline == ((1, "Costs", 0), (1, "Crew 2024", 1), (1, "Notes", 2))
    assert found(FORMATS / name, "Edsger").locator.value == "'Crew 2024'!A1:B4"


@pytest.mark.parametrize("name", WORKBOOKS)
def test_hidden_sheets_are_read_and_said_to_be_hidden(name: str) -> None:
    document = load(FORMATS / name)
    assert "under the third stone" in document.pages[2].text
    assert [("hidden" in page.note) for page in document.pages] == [False, False, True]


@pytest.mark.parametrize("name", ["ledger.xlsx", "ledger.xls"])
def test_a_cell_of_two_rows_counts_for_both(name: str) -> None:
    assert "North | Ada\nNorth | Grace\nSouth | Edsger" in found(FORMATS / name, "Grace").text


def test_row_numbers_are_those_of_the_sheet() -> None:
    page = load(FORMATS / "ledger.xlsx").pages[0]
    assert page.unit_numbers == (1, 3, 4, 5, 7)


@pytest.mark.parametrize("name", WORKBOOKS)
@pytest.mark.parametrize("wrong", [".csv", ".docx", ".txt", ".pdf"])
def test_a_workbook_with_a_wrong_ending_is_read(tmp_path: Path, name: str, wrong: str) -> None:
    path = tmp_path / f"ledger{wrong}"
    path.write_bytes((FORMATS / name).read_bytes())
    assert load(path).kind == "spreadsheet"


@pytest.mark.parametrize("name", WORKBOOKS)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_cut_workbook_is_damaged(tmp_path: Path, name: str, share: float) -> None:
    data = (FORMATS / name).read_bytes()
    path = tmp_path / name
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(DamagedDocument) as caught:
        load(path)
    assert name in caught.value.message


def test_a_text_named_workbook_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "ledger.xlsx"
    path.write_text("no workbook at all")
    with pytest.raises(DamagedDocument, match="spreadsheet"):
        load(path)


def rewritten(path: Path, changes: dict[str, bytes]) -> Path:
    """Write the sample workbook with other members."""
    with zipfile.ZipFile(FORMATS / "ledger.xlsx") as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, changes.get(name) or old.read(name))
    return path


SHEET = b"""<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>
%s</sheetData></worksheet>"""


def test_a_sheet_whose_cells_lie_far_apart_is_reported_and_the_others_are_read(tmp_path: Path) -> None:
    cells = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    document = load(rewritten(tmp_path / "far.xlsx", {"xl/worksheets/sheet1.xml": SHEET % cells}))
    first, second = document.pages[:2]
    assert (first.kind, first.label) == ("failed", "Costs")
    assert "far apart" in first.note
    assert "Edsger" in second.text


def test_a_workbook_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    path = rewritten(tmp_path / "bomb.xlsx", {"xl/worksheets/sheet1.xml": SHEET % (b" " * 90_000_000)})
    with pytest.raises(UnpacksTooLarge):
        load(path)


def test_a_workbook_without_words_is_empty(tmp_path: Path) -> None:
    empty = SHEET % b""
    names = [f"xl/worksheets/sheet{number}.xml" for number in (1, 2, 3)]
    with pytest.raises(EmptyDocument):
        load(rewritten(tmp_path / "empty.xlsx", dict.fromkeys(names, empty)))


def test_what_is_too_long_is_left_out_with_its_row_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheet, "MOST_CHARACTERS", 300_000)
    row = (
        b'<row r="%d"><c r="A%d"><v>%d</v></c><c r="B%d" t="inlineStr"><is><t>a boat in the harbour</t></is></c></row>'
    )
    cells = b"".join(row % (n, n, n, n) for n in range(1, 20_001))
    document = load(rewritten(tmp_path / "long.xlsx", {"xl/worksheets/sheet1.xml": SHEET % cells}))
    rows, *sheets = document.skipped
    last = max(number for page in document.pages for number in page.unit_numbers)
    assert rows.name == f"Costs, rows {last + 1:,} to 20,000"
    assert [each.name for each in sheets] == ["Crew 2024", "Notes"]
    assert len(document.pages) < 5


def test_pages_of_a_long_sheet_have_its_number_and_their_own_place(tmp_path: Path) -> None:
    row = (
        b'<row r="%d"><c r="A%d"><v>%d</v></c><c r="B%d" t="inlineStr"><is><t>a boat in the harbour</t></is></c></row>'
    )
    cells = b"".join(row % (n, n, n, n) for n in range(1, 8_001))
    document = load(rewritten(tmp_path / "long.xlsx", {"xl/worksheets/sheet1.xml": SHEET % cells}))
    costs: list[Page] = [page for page in document.pages if page.label == "Costs"]
    assert len(costs) > 1
    assert [page.index for page in document.pages] == list(range(len(document.pages)))
    assert passages(document)[-3].locator.value.startswith("Costs!A79")
