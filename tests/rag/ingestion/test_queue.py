"""The order of work, decisions about single files, and the pause that outlives the program."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rag.ingestion.loaders.registry import default_loaders
from tests.rag.ingestion import files, loaders_for_tests
from tests.rag.ingestion.conftest import Desk

OpenDesk = Callable[..., Desk]


@pytest.fixture
def misbehaving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    loaders_for_tests.install(tmp_path / "plugins")
    monkeypatch.syspath_prepend(tmp_path / "plugins")
    default_loaders.cache_clear()
    yield
    default_loaders.cache_clear()


def queued(desk: Desk, papers: Path, count: int = 5) -> None:
    """Add files while reading is paused."""
    for number in range(count):
        files.text(papers / f"{number}.txt", f"albatross {number}")
    desk.ingestor.pause()
    desk.ingestor.add_paths(desk.collection, [papers])
    desk.until(lambda: len(desk.files()) == count and not desk.ingestor._loop.pending(None))


def names(desk: Desk) -> list[str]:
    return [job.file.path.name for job in desk.ingestor.jobs(100)]


def test_jobs_are_listed_in_the_order_of_work(desk: Desk, papers: Path) -> None:
    queued(desk, papers)
    assert names(desk) == ["0.txt", "1.txt", "2.txt", "3.txt", "4.txt"]
    assert {job.stage for job in desk.ingestor.jobs(100)} == {"waiting"}
    assert len(desk.ingestor.jobs(2)) == 2
    desk.ingestor.resume()
    desk.wait()
    assert desk.ingestor.jobs(100) == ()


def test_a_file_put_first_is_read_first(desk: Desk, papers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Of two processes the second could be quicker to start, and read several files before the first has read one.
    monkeypatch.setattr(desk.budget, "parse_workers", lambda: 1)
    queued(desk, papers)
    desk.ingestor.index_next(desk.files()["3.txt"].id)
    assert names(desk)[0] == "3.txt"
    desk.ingestor.resume()
    desk.wait()
    documents = {name: row.document_id for name, row in desk.files().items() if row.document_id is not None}
    assert min(documents, key=lambda name: documents[name]) == "3.txt"


def test_a_cancelled_file_is_left_and_can_be_taken_up(desk: Desk, papers: Path) -> None:
    queued(desk, papers)
    row = desk.files()["1.txt"]
    desk.ingestor.cancel_file(row.id)
    desk.until(lambda: desk.files()["1.txt"].state == "cancelled")
    desk.ingestor.resume()
    desk.wait()
    assert desk.files()["1.txt"].state == "cancelled"
    desk.ingestor.index_next(row.id)
    desk.wait()
    assert desk.files()["1.txt"].state == "ready"


@pytest.mark.usefixtures("misbehaving")
def test_a_file_can_be_cancelled_while_it_is_read(desk: Desk, papers: Path) -> None:
    files.text(papers / "a.bad", "sleep 60")
    files.text(papers / "b.txt", "albatross")
    desk.ingestor.add_paths(desk.collection, [papers])
    desk.until(lambda: desk.files().get("a.bad") is not None and desk.files()["a.bad"].state == "reading")
    (job,) = [job for job in desk.ingestor.jobs(9) if job.file.path.name == "a.bad"]
    assert (job.stage, job.can_be_asked) == ("reading", False)
    desk.ingestor.cancel_file(job.file.id)
    desk.wait()
    assert {name: row.state for name, row in desk.files().items()} == {"a.bad": "cancelled", "b.txt": "ready"}


def test_a_pause_survives_the_end_and_reading_goes_on_at_the_same_file(open_desk: OpenDesk, papers: Path) -> None:
    desk = open_desk()
    queued(desk, papers)
    before = names(desk)
    desk = open_desk()
    assert desk.ingestor.paused
    assert desk.ingestor.progress().paused
    assert not desk.ingestor.wait(desk.collection, "searchable", timeout_s=0.3)
    assert names(desk) == before
    desk.ingestor.resume()
    desk.wait()
    desk = open_desk()
    assert not desk.ingestor.paused


def test_all_failed_files_are_read_again(desk: Desk, papers: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (papers / name).touch()
    desk.add(papers)
    assert {row.state for row in desk.files().values()} == {"failed"}
    files.text(papers / "a.txt", "albatross")
    assert desk.ingestor.retry_failed(desk.collection) == 2
    desk.wait()
    assert {name: row.state for name, row in desk.files().items()} == {"a.txt": "ready", "b.txt": "failed"}


def test_one_password_opens_all_files_that_it_fits(desk: Desk, papers: Path) -> None:
    for name, password in (("a.pdf", "tide"), ("b.pdf", "tide"), ("c.pdf", "ebb")):
        files.encrypted(files.pdf(papers / name, [f"albatross {name}"]), password)
    desk.add(papers)
    assert desk.ingestor.unlock(desk.collection, "tide") == 3
    desk.wait()
    states = {name: row.state for name, row in desk.files().items()}
    assert states == {"a.pdf": "ready", "b.pdf": "ready", "c.pdf": "failed"}


def test_a_skipped_file_is_trouble_no_more(desk: Desk, papers: Path) -> None:
    (papers / "a.txt").touch()
    desk.add(papers)
    desk.changes.clear()
    desk.ingestor.accept(desk.files()["a.txt"].id)
    assert desk.library.unread_files(desk.collection) == []
    assert any(desk.collection in change.files for change in desk.changes)
    assert not desk.ingestor.progress(desk.collection).running


@pytest.mark.usefixtures("misbehaving")
def test_a_file_that_keeps_changing_is_tried_three_times_and_told(desk: Desk, papers: Path) -> None:
    files.text(papers / "a.bad", "change")
    files.text(papers / "b.txt", "albatross")
    desk.add(papers)
    row = desk.files()["a.bad"]
    assert row.problem is not None
    assert (row.state, row.problem.code) == ("failed", "file_changed")
    assert desk.files()["b.txt"].state == "ready"


@pytest.mark.usefixtures("misbehaving")
def test_a_good_file_whose_process_died_once_is_ready(desk: Desk, papers: Path) -> None:
    files.text(papers / "a.bad", "stumble")
    desk.add(papers)
    assert desk.files()["a.bad"].state == "ready"


def test_work_waits_for_the_plug_if_the_user_wants_that(desk: Desk, papers: Path) -> None:
    plugged = False
    desk.budget._battery = lambda: not plugged
    desk.budget._ask_battery_at = 0.0
    desk.budget.on_battery = "pause"
    files.text(papers / "a.txt", "albatross")
    desk.ingestor.add_paths(desk.collection, [papers])
    desk.until(lambda: desk.ingestor.progress(desk.collection).held)
    assert not desk.ingestor.wait(desk.collection, "searchable", timeout_s=0.3)
    desk.budget.on_battery = "slow"
    desk.wait()
