"""From a dropped folder to searchable documents: states, reuse, pause, cancel, limits."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from inference.api import CancelToken, ModelError
from rag.errors import DiskFull
from rag.ingestion import ingest_loop
from rag.ingestion.chunking import CHUNKING
from rag.ingestion.loaders.registry import default_loaders
from rag.reports import IndexingProgress
from rag.storage.vectors import collection_key
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


def key(desk: Desk) -> str:
    return collection_key(desk.collection, desk.embedding.identity, CHUNKING)


def indexes(desk: Desk) -> list[str]:
    return desk.vectors.keys()


def test_a_folder_of_all_formats_becomes_ready(desk: Desk, papers: Path) -> None:
    files.pdf(papers / "a.pdf", ["albatross"])
    files.word(papers / "b.docx")
    files.text(papers / "c.md", "# Birds\n\npetrel")
    files.text(papers / "d.html", "<p>cormorant</p>")
    files.text(papers / "e.py", "def gannet(): pass")
    desk.add(papers)
    assert {name: row.state for name, row in desk.files().items()} == dict.fromkeys(
        ["a.pdf", "b.docx", "c.md", "d.html", "e.py"], "ready"
    )
    for word, name in (("albatross", "a.pdf"), ("ketch", "b.docx"), ("petrel", "c.md"), ("gannet", "e.py")):
        assert desk.found(f'"{word}"') == [name]
    assert any(desk.collection in change.files for change in desk.changes)


def test_passages_are_in_the_vector_index(desk: Desk, papers: Path) -> None:
    files.text(papers / "a.txt", "albatross over the sea")
    files.text(papers / "b.txt", "ledger of the tax office")
    desk.add(papers)
    question = desk.embedding.embed_question("albatross over the sea").result()
    (best, cosine), _ = desk.vectors.query(key(desk), np.asarray(question), 2)
    assert desk.library.passages([best])[0].document == "a.txt"
    assert cosine > 0.5


def test_bad_files_are_listed_and_the_rest_goes_on(desk: Desk, papers: Path) -> None:
    files.text(papers / "good.txt", "albatross")
    (papers / "empty.txt").touch()
    (papers / "damaged.pdf").write_bytes(b"%PDF-1.4 nonsense")
    files.encrypted(files.pdf(papers / "secret.pdf", ["words"]), "tide")
    (papers / "binary.txt").write_bytes(files.noise_bytes(9000))
    (papers / "fake.docx").write_bytes(b"PK\x03\x04" + files.noise_bytes(100))
    desk.add(papers)
    codes = {name: row.problem.code for name, row in desk.files().items() if row.problem}
    assert codes == {
        "empty.txt": "document_empty",
        "damaged.pdf": "document_damaged",
        "secret.pdf": "document_encrypted",
        "binary.txt": "document_format",
        "fake.docx": "document_damaged",
    }
    for row in desk.files().values():
        assert row.problem is None or (row.path.name in row.problem.message and row.problem.remedy)
    assert desk.files()["good.txt"].state == "ready"


def test_a_document_read_in_part_is_ready_with_a_problem(open_desk: OpenDesk, papers: Path) -> None:
    desk = open_desk(ocr_engine="off")
    files.pdf(papers / "mixed.pdf", ["albatross " * 9, "[scan]"])
    desk.add(papers)
    row = desk.files()["mixed.pdf"]
    assert row.state == "ready"
    assert row.problem is not None
    assert "page 2" in row.problem.message


def test_a_password_opens_a_file_and_is_not_stored(desk: Desk, papers: Path) -> None:
    path = files.encrypted(files.pdf(papers / "secret.pdf", ["albatross"]), "ebb-and-flow")
    desk.add(papers)
    row = desk.files()["secret.pdf"]
    desk.ingestor.retry(row.id, "wrong one")
    desk.wait()
    problem = desk.files()["secret.pdf"].problem
    assert problem is not None
    assert problem.code == "document_wrong_password"
    desk.ingestor.retry(row.id, "ebb-and-flow")
    desk.wait()
    assert desk.found('"albatross"') == ["secret.pdf"]
    assert desk.ingestor.password_of(path) == "ebb-and-flow"
    stored = b"".join(each.read_bytes() for each in desk.database.path.parent.iterdir() if each.is_file())
    assert b"ebb-and-flow" not in stored


def test_same_bytes_are_read_once(desk: Desk, papers: Path) -> None:
    files.text(papers / "a.txt", "albatross")
    for name in ("b.txt", "c.txt", "d.txt"):
        shutil.copy(papers / "a.txt", papers / name)
    desk.add(papers)
    rows = desk.files().values()
    assert {row.state for row in rows} == {"ready"}
    assert len({row.document_id for row in rows}) == 1


def test_unchanged_files_are_not_read_again(desk: Desk, papers: Path) -> None:
    files.text(papers / "a.txt", "albatross")
    desk.add(papers)
    before = desk.files()
    desk.changes.clear()
    desk.add(papers)
    assert desk.files() == before


def test_vectors_are_reused_by_another_collection(desk: Desk, papers: Path, tmp_path: Path) -> None:
    files.text(papers / "a.txt", "albatross")
    desk.add(papers)
    other = desk.library.create_collection("Others").id
    desk.embedding.shutdown()
    desk.ingestor.add_paths(other, [papers])
    assert desk.ingestor.wait(other, timeout_s=60)
    assert desk.vectors.count(collection_key(other, "hashing-1-256", CHUNKING)) == 1


def test_too_large_a_file_is_refused_with_the_setting(open_desk: OpenDesk, papers: Path) -> None:
    files.text(papers / "big.txt", "word " * 300_000)
    desk = open_desk(max_file_mb=1)
    desk.add(papers)
    problem = desk.files()["big.txt"].problem
    assert problem is not None
    assert problem.code == "document_limits"
    assert "max_file_mb" in problem.remedy


@pytest.mark.usefixtures("misbehaving")
def test_a_hanging_file_does_not_hold_up_the_others(open_desk: OpenDesk, papers: Path) -> None:
    files.text(papers / "a.bad", "sleep 100")
    files.text(papers / "b.bad", "crash")
    files.text(papers / "c.txt", "albatross")
    desk = open_desk(parse_timeout_s=6)
    desk.add(papers)
    rows = desk.files()
    assert [rows[name].state for name in ("a.bad", "b.bad", "c.txt")] == ["failed", "failed", "ready"]


def test_pause_holds_everything_and_resume_goes_on(open_desk: OpenDesk, papers: Path) -> None:
    for number in range(6):
        files.text(papers / f"{number}.txt", f"albatross {number}")
    desk = open_desk()
    desk.ingestor.pause()
    desk.ingestor.add_paths(desk.collection, [papers])
    desk.until(lambda: len(desk.files()) == 6)
    assert not desk.ingestor.wait(desk.collection, "searchable", timeout_s=0.5)
    progress = desk.ingestor.progress(desk.collection)
    assert progress.paused
    assert progress.files_searchable == 0
    desk.ingestor.resume()
    desk.wait()


@pytest.mark.usefixtures("misbehaving")
def test_pause_stops_running_processes(desk: Desk, papers: Path) -> None:
    files.text(papers / "a.bad", "grow")
    files.text(papers / "b.bad", "sleep 1")
    desk.ingestor.add_paths(desk.collection, [papers])
    desk.until(lambda: desk.files().keys() == {"a.bad", "b.bad"} and bool(_parse_processes()))
    desk.ingestor.pause()
    desk.until(lambda: all(process.status() == psutil.STATUS_STOPPED for process in _parse_processes()))
    desk.ingestor.resume()
    desk.wait()


@pytest.mark.usefixtures("misbehaving")
def test_cancel_gives_up_and_adding_again_takes_up(desk: Desk, papers: Path) -> None:
    for number in range(4):
        files.text(papers / f"{number}.bad", f"sleep 30.{number}")
    desk.ingestor.add_paths(desk.collection, [papers])
    desk.until(lambda: any(row.state == "reading" for row in desk.files().values()))
    desk.ingestor.cancel(desk.collection)
    desk.until(lambda: {row.state for row in desk.files().values()} == {"cancelled"})
    assert not desk.ingestor.progress(desk.collection).running
    for number in range(4):
        files.text(papers / f"{number}.bad", f"grow {number}")
    desk.add(papers)
    assert {row.state for row in desk.files().values()} == {"ready"}


def test_waiting_can_be_cancelled(desk: Desk, papers: Path) -> None:
    files.text(papers / "a.txt")
    desk.ingestor.pause()
    desk.ingestor.add_paths(desk.collection, [papers])
    token = CancelToken()

    def on_progress(progress: IndexingProgress) -> None:
        token.cancel()

    assert not desk.ingestor.wait(desk.collection, on_progress=on_progress, cancel=token)


def test_removed_files_are_found_no_more(desk: Desk, papers: Path) -> None:
    files.text(papers / "a.txt", "albatross")
    files.text(papers / "b.txt", "petrel")
    desk.add(papers)
    removal = desk.ingestor.remove_file(desk.files()["a.txt"].id, 600)
    desk.wait()
    assert desk.found('"albatross"') == []
    assert desk.vectors.count(key(desk)) == 1
    desk.ingestor.undo_removal(removal.id)
    desk.wait()
    assert desk.found('"albatross"') == ["a.txt"]
    assert desk.vectors.count(key(desk)) == 2


def test_a_removed_collection_comes_back_with_undo(desk: Desk, papers: Path) -> None:
    files.text(papers / "a.txt", "albatross")
    desk.add(papers)
    removal = desk.ingestor.remove_collection(desk.collection, 600)
    assert desk.library.collections() == []
    desk.ingestor.undo_removal(removal.id)
    desk.wait()
    assert desk.found('"albatross"') == ["a.txt"]
    assert desk.files()["a.txt"].state == "ready"
    assert desk.vectors.count(key(desk)) == 1


def test_progress_counts_and_ends_with_nothing_left(desk: Desk, papers: Path) -> None:
    for number in range(5):
        files.text(papers / f"{number}.txt", f"albatross {number}")
    seen: list[IndexingProgress] = []
    desk.ingestor.add_paths(desk.collection, [papers])
    assert desk.ingestor.wait(desk.collection, timeout_s=60, on_progress=seen.append)
    assert seen[0].running
    last = seen[-1]
    assert (last.files_total, last.files_ready, last.passages_total, last.passages_embedded) == (5, 5, 5, 5)
    assert last.seconds_left == 0.0


def test_a_second_start_finishes_what_the_first_left(open_desk: OpenDesk, papers: Path) -> None:
    for number in range(3):
        files.text(papers / f"{number}.txt", f"albatross {number}")
    desk = open_desk()
    desk.ingestor.pause()
    desk.ingestor.add_paths(desk.collection, [papers])
    desk.until(lambda: len(desk.files()) == 3)
    desk = open_desk()
    desk.ingestor.resume()
    desk.wait()
    assert {row.state for row in desk.files().values()} == {"ready"}


def test_another_embedding_model_makes_another_index(open_desk: OpenDesk, papers: Path) -> None:
    files.text(papers / "a.txt", "albatross")
    desk = open_desk()
    desk.add(papers)
    old = key(desk)
    desk = open_desk("all-MiniLM-L6-v2")
    desk.ingestor.warm_up()
    desk.until(lambda: desk.vectors.count(key(desk)) == 1)
    desk.wait()
    desk.ingestor.warm_up()
    desk.until(lambda: old not in indexes(desk))


def test_without_an_embedding_model_words_are_found_and_the_reason_is_told(open_desk: OpenDesk, papers: Path) -> None:
    files.text(papers / "a.txt", "albatross")
    desk = open_desk(str(papers / "no-such-model"))
    desk.add(papers, until="searchable")
    assert desk.found('"albatross"') == ["a.txt"]
    with pytest.raises(ModelError):
        desk.ingestor.wait(desk.collection, "ready", timeout_s=30)
    assert desk.ingestor.problem is not None


def test_a_full_disk_halts_and_goes_on_when_there_is_room(
    open_desk: OpenDesk, papers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest_loop, "RETRY_S", 0.2)
    files.text(papers / "a.txt", "albatross " * 50_000)
    desk = open_desk()
    with desk.database.write() as connection:
        pages = connection.execute("PRAGMA page_count").get
        connection.execute(f"PRAGMA max_page_count = {pages + 4}")
    desk.ingestor.add_paths(desk.collection, [papers])
    with pytest.raises(DiskFull):
        desk.wait()
    with desk.database.write() as connection:
        connection.execute("PRAGMA max_page_count = 1000000")
    desk.until(lambda: desk.files().get("a.txt") is not None and desk.files()["a.txt"].state == "ready")
    assert desk.ingestor.problem is None


def _parse_processes() -> list[psutil.Process]:
    return [process for process in psutil.Process().children() if "spawn_main" in " ".join(process.cmdline())]
