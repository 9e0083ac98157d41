"""PDFs: text, labels, outline, and each way in which one can be bad."""

from pathlib import Path

import pypdf
import pytest
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from rag.errors import (
    DamagedDocument,
    DocumentError,
    EmptyDocument,
    EncryptedDocument,
    UnknownFormat,
    WrongPassword,
)
from rag.ingestion.loaders.registry import default_loaders
from rag.ingestion.problems import partial_problem
from rag.types import LoadedDocument
from tests.rag.ingestion import files


def load(path: Path, password: str | None = None) -> LoadedDocument:
    return default_loaders().choose(path).load(path, password)


def test_text_is_read_page_by_page(tmp_path: Path) -> None:
    document = load(files.pdf(tmp_path / "a.pdf", ["First page", "Second page\nwith two lines"]))
    assert [page.text.strip() for page in document.pages] == ["First page", "Second page\nwith two lines"]
    assert [page.number for page in document.pages] == [1, 2]
    assert document.kind == "pdf"


def test_labels_are_those_that_pypdf_reads(tmp_path: Path) -> None:
    path = files.labelled(files.pdf(tmp_path / "book.pdf", ["words"] * 7), front_pages=3)
    labels = [page.label for page in load(path).pages]
    assert labels == list(pypdf.PdfReader(path).page_labels) == ["i", "ii", "iii", "1", "2", "3", "4"]


def test_pages_without_labels_are_called_by_their_number(tmp_path: Path) -> None:
    document = load(files.pdf(tmp_path / "a.pdf", ["words", "words"]))
    assert [page.label for page in document.pages] == ["1", "2"]


def test_outline_entries_become_headings_where_they_stand(tmp_path: Path) -> None:
    path = files.pdf(tmp_path / "a.pdf", ["On tides\nWater moves.", "On winds\nAir moves."], bookmarks=True)
    document = load(path)
    assert document.outline == ((1, "On tides", 0), (1, "On winds", 1))
    page = document.pages[1]
    assert [page.text[heading.start : heading.end].strip() for heading in page.headings] == ["On winds"]


def test_numbered_headings_are_found_but_not_running_headers_or_rows(tmp_path: Path) -> None:
    pages = [f"THE HARBOUR GAZETTE\nItem {n}. Tide Tables\nTotal income 12 13\nSome text." for n in range(1, 7)]
    document = load(files.pdf(tmp_path / "a.pdf", pages))
    assert {heading.title for page in document.pages for heading in page.headings} == {
        f"Item {n}. Tide Tables" for n in range(1, 7)
    }


def test_title_author_and_date_come_from_the_file(tmp_path: Path) -> None:
    document = load(files.pdf(tmp_path / "a.pdf", ["words"], title="Rules of the Harbour"))
    assert document.title == "Rules of the Harbour"
    assert document.created is not None


def test_a_telling_file_name_wins_over_a_foreign_title(tmp_path: Path) -> None:
    path = files.pdf(tmp_path / "Lighthouse_report_2021.pdf", ["words"], title="Template for letters")
    assert load(path).title == "Lighthouse_report_2021"


def test_encrypted_without_password_asks_for_it(tmp_path: Path) -> None:
    path = files.encrypted(files.pdf(tmp_path / "secret.pdf", ["words"]), "tide")
    with pytest.raises(EncryptedDocument) as caught:
        load(path)
    assert not isinstance(caught.value, WrongPassword)
    assert "secret.pdf" in caught.value.message


def test_encrypted_with_wrong_password_says_so(tmp_path: Path) -> None:
    path = files.encrypted(files.pdf(tmp_path / "secret.pdf", ["words"]), "tide")
    with pytest.raises(WrongPassword):
        load(path, "ebb")


def test_encrypted_with_password_is_read(tmp_path: Path) -> None:
    path = files.encrypted(files.pdf(tmp_path / "secret.pdf", ["words of tide"]), "tide")
    assert "words of tide" in load(path, "tide").pages[0].text


def test_garbage_behind_the_signature_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "bad.pdf"
    path.write_bytes(b"%PDF-1.7\n" + files.noise_bytes(5000))
    with pytest.raises(DamagedDocument) as caught:
        load(path)
    assert "bad.pdf" in caught.value.message
    assert caught.value.remedy


def test_a_truncated_file_is_damaged_or_read_in_part(tmp_path: Path) -> None:
    whole = files.pdf(tmp_path / "whole.pdf", [f"page {n} says something" for n in range(20)]).read_bytes()
    for share in (0.3, 0.6, 0.95):
        path = tmp_path / "cut.pdf"
        path.write_bytes(whole[: int(len(whole) * share)])
        try:
            assert any("says something" in page.text for page in load(path).pages)
        except DocumentError as error:
            assert error.path == path  # noqa: PT017 - either outcome is right, and both are checked.


def test_blank_pages_are_empty(tmp_path: Path) -> None:
    with pytest.raises(EmptyDocument):
        load(files.pdf(tmp_path / "blank.pdf", ["", ""]))


def test_pictures_of_pages_need_ocr(tmp_path: Path) -> None:
    document = load(files.pdf(tmp_path / "scan.pdf", ["[scan]", "[scan]"]))
    assert [page.kind for page in document.pages] == ["scanned", "scanned"]
    assert "OCR" in document.pages[0].note


def test_some_scanned_pages_are_named(tmp_path: Path) -> None:
    text = "Enough words on this page to be sure that it is one of text."
    document = load(files.pdf(tmp_path / "mixed.pdf", [text, "[scan]", text, "[scan]", "[scan]", ""]))
    assert [page.kind for page in document.pages] == ["text", "scanned", "text", "scanned", "scanned", "empty"]
    problem = partial_problem(tmp_path / "mixed.pdf", document.pages)
    assert problem is not None
    assert "pages 2, 4-5" in problem.message
    assert "OCR" in problem.message


def test_a_small_picture_on_a_page_without_letters_waits_for_recognition(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "receipt.pdf"), pagesize=A4)
    receipt = ImageReader(Image.new("L", (300, 400), "white"))
    for words in ("", "Three words here"):
        canvas.drawImage(receipt, 100, 500, 200, 260)
        canvas.drawString(72, 72, words)
        canvas.showPage()
    canvas.save()
    assert [page.kind for page in load(tmp_path / "receipt.pdf").pages] == ["scanned", "text"]


def test_a_pdf_by_another_name_is_read_as_pdf(tmp_path: Path) -> None:
    path = files.pdf(tmp_path / "a.pdf", ["Hidden words"]).rename(tmp_path / "notes.txt")
    assert load(path).kind == "pdf"


def test_a_web_page_named_pdf_is_told_plainly(tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    path.write_text("<!DOCTYPE html><html><body>404</body></html>")
    with pytest.raises(UnknownFormat) as caught:
        load(path)
    assert "web page" in caught.value.message


def test_zero_bytes_are_empty(tmp_path: Path) -> None:
    path = tmp_path / "nothing.pdf"
    path.touch()
    with pytest.raises(EmptyDocument) as caught:
        load(path)
    assert "nothing.pdf" in caught.value.message
