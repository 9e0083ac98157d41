"""What text recognition holds in memory: the models of one process at most, and only while pages wait for them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from inference.api import Memory
from rag.ingestion.chunking import ChunkingOptions
from rag.ingestion.ocr.choice import OcrOptions, looks
from rag.ingestion.ocr.page_task import RecogniseTask
from rag.ingestion.ocr.rapid import rapidocr_installed
from rag.ingestion.ocr.tesseract import find_tesseract
from rag.ingestion.parse_pool import PageRecognised, ParseEvent, ParseLimits, ParsePool
from rag.ingestion.parse_process import ParseProcess, Task, needs_models
from rag.ingestion.parse_worker import ParseTask
from rag.types import LoadedDocument, Page
from tests.rag.ingestion import files
from tests.rag.ingestion.conftest import Desk
from tests.rag.ingestion.scanned_files import mixed_pdf, scanned_page

OpenDesk = Callable[..., Desk]

needs_rapidocr = pytest.mark.skipif(not rapidocr_installed(), reason="RapidOCR is not installed")
needs_both = pytest.mark.skipif(
    not (rapidocr_installed() and find_tesseract()), reason="RapidOCR or Tesseract is not installed"
)
CLEAR = ["The quokka sleeps in the boiler room."] * 3
COARSE = scanned_page(CLEAR, dpi=72, noise=25)
"""Tesseract is not sure of it."""


class Watch:
    """Sees each task of the processes that hold models, from its start to its end."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tasks: list[Task] = []
        self.most = 0
        self.pids: list[int] = []
        self._at_work: set[int] = set()
        give, receive = ParseProcess.give, ParseProcess.receive

        def seen_give(process: ParseProcess, key: int, task: Task, attempt: int = 1) -> None:
            self.tasks.append(task)
            if needs_models(task):
                self._at_work.add(key)
                self.most = max(self.most, len(self._at_work))
                self.pids.append(process.pid)
            give(process, key, task, attempt)

        def seen_receive(process: ParseProcess) -> ParseEvent | None:
            event = receive(process)
            if process.task is None:
                self._at_work.discard(process.key)
            return event

        monkeypatch.setattr(ParseProcess, "give", seen_give)
        monkeypatch.setattr(ParseProcess, "receive", seen_receive)

    def engines(self) -> list[str]:
        return [task.ocr.engine for task in self.tasks if isinstance(task, RecogniseTask)]


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    return Watch(monkeypatch)


@pytest.fixture
def pool() -> Iterator[ParsePool]:
    made = ParsePool(2, ParseLimits(60, 2048))
    yield made
    made.shutdown()


def page_task(path: Path) -> RecogniseTask:
    page = Page(0, 1, "1", "", "scanned")
    return RecogniseTask(
        path, LoadedDocument("a", "pdf", "pdf-1", ()), page, OcrOptions("rapidocr"), ChunkingOptions(254), None
    )


@needs_rapidocr
def test_two_pages_of_rapidocr_never_run_at_once(open_desk: OpenDesk, papers: Path, watch: Watch) -> None:
    desk = open_desk(ocr_engine="rapidocr")
    for name in ("a.pdf", "b.pdf"):
        mixed_pdf(papers / name, [scanned_page([f"{name} {number}", *CLEAR]) for number in range(2)])
    desk.add(papers)
    assert watch.engines() == ["rapidocr"] * 4
    assert watch.most == 1
    assert len(set(watch.pids)) == 1
    assert desk.found("quokka")


@needs_rapidocr
def test_the_process_with_models_ends_when_no_page_waits(open_desk: OpenDesk, papers: Path, watch: Watch) -> None:
    desk = open_desk(ocr_engine="rapidocr")
    mixed_pdf(papers / "a.pdf", [scanned_page(CLEAR)])
    desk.add(papers)
    assert len(watch.pids) == 1
    desk.until(lambda: not psutil.pid_exists(watch.pids[0]))


@needs_rapidocr
def test_a_process_that_holds_models_reads_no_files(pool: ParsePool, tmp_path: Path, watch: Watch) -> None:
    scan = mixed_pdf(tmp_path / "a.pdf", [scanned_page(CLEAR)])
    pool.submit(1, page_task(scan))
    assert (pool.free, pool.free_for_models) == (1, False)
    while not any(isinstance(event, PageRecognised) for event in pool.poll(None)):
        pass
    assert pool.free_for_models
    pool.submit(2, ParseTask(files.pdf(tmp_path / "b.pdf", ["Words"]), ChunkingOptions(254), None))
    assert not psutil.pid_exists(watch.pids[0])


@needs_both
def test_only_doubtful_pages_get_a_second_look(desk: Desk, papers: Path, watch: Watch) -> None:
    mixed_pdf(papers / "a.pdf", [scanned_page(CLEAR, dpi=200), COARSE])
    desk.add(papers)
    assert sorted(watch.engines()) == ["rapidocr", "tesseract", "tesseract"]
    assert watch.most == 1
    pages = desk.library.pages(desk.files()["a.pdf"].document_id or 0)
    assert all("quokka" in page.text for page in pages)


@needs_both
def test_without_free_memory_there_is_no_second_look(desk: Desk, papers: Path, watch: Watch) -> None:
    desk.ingestor._loop.recognition._free_memory = lambda: Memory(free_mb=500, total_mb=4000)
    mixed_pdf(papers / "a.pdf", [COARSE])
    desk.add(papers)
    assert watch.engines() == ["tesseract"]


@needs_both
def test_both_engines_are_asked_one_by_one() -> None:
    options = OcrOptions("auto", ("eng",))
    assert looks(options) == (OcrOptions("tesseract", ("eng",)), OcrOptions("rapidocr", ("eng",)))
