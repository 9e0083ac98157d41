"""Tables stay tables: every passage of a sheet has its header, and says which cells it is."""

from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from rag.ingestion.loaders.cell_values import CellValue, cell_text
from rag.ingestion.loaders.delimited import find_delimiter
from rag.ingestion.loaders.sheet_pages import PAGE_CHARACTERS, Row, SheetText, column_name, sheet_prefix
from rag.ingestion.loaders.table_text import find_header
from rag.types import LoadedDocument, Page, locate
from tests.rag.ingestion.reading import load, passages

HEADER = ["Number", "Keeper", "Lighthouse", "Ships", "Fog hours"]


def keepers(count: int, gap: int = 0) -> list[Row]:
    rows: list[Row] = [(1, HEADER)]
    rows += [(n + gap, [str(n), f"Keeper {n}", f"Rock {n % 7}", str(n * 13), f"{n / 7:.2f}"]) for n in range(2, count)]
    return rows


def sheet(rows: list[Row], name: str = "Log") -> LoadedDocument:
    pages = tuple(SheetText(name, sheet_prefix(name), 1, label=name).pages(rows))
    return LoadedDocument("Keepers", "spreadsheet", "spreadsheet-1", pages)


def test_every_passage_of_a_long_table_begins_with_the_header() -> None:
    cut = passages(sheet(keepers(2000)))
    assert len(cut) > 100
    assert all(passage.text.startswith(" | ".join(HEADER)) for passage in cut)


def test_every_row_stands_in_the_passage_that_is_located_at_it() -> None:
    for passage in passages(sheet(keepers(400, gap=5))):
        first, last = (int(part.lstrip("ABCDE")) for part in passage.locator.value.removeprefix("Log!").split(":"))
        numbers = [int(line.split(" | ")[0]) + 5 for line in passage.text.splitlines() if line[:1].isdigit()]
        assert numbers[-1] == last
        assert first in {numbers[0], 1}


def test_a_repeated_header_is_not_a_row_of_its_passage() -> None:
    (page,) = sheet(keepers(60)).pages
    second = page.text.index(" | ".join(HEADER), 5)
    assert locate(page, second, second + 200).value.startswith("Log!A")
    assert not locate(page, second, second + 200).value.startswith("Log!A1:")


def test_a_sheet_is_cut_into_pages_that_begin_with_the_header() -> None:
    document = sheet(keepers(9000))
    assert len(document.pages) > 2
    for page in document.pages:
        assert page.text.startswith(" | ".join(HEADER))
        assert len(page.text) < PAGE_CHARACTERS + 1000
        assert (page.number, page.label) == (1, "Log")


def test_an_inserted_row_changes_only_the_passages_around_it() -> None:
    rows = keepers(1000)
    before = {passage.text for passage in passages(sheet(rows))}
    extra: Row = (300, ["300", "Mary", "Bell Rock", "4", "1.5"])
    after = {passage.text for passage in passages(sheet([*rows[:300], extra, *rows[300:]]))}
    assert len(after - before) <= 6


def test_rows_that_are_too_wide_become_lines_with_their_header() -> None:
    header = [f"Question {n}" for n in range(40)]
    rows: list[Row] = [(n, [f"answer {n} to {q}" for q in range(40)]) for n in range(2, 6)]
    (page,) = sheet([(1, header), *rows]).pages
    assert "Question 7: answer 3 to 7\nQuestion 8: answer 3 to 8" in page.text
    assert page.unit_numbers == (1, 2, 3, 4, 5)
    start = page.text.index("answer 4 to 39")
    assert locate(page, start, start + 5).value == "Log!A4:AN4"


def test_one_wide_row_among_narrow_ones_is_written_with_its_header() -> None:
    story = "The fog came in from the north. " * 30
    (page,) = sheet([(1, HEADER), (2, ["1", "Ada", "Rock", "5", story]), (3, ["2", "Grace", "Bay", "6", "1"])]).pages
    assert "Keeper: Ada\nLighthouse: Rock\nShips: 5\nFog hours: The fog" in page.text
    assert "Number | Keeper | Lighthouse | Ships | Fog hours\n2 | Grace | Bay | 6 | 1" in page.text


def test_line_ends_in_cells_become_spaces_and_empty_columns_are_left_out() -> None:
    (page,) = sheet([(1, ["Item", "", "Note"]), (4, ["Rope", "", "two\nlines"])]).pages
    assert page.text == "Item | Note\nRope | two lines"
    assert locate(page, 0, len(page.text)).value == "Log!A1:C4"


def test_a_column_that_is_filled_far_below_is_not_lost() -> None:
    rows = [*keepers(700), (701, ["701", "Ida", "Rock", "1", "2", "", "late remark"])]
    assert "late remark" in sheet(rows).pages[-1].text


def test_a_table_without_words_has_no_pages() -> None:
    assert sheet([(1, ["", ""]), (2, [])]).pages == ()


@pytest.mark.parametrize(
    ("rows", "header"),
    [
        ([["Name", "Age"], ["Ada", "36"]], 0),
        ([["Budget 2024"], ["Item", "Amount", "Share"], ["Rope", "12", "3"]], 1),
        ([["Region", "2022", "2023", "2024"], ["North", "1", "2", "3"]], 0),
        ([["12", "13"], ["14", "15"]], None),
        ([["Ada", "12.5", "2024-01-02"], ["Grace", "13", "2024-01-03"]], None),
        ([["apples"], ["pears"], ["plums"]], None),
        ([["Depth"], ["12"], ["13"]], 0),
        ([], None),
    ],
)
def test_headers_are_told_from_titles_and_data(rows: list[list[str]], header: int | None) -> None:
    assert find_header(rows) == header


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12.0, "12"),
        (0.1 + 0.2, "0.3"),
        (-1234567.5, "-1234567.5"),
        (1e-5, "0.00001"),
        (3.25e-7, "0.000000325"),
        (1e20, "1e+20"),
        (True, "TRUE"),
        (date(2024, 3, 9), "2024-03-09"),
        (datetime(2024, 3, 9), "2024-03-09"),
        (datetime(2024, 3, 9, 14, 5), "2024-03-09 14:05"),
        (time(7, 30), "07:30"),
        (timedelta(hours=26, minutes=5), "26:05:00"),
        ("  words ", "words"),
    ],
)
def test_values_are_written_as_people_read_them(value: CellValue, text: str) -> None:
    assert cell_text(value) == text


def test_columns_have_letters() -> None:
    assert [column_name(index) for index in (0, 25, 26, 701, 702, 16383)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]


def test_sheet_names_are_quoted_as_formulas_quote_them() -> None:
    assert [sheet_prefix(name) for name in ("Costs", "Costs 2024", "Bob's")] == ["Costs!", "'Costs 2024'!", "'Bob''s'!"]


# --- CSV --------------------------------------------------------------------------------------------------------------


def csv_page(path: Path, data: bytes) -> Page:
    path.write_bytes(data)
    (page,) = load(path).pages
    return page


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_found(tmp_path: Path, delimiter: str) -> None:
    lines = ["Boat,Fee,Since".replace(",", delimiter), "Dinghy,12,2024-01-02".replace(",", delimiter)]
    page = csv_page(tmp_path / "fees.csv", "\n".join(lines).encode())
    assert page.text == "Boat | Fee | Since\nDinghy | 12 | 2024-01-02"
    assert locate(page, page.text.index("Dinghy"), len(page.text)).value == "A2:C2"


def test_commas_in_numbers_do_not_hide_semicolons() -> None:
    assert find_delimiter("Boat;Fee;Tax\nDinghy;12,5;1,2\nKetch;48;4,8\n", ".csv") == ";"


def test_quoted_line_ends_are_one_record(tmp_path: Path) -> None:
    page = csv_page(tmp_path / "a.csv", b'Boat,Note\nDinghy,"leaks\nat the bow"\nKetch,"says ""ahoy"""\n')
    assert page.text.splitlines()[1:] == ["Dinghy | leaks at the bow", 'Ketch | says "ahoy"']
    assert locate(page, page.text.index("Ketch"), len(page.text)).value == "A3:B3"


def test_empty_records_count_but_are_not_written(tmp_path: Path) -> None:
    page = csv_page(tmp_path / "a.csv", b"Boat,Fee\n\nDinghy,12\n,,\nKetch,48\n")
    assert page.unit_numbers == (1, 3, 5)


def test_csv_in_an_old_encoding_is_read(tmp_path: Path) -> None:
    rows = "Straße;Möwen;Preis\n" + "".join(f"Hafenstraße {n};für Möwen geöffnet;{n},50\n" for n in range(30))
    assert "Hafenstraße 7 | für Möwen geöffnet | 7,50" in csv_page(tmp_path / "a.csv", rows.encode("cp1252")).text


def test_the_delimiter_that_excel_names_is_taken(tmp_path: Path) -> None:
    assert csv_page(tmp_path / "a.csv", b"sep=;\nBoat;Fee\nDinghy;1,5\n").text == "Boat | Fee\nDinghy | 1,5"


def test_an_open_quote_does_not_lose_the_file(tmp_path: Path) -> None:
    assert "Ketch" in csv_page(tmp_path / "a.csv", b'Boat,Fee\nDinghy,"12\nKetch,48\n').text
