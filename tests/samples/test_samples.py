"""The sample documents are what the questions say they are, read without our own loaders."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import docx
import pypdf
import pytest

SAMPLES = Path(__file__).parents[2] / "resources" / "samples"
DOCUMENTS = SAMPLES / "documents"
QUESTIONS = [
    json.loads(line) for line in (Path(__file__).parent / "questions.jsonl").read_text(encoding="utf-8").splitlines()
]
MANIFEST = json.loads((SAMPLES / "samples.json").read_text(encoding="utf-8"))
PDFS = sorted(DOCUMENTS.glob("*.pdf"))


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)


def _joined(text: str) -> str:
    return " ".join(text.split())


def _docx_text(path: Path) -> str:
    document = docx.Document(str(path))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)


def _html_text(path: Path) -> str:
    words = _Words()
    words.feed(path.read_text(encoding="utf-8"))
    return " ".join(words.pieces)


def pages_of(path: Path) -> list[str]:
    """Return the text of each page; a format without pages is one."""
    if path.suffix == ".pdf":
        return [_joined(page.extract_text()) for page in pypdf.PdfReader(path).pages]
    if path.suffix == ".docx":
        return [_joined(_docx_text(path))]
    if path.suffix == ".html":
        return [_joined(_html_text(path))]
    return [_joined(path.read_text(encoding="utf-8"))]


def test_manifest_names_every_document_once() -> None:
    named = [document["file"] for document in MANIFEST["documents"]]
    assert sorted(named) == sorted(path.name for path in (SAMPLES / MANIFEST["folder"]).iterdir())
    assert 6 <= len(named) <= 10
    assert MANIFEST["collection"]
    assert MANIFEST["first_question"]
    assert 3 <= len(MANIFEST["suggestions"]) <= 4


def test_the_collection_is_small_and_holds_each_format() -> None:
    files = list(DOCUMENTS.iterdir())
    assert {path.suffix for path in files} == {".pdf", ".docx", ".md", ".html", ".txt"}
    assert sum(path.stat().st_size for path in files) < 1_500_000


@pytest.mark.parametrize("path", PDFS, ids=lambda path: path.stem)
def test_pdf_has_labels_that_differ_from_numbers_and_metadata_and_outline(path: Path) -> None:
    reader = pypdf.PdfReader(path)
    labels = reader.page_labels
    assert 4 <= len(reader.pages) <= 12
    assert any(label != str(number) for number, label in enumerate(labels, start=1))
    assert len(set(labels)) == len(labels)
    assert reader.metadata is not None
    assert reader.metadata.title
    assert reader.metadata.author
    assert reader.outline


@pytest.mark.parametrize("path", PDFS, ids=lambda path: path.stem)
def test_pdf_prints_its_label_at_the_foot_of_each_page(path: Path) -> None:
    reader = pypdf.PdfReader(path)
    for label, page in list(zip(reader.page_labels, reader.pages, strict=True))[1:]:
        assert label in page.extract_text().splitlines()


def test_word_files_have_headings_tables_and_lists() -> None:
    for path in DOCUMENTS.glob("*.docx"):
        document = docx.Document(str(path))
        styles = {paragraph.style.name for paragraph in document.paragraphs if paragraph.style is not None}
        assert {"Title", "Heading 1", "List Bullet"} <= styles
        assert document.tables


def test_there_are_twenty_questions_on_all_documents() -> None:
    assert len(QUESTIONS) == 20
    assert len({question["id"] for question in QUESTIONS}) == 20
    assert {question["document"] for question in QUESTIONS} == {path.name for path in DOCUMENTS.iterdir()}


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["id"])
def test_question_has_its_answer_on_exactly_the_named_page(question: dict[str, str | int | None]) -> None:
    path = DOCUMENTS / str(question["document"])
    pages = pages_of(path)
    page = int(question["page"] or 1)
    assert str(question["answer"]) in pages[page - 1]
    assert str(question["section"]) in pages[page - 1]
    if path.suffix == ".pdf":
        assert pypdf.PdfReader(path).page_labels[page - 1] == question["page_label"]
        assert [number for number, text in enumerate(pages, start=1) if str(question["answer"]) in text] == [page]
    else:
        assert question["page"] is None
        assert question["page_label"] is None


def test_no_other_document_holds_the_answer() -> None:
    texts = {path.name: " ".join(pages_of(path)) for path in DOCUMENTS.iterdir()}
    for question in QUESTIONS:
        holders = [name for name, text in texts.items() if question["answer"] in text]
        assert holders == [question["document"]], question["id"]
