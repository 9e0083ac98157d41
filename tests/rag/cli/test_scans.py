"""Scanned pages from the outside: found by the command line on the right page, shown and marked in the right place."""

from pathlib import Path

import pytest

from rag.workspace import Workspace
from tests.rag.cli.conftest import Carrel
from tests.rag.ingestion.scanned_files import mixed_pdf, needs_ocr, scanned_page

PLAIN = "A printed page of the yearly report on the harbour and its animals, without surprises."


@needs_ocr
def test_search_names_the_scanned_page_and_the_reader_marks_it(data_dir: Path, tmp_path: Path, carrel: Carrel) -> None:
    scan = scanned_page(["The quokka sleeps in the boiler room."], dpi=200, skew=1.0, noise=20, top=300)
    path = mixed_pdf(tmp_path / "report.pdf", [PLAIN, PLAIN, scan, PLAIN])
    found = carrel("search", "where does the quokka sleep", path, "--json")
    assert found.code == 0, found.err
    best = found.json["results"][0]
    assert (best["document"], best["page"]) == ("report.pdf", 3)
    workspace = Workspace.open(data_dir)
    try:
        (collection,) = workspace.collections()
        passage = workspace.search("quokka", [collection.id]).results[0].passage
        start = passage.text.index("quokka")
        (rectangle,) = workspace.passage_rectangles(passage.document_id, 2, start, start + len("quokka"))
        left, top, right, bottom = rectangle
        assert 72 < left < right < 200
        assert 275 < top < 300 < bottom + 12 < 325
        picture = workspace.render_page(path, 2, 1.0).result()
        assert (picture.width, picture.height) == pytest.approx((595, 842), abs=1)
    finally:
        workspace.close()


@needs_ocr
def test_a_picture_is_shown_and_marked_in_its_own_pixels(data_dir: Path, tmp_path: Path, carrel: Carrel) -> None:
    path = tmp_path / "note.png"
    scanned_page(["The walrus keeps the keys."]).save(path)
    found = carrel("search", "walrus keys", path, "--json")
    best = found.json["results"][0]
    assert (best["document"], best["page"], best["locator"]["kind"]) == ("note.png", 1, "region")
    workspace = Workspace.open(data_dir)
    try:
        (collection,) = workspace.collections()
        passage = workspace.search("walrus", [collection.id]).results[0].passage
        (rectangle,) = workspace.passage_rectangles(passage.document_id, 0, passage.start, passage.end)
        region = [int(number) for number in passage.locator.value.split(",")]
        assert list(rectangle) == pytest.approx(region, abs=1.5)
        picture = workspace.render_page(path, 0, 0.5).result()
        assert (picture.width, picture.height) == (620, 877)
    finally:
        workspace.close()
