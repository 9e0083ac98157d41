"""What stands in a PDF beside its print: forms, comments, attached files; and fonts that do not tell their letters."""

from pathlib import Path

import pypdf
import pytest
import reportlab
from pypdf.annotations import FreeText, Highlight, Text
from pypdf.generic import ArrayObject, FloatObject, NameObject
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from rag.ingestion.boxes import span_rectangles
from rag.ingestion.chunking import ChunkingOptions, chunk
from rag.ingestion.loaders.pdf import open_pdf
from rag.ingestion.loaders.pdf_garbled import is_garbled
from rag.ingestion.loaders.registry import default_loaders
from rag.ingestion.page_process import PageBoxes, page_boxes
from rag.ingestion.token_counter import WordTokenCounter
from rag.types import LoadedDocument
from tests.rag.ingestion import files

WORDS = "The keeper counted eleven ships before the fog came in from the north, and wrote each of them down."


def load(path: Path) -> LoadedDocument:
    return default_loaders().choose(path).load(path)


def form(path: Path) -> Path:
    canvas = Canvas(str(path))
    canvas.drawString(72, 700, "Application for a berth")
    fields = canvas.acroForm
    fields.textfield(name="form[0].family_name[0]", value="Tollemarsh", x=150, y=650, width=200, height=20)
    fields.textfield(name="boat", tooltip="Name of the boat", value="Corncrake", x=150, y=620, width=200, height=20)
    fields.textfield(name="nothing", value="", x=150, y=590, width=200, height=20)
    fields.textfield(name="pin", value="9876", x=150, y=560, width=200, height=20, fieldFlags="password")
    fields.checkbox(name="winter", checked=True, x=150, y=530, tooltip="Stays over winter")
    fields.checkbox(name="summer", checked=False, x=150, y=500, tooltip="Stays over summer")
    fields.choice(name="jetty", value="East", options=["East", "West"], x=150, y=470, width=90, height=20)
    canvas.save()
    return path


def boxes_of(path: Path) -> PageBoxes:
    document = open_pdf(path, None)
    assert document is not None
    try:
        return page_boxes(document[0])
    finally:
        document.close()


def test_a_filled_form_is_text_of_its_page(tmp_path: Path) -> None:
    page = load(form(tmp_path / "form.pdf")).pages[0]
    assert page.text.split("\n\n", 1)[1].splitlines() == [
        "family name: Tollemarsh",
        "Name of the boat: Corncrake",
        "Stays over winter: Yes",
        "jetty: East",
    ]


def test_a_field_is_marked_where_it_stands(tmp_path: Path) -> None:
    path = form(tmp_path / "form.pdf")
    text = load(path).pages[0].text
    found = boxes_of(path)
    assert found.text == text
    start = text.index("Corncrake")
    (rectangle,) = span_rectangles(found.boxes, found.text, start, start + len("Corncrake"))
    left, top, right, bottom = rectangle
    height = found.height
    assert (round(left), round(right)) == (150, 350)
    assert (round(height - bottom), round(height - top)) == (620, 640)


def commented(path: Path) -> Path:
    writer = pypdf.PdfWriter(clone_from=files.pdf(path, [WORDS]))
    writer.add_annotation(0, Text(rect=(72, 600, 90, 620), text="Ask the harbour master", title_bar="Ada"))
    writer.add_annotation(0, FreeText(rect=(200, 500, 400, 520), text="Berth 14 is free"))
    corners = ArrayObject([FloatObject(number) for number in (72, 770, 200, 770, 72, 755, 200, 755)])
    mark = Highlight(rect=(72, 755, 200, 770), quad_points=corners)
    mark[NameObject("/Contents")] = pypdf.generic.TextStringObject("Check this\nnumber")
    writer.add_annotation(0, mark)
    writer.write(path)
    return path


def test_comments_stand_below_the_text_of_their_page(tmp_path: Path) -> None:
    path = commented(tmp_path / "a.pdf")
    text = load(path).pages[0].text
    assert text == (f"{WORDS}\n\nComment by Ada: Ask the harbour master\nBerth 14 is free\nComment: Check this number")
    assert boxes_of(path).text == text


def with_attachments(path: Path, **members: bytes) -> Path:
    writer = pypdf.PdfWriter(clone_from=files.pdf(path, [WORDS]))
    for name, content in members.items():
        writer.add_attachment(name.replace("__", "."), content)
    writer.write(path)
    return path


def test_attached_files_are_members_behind_the_pages(tmp_path: Path) -> None:
    inner = files.pdf(tmp_path / "inner.pdf", ["Mooring costs", "Twelve a week"]).read_bytes()
    path = with_attachments(tmp_path / "a.pdf", notes__txt=b"The lantern burns four litres.", inner__pdf=inner)
    document = load(path)
    assert (document.pages[0].inside, document.pages[0].number) == ((), 1)
    assert {page.inside for page in document.pages[1:]} == {("notes.txt",), ("inner.pdf",)}
    passages = chunk(document, WordTokenCounter(), ChunkingOptions(64))
    (fact,) = [passage for passage in passages if "four litres" in passage.text]
    assert document.pages[fact.page_index].inside == ("notes.txt",)
    assert fact.locator.kind == "lines"


def test_an_attachment_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    path = with_attachments(tmp_path / "a.pdf", broken__pdf=b"%PDF-1.4 nothing", photo__xyz=bytes(range(256)) * 20)
    document = load(path)
    assert [page.kind for page in document.pages] == ["text", "failed"]
    assert [skipped.name for skipped in document.skipped] == ["photo.xyz"]


# --- Fonts that do not tell their letters -----------------------------------------------------------------------------


OWN_SIGNS = b"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Own def /CMapType 2 def
1 begincodespacerange <00> <FF> endcodespacerange 1 beginbfrange <00> <FF> <E000> endbfrange endcmap end end"""


def without_letters(path: Path) -> Path:
    """Set the second page in a font that says that its letters are signs of its own."""
    pdfmetrics.registerFont(TTFont("Vera", str(Path(reportlab.__file__).parent / "fonts" / "Vera.ttf")))
    canvas = Canvas(str(path))
    for page in range(2):
        canvas.setFont("Vera" if page else "Helvetica", 11)
        for row in range(8):
            canvas.drawString(72, 700 - 20 * row, WORDS)
        canvas.showPage()
    canvas.save()
    writer = pypdf.PdfWriter(clone_from=path)
    for font in writer.pages[1]["/Resources"]["/Font"].values():  # type: ignore[index]
        if "/ToUnicode" in font.get_object():
            font.get_object()["/ToUnicode"].get_object().set_data(OWN_SIGNS)
    writer.write(path)
    return path


def test_a_page_whose_fonts_tell_nothing_waits_for_recognition(tmp_path: Path) -> None:
    pages = load(without_letters(tmp_path / "a.pdf")).pages
    assert [page.kind for page in pages] == ["text", "scanned"]
    assert "recognition" in pages[1].note


@pytest.mark.parametrize(
    "raw",
    [
        "\ue012\ue044\ue001 \ue003" * 30,
        "\ufffd\ufffd\ufffd and \ufffd\ufffd\ufffd\ufffd " * 20,
        "(cid:12)(cid:44)(cid:3)" * 30,
        "".join(chr(1 + number % 7) for number in range(200)),
        "Qrk wplvn jbrt xcvbn mlkjh grtz pwrtk zxcvb nmlkj hgfds " * 10,
        "Ñìîòðèòåëü ìàÿêà çàïèñûâàë êàæäîå ñóäíî êîòîðîå ïðîõîäèëî ìèìî îñòðîâà " * 6,
    ],
)
def test_signs_without_meaning_are_garbled(raw: str) -> None:
    assert is_garbled(raw)


@pytest.mark.parametrize(
    "raw",
    [
        WORDS * 5,
        "Strč prst skrz krk, zmrzl čtvrthrst zrn. Vlk pln žbrnd zdrhl hrd z mlh Brd skrz vrch Smrk. " * 4,
        "Szczęśliwy chrząszcz brzmi w trzcinie w Szczebrzeszynie, przy źródle, wśród łąk i drzew. " * 4,
        "Tiếng Việt là ngôn ngữ của người Việt và là ngôn ngữ chính thức tại Việt Nam hiện nay. " * 4,
        "Смотритель маяка записывал каждое судно, которое проходило мимо острова. " * 5,
        "灯台守は島のそばを通る船をすべて書き留めた。" * 9,
        "MSFT NYSE BRKB GDPR HTTPS XKCD 1,234.5 | 88 QTRLY SHRS " * 12,
        "ACGTTGCACCGTAGGTCCA" * 30,
        "x = 12; y = 44\n" * 30,
        "d41d8cd98f00b204e9800998ecf8427e " * 20,
    ],
)
def test_texts_of_all_kinds_are_not_garbled(raw: str) -> None:
    assert not is_garbled(raw)


def test_few_signs_are_never_garbled() -> None:
    assert not is_garbled("\ue012\ue044\ue001")
