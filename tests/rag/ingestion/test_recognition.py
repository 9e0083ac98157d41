"""Text recognition of pages, from the file to the search: what is read, what is kept, what is done again."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from rag.ingestion.boxes import span_rectangles, unpack
from rag.ingestion.ocr import choice
from tests.rag.ingestion import files
from tests.rag.ingestion.conftest import Desk
from tests.rag.ingestion.scanned_files import mixed_pdf, needs_ocr, scanned_page

OpenDesk = Callable[..., Desk]

FACTS = ("The quokka sleeps in the boiler room.", "The walrus keeps the keys of the tower.", "A narwhal paid 4711.")


def text_page(number: int) -> str:
    return f"This is printed page number {number} of the yearly report on the harbour and its animals."


def kinds(desk: Desk, name: str) -> list[str]:
    document_id = desk.files()[name].document_id
    assert document_id is not None
    return [page.kind for page in desk.library.pages(document_id)]


@needs_ocr
def test_scanned_pages_inside_a_text_pdf_are_recognised_and_only_those(desk: Desk, papers: Path) -> None:
    scans = {8 + i: scanned_page([fact] * 6, dpi=200, skew=1.2, noise=20) for i, fact in enumerate(FACTS)}
    mixed_pdf(papers / "report.pdf", [scans.get(i, text_page(i + 1)) for i in range(20)])
    desk.add(papers)
    row = desk.files()["report.pdf"]
    assert (row.state, row.problem) == ("ready", None)
    pages = desk.library.pages(row.document_id or 0)
    assert [page.index for page in pages if page.kind == "ocr"] == [8, 9, 10]
    assert all(0.85 < (page.confidence or 0) <= 1 for page in pages if page.kind == "ocr")
    assert all(page.confidence is None for page in pages if page.kind != "ocr")
    passages = desk.library.document_passages(row.document_id or 0)
    assert [passage.ordinal for passage in passages] == list(range(len(passages)))
    assert [passage.page_index for passage in passages] == sorted(passage.page_index for passage in passages)
    assert {passage.page_index for passage in passages} == set(range(20))
    for passage in passages:
        assert pages[passage.page_index].text[passage.start : passage.end] == passage.text
    assert desk.found("quokka") == desk.found("narwhal") == desk.found("walrus") == ["report.pdf"]


@needs_ocr
def test_words_are_boxed_where_they_stand(desk: Desk, papers: Path) -> None:
    mixed_pdf(papers / "scan.pdf", [scanned_page(["First line here.", "The quokka sleeps below."], top=400)])
    desk.add(papers)
    page = desk.library.page(desk.files()["scan.pdf"].document_id or 0, 0)
    assert page is not None
    start = page.text.index("quokka")
    (rectangle,) = span_rectangles(unpack(page.boxes), page.text, start, start + len("quokka"))
    left, top, right, bottom = rectangle
    # Drawn 72 points from the left, the second line 14 x 1.4 points below the first, which stands at 400.
    assert left == pytest.approx(72 + 25, abs=6)
    assert right - left == pytest.approx(42, abs=8)
    assert top < 400 + 19.6 < bottom + 5
    assert bottom - top < 26


@needs_ocr
@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.webp", "a.gif", "a.bmp"])
def test_pictures_of_each_format_are_documents(desk: Desk, papers: Path, name: str) -> None:
    picture = scanned_page([FACTS[0]])
    picture.save(papers / name)
    desk.add(papers)
    row = desk.files()[name]
    assert row.state == "ready"
    assert desk.found("quokka") == [name]
    (passage,) = desk.library.document_passages(row.document_id or 0)
    assert (passage.page, passage.locator.kind) == (1, "region")
    left, top, right, bottom = (int(number) for number in passage.locator.value.split(","))
    assert 0 < left < right < picture.width
    assert 150 < top < 120 / 72 * 150 < bottom + 10 < 300


@needs_ocr
def test_picture_that_a_camera_says_to_turn_is_read_upright(desk: Desk, papers: Path) -> None:
    picture = scanned_page([FACTS[0]] * 4)
    exif = Image.Exif()
    exif[0x0112] = 6  # Turn clockwise by a quarter to show it.
    picture.rotate(90, expand=True).save(papers / "photo.jpg", exif=exif)
    desk.add(papers)
    row = desk.files()["photo.jpg"]
    page = desk.library.page(row.document_id or 0, 0)
    assert page is not None
    assert (page.width, page.height) == picture.size
    assert desk.found("quokka") == ["photo.jpg"]


@needs_ocr
def test_frames_of_a_tiff_are_pages(desk: Desk, papers: Path) -> None:
    first, second = (scanned_page([fact] * 3) for fact in FACTS[:2])
    first.save(papers / "fax.tiff", save_all=True, append_images=[second])
    desk.add(papers)
    passages = desk.library.document_passages(desk.files()["fax.tiff"].document_id or 0)
    assert [(each.page, each.locator.kind, each.locator.value) for each in passages] == [
        (1, "page", "1"),
        (2, "page", "2"),
    ]
    assert "walrus" in passages[1].text


def test_tiny_pictures_are_kept_as_empty_without_a_problem(desk: Desk, papers: Path) -> None:
    Image.new("RGB", (48, 48), "red").save(papers / "icon.png")
    desk.add(papers)
    row = desk.files()["icon.png"]
    assert (row.state, row.problem) == ("ready", None)
    assert kinds(desk, "icon.png") == ["empty"]


def test_truncated_and_enormous_pictures_are_refused_with_reasons(desk: Desk, papers: Path) -> None:
    picture = scanned_page([FACTS[0]])
    picture.save(papers / "cut.png")
    data = (papers / "cut.png").read_bytes()
    (papers / "cut.png").write_bytes(data[: len(data) // 2])
    Image.new("1", (20_000, 20_000)).save(papers / "bomb.png")
    desk.add(papers)
    problems = {name: row.problem.message if row.problem else "" for name, row in desk.files().items()}
    assert "damaged" in problems["cut.png"]
    assert "million pixels" in problems["bomb.png"]


@needs_ocr
def test_page_with_nothing_to_read_is_empty_and_says_so(desk: Desk, papers: Path) -> None:
    blank = Image.new("L", (1240, 1754), 250)
    mixed_pdf(papers / "blank.pdf", [text_page(1), blank])
    desk.add(papers)
    row = desk.files()["blank.pdf"]
    pages = desk.library.pages(row.document_id or 0)
    assert [page.kind for page in pages] == ["text", "empty"]
    assert "found no text" in pages[1].note
    assert row.problem is None


def test_switched_off_pages_stay_scanned_with_the_remedy(open_desk: OpenDesk, papers: Path) -> None:
    desk = open_desk(ocr_engine="off")
    mixed_pdf(papers / "mixed.pdf", [text_page(1), scanned_page([FACTS[0]])])
    mixed_pdf(papers / "scan.pdf", [scanned_page([FACTS[0]])])
    desk.add(papers)
    for name, row in desk.files().items():
        assert row.state == "ready"
        assert kinds(desk, name)[-1] == "scanned"
        assert row.problem is not None
        assert row.problem.code == "document_scanned_pages"
        assert "ocr_engine" in row.problem.remedy
        assert "tesseract-ocr" in row.problem.remedy


def test_without_any_engine_pages_stay_scanned(
    open_desk: OpenDesk, papers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(choice, "rapidocr_installed", lambda: False)
    mixed_pdf(papers / "scan.pdf", [scanned_page([FACTS[0]])])
    desk = open_desk()
    desk.add(papers)
    assert kinds(desk, "scan.pdf") == ["scanned"]
    assert desk.ingestor.progress().pages_to_recognise == 0


@needs_ocr
def test_what_waited_is_recognised_once_it_is_switched_on(open_desk: OpenDesk, papers: Path) -> None:
    mixed_pdf(papers / "scan.pdf", [scanned_page([FACTS[0]])])
    open_desk(ocr_engine="off").add(papers)
    desk = open_desk()
    desk.until(lambda: kinds(desk, "scan.pdf") == ["ocr"])
    desk.wait()
    assert desk.files()["scan.pdf"].problem is None
    assert desk.found("quokka") == ["scan.pdf"]


@needs_ocr
def test_same_bytes_in_two_files_are_recognised_once(desk: Desk, papers: Path) -> None:
    mixed_pdf(papers / "one.pdf", [scanned_page([FACTS[0]])])
    shutil.copy(papers / "one.pdf", papers / "two.pdf")
    desk.add(papers)
    rows = desk.files()
    assert rows["one.pdf"].document_id == rows["two.pdf"].document_id
    assert {row.state for row in rows.values()} == {"ready"}


@needs_ocr
def test_page_in_an_archive_is_recognised(desk: Desk, papers: Path, tmp_path: Path) -> None:
    import zipfile

    mixed_pdf(tmp_path / "lease.pdf", [text_page(1), scanned_page([FACTS[1]])])
    with zipfile.ZipFile(papers / "letters.zip", "w") as archive:
        archive.write(tmp_path / "lease.pdf", "2021/lease.pdf")
    desk.add(papers)
    passages = desk.library.document_passages(desk.files()["letters.zip"].document_id or 0)
    found = [passage for passage in passages if "walrus" in passage.text]
    assert [(each.inside[-1].rsplit("/", 1)[-1], each.page) for each in found] == [("lease.pdf", 2)]


@needs_ocr
def test_chosen_page_with_text_is_read_again_as_a_picture(desk: Desk, papers: Path) -> None:
    files.pdf(papers / "mojibake.pdf", [text_page(1), text_page(2)])
    desk.add(papers)
    row = desk.files()["mojibake.pdf"]
    assert desk.ingestor.recognise(row.id, [1]) == 1
    desk.wait()
    assert kinds(desk, "mojibake.pdf") == ["text", "ocr"]
    passages = desk.library.document_passages(row.document_id or 0)
    assert [passage.page_index for passage in passages] == [0, 1]
    assert "number 2" in passages[1].text
    desk.until(lambda: desk.files()["mojibake.pdf"].state == "ready")


@needs_ocr
def test_document_read_anew_keeps_what_was_recognised(desk: Desk, papers: Path) -> None:
    mixed_pdf(papers / "scan.pdf", [scanned_page([FACTS[0]])])
    desk.add(papers)
    first = desk.files()["scan.pdf"]
    with desk.library.db.write() as connection:
        connection.execute("UPDATE document SET loader = 'pdf-0'")
        connection.execute("UPDATE page SET text = replace(text, 'quokka', 'zebra') WHERE kind = 'ocr'")
    desk.ingestor.retry(first.id)
    desk.wait()
    second = desk.files()["scan.pdf"]
    assert second.document_id != first.document_id
    assert kinds(desk, "scan.pdf") == ["ocr"]
    # Only stored text could say zebra: the page was not recognised again.
    assert desk.found("zebra") == ["scan.pdf"]
