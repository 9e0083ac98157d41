"""Text documents and slides as LibreOffice writes them: the same facts at the same places in every format."""

import zipfile
from pathlib import Path

import docx
import pptx
import pytest
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from rag.errors import DamagedDocument, DocumentError, EmptyDocument, UnknownFormat, UnpacksTooLarge
from rag.types import locate
from tests.rag.ingestion.reading import FORMATS, found, load, passages

TEXTS = ["rules.odt", "rules.fodt", "rules.docx", "rules.rtf"]
SLIDES = ["talk.odp", "talk.pptx"]
KINDS = {"rules.odt": "odt", "rules.fodt": "odt", "rules.docx": "docx", "rules.rtf": "rtf"}
WHOLE = """Harbour rules

Boats moor at the east wall.

- No anchors in the fairway

- Lanterns are lit at dusk

Fees

Straße und Möwen, Łódź, Ωmega, 港の灯台: the keeper’s names for the piers.

Boat | Length | Fee
Dinghy | 4 m | 12
Ketch | 11 m | 48

Fees are due in March.

The harbour master lives in the mill.

The west wall fell in 1953.

Comment by Grace: Which dusk?"""


@pytest.mark.parametrize("name", TEXTS)
def test_text_documents_give_everything_in_reading_order(name: str) -> None:
    document = load(FORMATS / name)
    assert document.kind == KINDS[name]
    assert (document.title, document.author) == ("Rules of the harbour", "Ada")
    assert document.pages[0].text == WHOLE


@pytest.mark.parametrize("name", TEXTS)
def test_headings_are_found_with_their_levels(name: str) -> None:
    headings = load(FORMATS / name).pages[0].headings
    assert [(each.title, each.level) for each in headings if each.title] == [("Harbour rules", 1), ("Fees", 2)]


@pytest.mark.parametrize("name", TEXTS)
def test_a_row_is_found_with_its_header_and_its_paragraph(name: str) -> None:
    hit = found(FORMATS / name, "Ketch")
    assert "Boat | Length | Fee" in hit.text
    page = load(FORMATS / name).pages[0]
    start = page.text.index("Ketch")
    assert locate(page, start, start + 5).value == "9"
    assert locate(page, start, start + 5).kind == "paragraph"


@pytest.mark.parametrize("name", SLIDES)
def test_slides_are_pages_with_titles_and_notes(name: str) -> None:
    document = load(FORMATS / name)
    assert document.title == "Winter at the harbour"
    assert document.outline == ((1, "Winter work", 0), (1, "What boats pay", 1), (1, "Kept back", 2))
    assert document.pages[0].text == (
        "Winter work\n\nThe upper line comes first\n\nThe lower line comes second\n\nNotes:\nMention the storm of 1953."
    )


@pytest.mark.parametrize("name", SLIDES)
def test_what_stands_on_a_slide_is_located_there(name: str) -> None:
    for words, number in (
        ("storm of 1953", "1"),
        ("Ketch | 11 m | 48", "2"),
        ("Paid at the mill", "2"),
        ("sold in", "3"),
    ):
        hit = found(FORMATS / name, words)
        assert (hit.locator.kind, hit.locator.value) == ("slide", number)
    assert "Boat | Length | Fee" in found(FORMATS / name, "Ketch").text


@pytest.mark.parametrize("name", SLIDES)
def test_hidden_slides_are_said_to_be_hidden(name: str) -> None:
    assert [("hidden" in page.note) for page in load(FORMATS / name).pages] == [False, False, True]


@pytest.mark.parametrize("name", [*TEXTS, *SLIDES])
@pytest.mark.parametrize("wrong", [".txt", ".pdf", ".xlsx", ""])
def test_a_wrong_ending_makes_no_difference(tmp_path: Path, name: str, wrong: str) -> None:
    path = tmp_path / f"letter{wrong}"
    path.write_bytes((FORMATS / name).read_bytes())
    assert load(path).pages[0].text == load(FORMATS / name).pages[0].text


@pytest.mark.parametrize("name", ["rules.odt", "rules.fodt", "rules.docx", *SLIDES])
@pytest.mark.parametrize("share", [0.4, 0.9])
def test_a_cut_document_is_damaged(tmp_path: Path, name: str, share: float) -> None:
    data = (FORMATS / name).read_bytes()
    path = tmp_path / name
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(DamagedDocument) as caught:
        load(path)
    assert name in caught.value.message


def test_a_cut_rich_text_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    data = (FORMATS / "rules.rtf").read_bytes()
    path = tmp_path / "rules.rtf"
    path.write_bytes(data[: data.index(b"Fees are due") + 12])
    assert "Ketch | 11 m | 48\n\nFees are due\n" in load(path).pages[0].text


@pytest.mark.parametrize("suffix", [".odt", ".odp", ".pptx", ".rtf"])
def test_zero_bytes_are_empty_and_text_in_disguise_is_damaged(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.touch()
    with pytest.raises(EmptyDocument):
        load(path)
    path.write_text("just words")
    with pytest.raises(DamagedDocument):
        load(path)


def test_old_word_documents_say_what_to_do() -> None:
    with pytest.raises(UnknownFormat) as caught:
        load(FORMATS / "rules.doc")
    assert "Word 97" in caught.value.message
    assert ".docx" in caught.value.remedy


# --- Bombs ------------------------------------------------------------------------------------------------------------


def with_member(path: Path, sample: str, member: str, data: bytes) -> Path:
    with zipfile.ZipFile(FORMATS / sample) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, data if name == member else old.read(name))
    return path


@pytest.mark.parametrize(
    ("sample", "member"),
    [
        ("rules.docx", "word/document.xml"),
        ("rules.odt", "content.xml"),
        ("talk.pptx", "ppt/slides/slide1.xml"),
        ("talk.odp", "content.xml"),
    ],
)
def test_documents_that_unpack_without_measure_are_refused(tmp_path: Path, sample: str, member: str) -> None:
    with pytest.raises(UnpacksTooLarge) as caught:
        load(with_member(tmp_path / sample, sample, member, b"<a>" + b" " * 120_000_000))
    assert sample in caught.value.message


LAUGHS = b'<!DOCTYPE a [<!ENTITY l0 "%s">%s]><a>&l9;</a>' % (
    b"ha" * 100,
    b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10)),
)


@pytest.mark.parametrize(("sample", "member"), [("rules.docx", "word/document.xml"), ("rules.odt", "content.xml")])
def test_entities_that_grow_without_end_are_damage(tmp_path: Path, sample: str, member: str) -> None:
    with pytest.raises(DocumentError):
        load(with_member(tmp_path / sample, sample, member, LAUGHS))


# --- What only one format has -----------------------------------------------------------------------------------------


def test_a_long_word_table_repeats_its_header_without_counting_it(tmp_path: Path) -> None:
    path = tmp_path / "log.docx"
    document = docx.Document()
    document.add_heading("Fog log", 1)
    table = document.add_table(rows=120, cols=3)
    for number, row in enumerate(table.rows):
        values = (
            ("Day", "Keeper", "Hours") if number == 0 else (f"Day {number}", f"Keeper {number % 5}", str(number * 3))
        )
        for cell, value in zip(row.cells, values, strict=True):
            cell.text = value
    document.add_paragraph("The fog lifted.")
    document.save(str(path))
    read = load(path)
    rows = [passage for passage in passages(read) if " | " in passage.text]
    assert len(rows) > 3
    assert all("Day | Keeper | Hours" in passage.text for passage in rows)
    assert {passage.section for passage in rows} == {"Fog log"}
    page = read.pages[0]
    start = page.text.index("Day 119 ")
    assert locate(page, start, start + 3).value == "121"


def test_charts_are_read_as_tables(tmp_path: Path) -> None:
    path = tmp_path / "chart.pptx"
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    data = CategoryChartData()
    data.categories = ["North", "South"]
    data.add_series("2023", (12.0, 7.25))
    data.add_series("2024", (14, 8))
    frame = slide.shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, 0, 0, Inches(5), Inches(4), data)
    frame.chart.has_title = True
    frame.chart.chart_title.text_frame.text = "Ships by pier"
    deck.save(str(path))
    assert load(path).pages[0].text == "Ships by pier\n\n | 2023 | 2024\nNorth | 12 | 14\nSouth | 7.25 | 8"


def test_a_slide_without_text_is_a_page_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / "pictures.pptx"
    deck = pptx.Presentation()
    deck.slides.add_slide(deck.slide_layouts[6])
    words = deck.slides.add_slide(deck.slide_layouts[6])
    words.shapes.add_textbox(0, 0, Inches(3), Inches(1)).text_frame.text = "Only here"
    deck.save(str(path))
    document = load(path)
    assert [page.kind for page in document.pages] == ["empty", "text"]
    assert "no text" in document.pages[0].note


def rtf(path: Path, body: bytes) -> str:
    path.write_bytes(b"{\\rtf1\\ansi\\ansicpg1252\\deff0" + body + b"}")
    return load(path).pages[0].text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"caf\\'e9", "café"),
        (b"caf\xe9 raw", "café raw"),
        (b"{\\fonttbl{\\f1\\fcharset204 Arial;}}\\f1 \\'cc\\'e0\\'ff\\'ea", "Маяк"),
        (b"{\\fonttbl{\\f1\\fcharset128 Mincho;}}\\f1 \\'93\\'94\\'91\\'e4", "灯台"),
        (b"\\u26408?\\u-10179 ?\\u-9216 ?", "木🐀"),
        (b"\\uc2\\u8364 xxeuro", "€euro"),
        (b"a\\{b\\}\\\\c\\~d", "a{b}\\c\u00a0d"),
        (b"{\\header running}{\\*\\unknown secret}{\\pict 89504e47}words", "words"),
        (b"{\\field{\\*\\fldinst HYPERLINK x}{\\fldrslt a link}}", "a link"),
        (b"one\\par two\\line three", "one\n\ntwo\nthree"),
        (b"\\bin5 }}{{\\words", "words"),
        (b"open {\\b bold \\par never closed", "open bold\n\nnever closed"),
        (b"}}}} too many", "too many"),
    ],
)
def test_rich_text_is_read_in_all_its_ways(tmp_path: Path, body: bytes, text: str) -> None:
    assert rtf(tmp_path / "a.rtf", body) == text
