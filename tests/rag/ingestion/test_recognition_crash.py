"""Recognition that is cut short: by a kill, by a pause. What was done is not done again, and the rest follows."""

import subprocess
from pathlib import Path

import psutil
import pytest

from rag.storage.database import Database
from rag.storage.library import Library
from tests.rag.ingestion.conftest import Desk
from tests.rag.ingestion.scanned_files import mixed_pdf, needs_ocr, scanned_page
from tests.rag.ingestion.test_crash import kill_after, start

PAGES = 5


def book(folder: Path) -> Path:
    """Write a PDF of scans, each of which names its page."""
    return mixed_pdf(folder / "book.pdf", [scanned_page([f"Chapter {n} of the logbook."] * 5) for n in range(PAGES)])


class Shelf:
    """What is stored so far, seen from outside."""

    def __init__(self, data: Path) -> None:
        self.database = Database(data / "library.db")
        self.library = Library(self.database)

    def recognised(self) -> dict[int, list[int]]:
        """Return the ids of the passages of each recognised page."""
        collection = self.library.find_collection("Papers")
        rows = self.library.files(collection.id) if collection else []
        document_id = rows[0].document_id if rows else None
        if document_id is None:
            return {}
        passages = self.library.document_passages(document_id)
        assert [each.ordinal for each in passages] == list(range(len(passages)))
        return {
            page.index: [each.id for each in passages if each.page_index == page.index]
            for page in self.library.pages(document_id)
            if page.kind == "ocr"
        }


@needs_ocr
def test_killed_in_the_middle_goes_on_at_the_next_page(tmp_path: Path, papers: Path) -> None:
    book(papers)
    data = tmp_path / "data"
    data.mkdir()
    process = start(data, papers)
    shelf = Shelf(data)
    done: dict[int, list[int]] = {}
    while not done:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.1)
        done = shelf.recognised()
    kill_after(process, 0)
    done = shelf.recognised()
    assert 0 < len(done) < PAGES
    process = start(data, papers)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.communicate()
    after = shelf.recognised()
    shelf.database.close()
    assert len(after) == PAGES
    assert {index: after[index] for index in done} == done


def readers() -> set[str]:
    """Return the states of the processes that read, programs that they called included."""
    tracker = "multiprocessing.resource_tracker"
    found = [each for each in psutil.Process().children(recursive=True) if tracker not in " ".join(each.cmdline())]
    return {each.status() for each in found} - {psutil.STATUS_ZOMBIE}


@needs_ocr
def test_pause_stops_recognition_and_resume_ends_it(desk: Desk, papers: Path) -> None:
    book(papers)
    desk.ingestor.add_paths(desk.collection, [papers])
    desk.until(lambda: desk.ingestor.progress().pages_to_recognise in range(1, PAGES))
    desk.ingestor.pause()
    desk.until(lambda: readers() == {psutil.STATUS_STOPPED})
    left = desk.ingestor.progress().pages_to_recognise
    assert left > 0
    desk.ingestor.resume()
    desk.wait()
    assert desk.ingestor.progress().pages_to_recognise == 0
