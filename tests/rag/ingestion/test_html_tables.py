"""Tables of web pages: those with data keep their header in every passage, those for layout stay as they are seen."""

from pathlib import Path

from rag.types import LoadedDocument
from tests.rag.ingestion.reading import load, passages

HEADER = "Number | Keeper | Lighthouse | Fog hours"


def row(cells: list[str], tag: str = "td") -> str:
    return "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"


def keepers(tag: str, count: int = 200) -> str:
    rows = [row([str(n), f"Keeper {n}", f"Rock {n % 7}", str(n * 3)]) for n in range(1, count + 1)]
    return row(HEADER.split(" | "), tag) + "".join(rows)


def page(folder: Path, body: str) -> LoadedDocument:
    path = folder / "page.html"
    path.write_text(f"<html><body>{body}</body></html>", encoding="utf-8")
    return load(path)


def text(folder: Path, body: str) -> str:
    return page(folder, body).pages[0].text


def test_every_passage_of_a_long_table_holds_its_header(tmp_path: Path) -> None:
    for tag in ("th", "td"):
        document = page(tmp_path, f"<p>Log of the coast.</p><table>{keepers(tag)}</table><p>The end.</p>")
        cut = [passage for passage in passages(document) if "Keeper " in passage.text]
        assert len(cut) > 10
        assert all(HEADER in passage.text for passage in cut)
        for number in range(1, 201):
            assert sum(f"\n{number} | Keeper {number} | " in passage.text for passage in cut) == 1


def test_rows_count_as_paragraphs_and_repeated_headers_do_not(tmp_path: Path) -> None:
    document = page(tmp_path, f"<table>{keepers('th')}</table><p>The end of the log.</p>")
    assert passages(document)[-1].locator.value.endswith("202")


def test_headers_of_two_rows_become_one(tmp_path: Path) -> None:
    head = "<tr><th rowspan=2>Port</th><th colspan=2>2024</th></tr><tr><th>Ships</th><th>Fees</th></tr>"
    found = text(tmp_path, f"<table>{head}{row(['Bergen', '12', '480'])}</table>")
    assert found.strip() == "Port | 2024 Ships | 2024 Fees\nBergen | 12 | 480"


def test_a_title_over_all_columns_stands_above_the_table(tmp_path: Path) -> None:
    head = "<tr><th colspan=2>Fees of the harbour</th></tr>" + row(["Boat", "Fee"], "th")
    found = text(tmp_path, f"<table>{head}{row(['Ketch', '48'])}</table>")
    assert found.strip() == "Fees of the harbour\n\nBoat | Fee\nKetch | 48"


def test_a_cell_over_several_rows_stands_in_each_of_them(tmp_path: Path) -> None:
    rows = "<tr><td rowspan=2>Bergen</td><td>May</td><td>7</td></tr><tr><td>June</td><td>9</td></tr>"
    found = text(tmp_path, f"<table>{row(['Port', 'Month', 'Ships'], 'th')}{rows}{row(['Oslo', 'May', '3'])}</table>")
    assert found.strip() == "Port | Month | Ships\nBergen | May | 7\nBergen | June | 9\nOslo | May | 3"


def test_an_empty_cell_keeps_its_column(tmp_path: Path) -> None:
    found = text(tmp_path, f"<table>{row(['Port', 'Note', 'Ships'], 'th')}{row(['Oslo', '', '3'])}</table>")
    assert found.strip().endswith("Oslo |  | 3")


def test_a_table_for_layout_is_written_as_it_is_seen(tmp_path: Path) -> None:
    inner = "<table>" + row(["Home", "Fees"]) + row(["News", "Maps"]) + "</table>"
    nested = f"<table><tr><td>{inner}</td><td></td><td>The harbour is open.</td></tr></table>"
    assert text(tmp_path, nested).strip() == "Home | Fees News | Maps | The harbour is open."
    told = f"<table role=presentation>{keepers('td')}</table>"
    assert text(tmp_path, told).count("Lighthouse") == 1
    columns = "<table><tr><td>Home Fees Maps</td><td><p>One.</p><p>Two.</p></td></tr></table>"
    assert text(tmp_path, columns).strip() == "Home Fees Maps | One. Two."


def test_names_beside_values_are_no_header(tmp_path: Path) -> None:
    facts = "".join(f"<tr><th>Fact {n}</th><td>Value {n}</td></tr>" for n in range(60))
    assert text(tmp_path, f"<table>{facts}</table>").count("Fact 0") == 1


def test_text_between_rows_stays_where_it_is(tmp_path: Path) -> None:
    body = f"<table><caption>Log</caption>{keepers('th', 3)}</table><h2>Next</h2><table>{keepers('th', 3)}</table>"
    lines = [line for line in text(tmp_path, body).splitlines() if line]
    assert (lines[0], lines[1], lines[5], lines[6]) == ("Log", HEADER, "Next", HEADER)


def test_spans_beyond_reason_do_no_harm(tmp_path: Path) -> None:
    wild = "<tr><td rowspan=999999999 colspan=999999999>Oslo</td><td rowspan=0>3</td><td rowspan=x>4</td></tr>"
    found = text(tmp_path, f"<table>{row(['Port', 'Ships'], 'th')}{wild}{row(['Rome', '5'])}</table>")
    assert "Rome" in found
