"""Pictures of pages and marks on them, from the process that opens the file."""

import tempfile
import zipfile
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import psutil
import pytest
from reportlab.pdfbase.pdfmetrics import stringWidth

from rag.errors import DamagedDocument, DocumentGone, EncryptedDocument, ReadingTimedOut, UnreadableFile
from rag.ingestion.loaders.registry import default_loaders
from rag.ingestion.pages import PagePicture, PageRenderer
from tests.rag.ingestion import files

LINES = "The harbour wakes early.\nAn ebbing tide uncovers the reef."


@pytest.fixture
def renderer() -> Iterator[PageRenderer]:
    renderer = PageRenderer()
    yield renderer
    renderer.shutdown()


def child() -> psutil.Process:
    """Return the process that draws: the one child that is no helper of multiprocessing itself."""
    (found,) = [process for process in psutil.Process().children() if "spawn_main" in " ".join(process.cmdline())]
    return found


def dark_bounds(picture: PagePicture) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of everything dark."""
    dark = [
        (offset % picture.stride // 4, offset // picture.stride)
        for offset in range(0, len(picture.pixels), 4)
        if picture.pixels[offset] < 128
    ]
    xs, ys = [x for x, _ in dark], [y for _, y in dark]
    return min(xs), min(ys), max(xs) + 1, max(ys) + 1


def test_a_page_is_drawn_at_its_size(renderer: PageRenderer, tmp_path: Path) -> None:
    path = files.pdf(tmp_path / "a.pdf", [LINES])
    picture = renderer.render(path, 0, 0.5).result()
    assert (picture.width, picture.height) == (298, 421)
    assert len(picture.pixels) == picture.stride * picture.height
    assert min(picture.pixels) < 128


def test_marks_lie_where_the_words_were_drawn(renderer: PageRenderer, tmp_path: Path) -> None:
    path = files.pdf(tmp_path / "a.pdf", [LINES])
    start = LINES.index("tide")
    ((left, top, right, bottom),) = renderer.span_rectangles(path, 0, start, start + 4).result()
    indent = stringWidth("An ebbing ", "Helvetica", 11)
    assert left == pytest.approx(files.LEFT + indent, abs=1)
    assert right == pytest.approx(files.LEFT + indent + stringWidth("tide", "Helvetica", 11), abs=1)
    baseline = 72 + files.LINE_HEIGHT
    assert top < baseline < bottom
    assert bottom - top < 1.5 * files.LINE_HEIGHT


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_marks_follow_a_turned_page(renderer: PageRenderer, tmp_path: Path, degrees: int) -> None:
    path = files.turned(files.pdf(tmp_path / "a.pdf", ["tide"]), degrees)
    ((left, top, right, bottom),) = renderer.span_rectangles(path, 0, 0, 4).result()
    drawn = dark_bounds(renderer.render(path, 0, 1.0).result())
    assert left - 2 <= drawn[0]
    assert top - 2 <= drawn[1]
    assert right + 2 >= drawn[2]
    assert bottom + 2 >= drawn[3]
    assert (right - left) * (bottom - top) < 3 * (drawn[2] - drawn[0]) * (drawn[3] - drawn[1])


def test_a_span_over_two_lines_has_two_marks(renderer: PageRenderer, tmp_path: Path) -> None:
    path = files.pdf(tmp_path / "a.pdf", [LINES])
    assert len(renderer.span_rectangles(path, 0, 4, len(LINES)).result()) == 2


def test_boxes_belong_to_the_text_that_is_indexed(renderer: PageRenderer, tmp_path: Path) -> None:
    path = files.pdf(tmp_path / "a.pdf", [LINES])
    boxes = renderer.page_boxes(path, 0).result()
    assert boxes.text == default_loaders().choose(path).load(path).pages[0].text
    assert boxes.boxes.shape == (len(boxes.text), 4)


def test_a_file_that_says_something_else_now_is_not_marked(renderer: PageRenderer, tmp_path: Path) -> None:
    path = files.pdf(tmp_path / "a.pdf", [LINES])
    assert renderer.span_rectangles(path, 0, 0, 5, text="another text").result() == []


def test_an_encrypted_page_needs_its_password(renderer: PageRenderer, tmp_path: Path) -> None:
    path = files.encrypted(files.pdf(tmp_path / "a.pdf", [LINES]), "tide")
    with pytest.raises(EncryptedDocument):
        renderer.render(path, 0, 0.2).result()
    assert renderer.render(path, 0, 0.2, "tide").result().width > 0


def test_a_vanished_file_and_a_missing_page_are_told(renderer: PageRenderer, tmp_path: Path) -> None:
    path = files.pdf(tmp_path / "a.pdf", [LINES])
    with pytest.raises(UnreadableFile):
        renderer.render(tmp_path / "gone.pdf", 0, 1.0).result()
    with pytest.raises(DamagedDocument):
        renderer.render(path, 7, 1.0).result()


def test_a_dead_process_costs_one_page(renderer: PageRenderer, tmp_path: Path) -> None:
    path = files.pdf(tmp_path / "a.pdf", [LINES])
    renderer.render(path, 0, 0.2).result()
    child().suspend()
    waiting = renderer.render(path, 0, 0.2)
    child().kill()
    with pytest.raises(DamagedDocument):
        waiting.result()
    assert renderer.render(path, 0, 0.2).result().width > 0


def test_a_page_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    path = files.pdf(tmp_path / "a.pdf", [LINES])
    renderer = PageRenderer(timeout_s=20)
    try:
        renderer.render(path, 0, 0.2).result()
        renderer._timeout_s = 0.2
        child().suspend()
        with pytest.raises(ReadingTimedOut):
            renderer.render(path, 0, 0.2).result()
    finally:
        renderer.shutdown()


def test_a_huge_zoom_is_bounded(renderer: PageRenderer, tmp_path: Path) -> None:
    picture = renderer.render(files.pdf(tmp_path / "a.pdf", [LINES]), 0, 100.0).result()
    assert picture.width * picture.height <= 41_000_000


def packed(folder: Path, pdf: Path) -> Path:
    """Put a PDF into a message in an archive."""
    message = EmailMessage()
    message["Subject"] = "Rent"
    message["From"] = "ann@example.org"
    message.set_content("See the lease.")
    message.add_attachment(pdf.read_bytes(), maintype="application", subtype="pdf", filename="lease.pdf")
    with zipfile.ZipFile(folder / "letters.zip", "w") as archive:
        archive.writestr("2021/rent.eml", message.as_bytes())
    return folder / "letters.zip"


def test_a_page_of_a_pdf_in_a_message_in_an_archive_is_drawn_and_marked(
    renderer: PageRenderer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    monkeypatch.setenv("TMPDIR", str(place))
    path = files.pdf(tmp_path / "a.pdf", ["Parties", LINES])
    archive, inside = packed(tmp_path, path), ("2021/rent.eml", "lease.pdf")
    plain, found = renderer.render(path, 1, 0.5), renderer.render(archive, 1, 0.5, inside=inside)
    assert found.result() == plain.result()
    start = LINES.index("tide")
    marks = renderer.span_rectangles(archive, 1, start, start + 4, text=LINES, inside=inside).result()
    assert marks == renderer.span_rectangles(path, 1, start, start + 4).result()
    with pytest.raises(DocumentGone):
        renderer.render(archive, 0, 1, inside=("2021/rent.eml", "other.pdf")).result()
    renderer.shutdown()
    assert list(place.iterdir()) == []
