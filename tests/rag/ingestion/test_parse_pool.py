"""Parse processes: limits, crashes, and small messages."""

import pickle
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from rag.errors import ChangedFile, DamagedDocument, DocumentError, ReadingTimedOut
from rag.ingestion import parse_limits, parse_pool
from rag.ingestion.chunking import ChunkingOptions
from rag.ingestion.parse_pool import FileFailed, FileHashed, FileParsed, ParseEvent, ParseLimits, ParsePool
from rag.ingestion.parse_worker import MESSAGE_BYTES, ParseTask, slices
from rag.types import Page
from tests.rag.ingestion import files, loaders_for_tests

MakePool = Callable[..., ParsePool]


@pytest.fixture
def make_pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakePool]:
    """Make pools whose processes have the misbehaving loader."""
    loaders_for_tests.install(tmp_path / "plugins")
    monkeypatch.syspath_prepend(tmp_path / "plugins")
    pools: list[ParsePool] = []

    def make(size: int = 1, timeout_s: int = 60, memory_mb: int = 2048) -> ParsePool:
        pools.append(ParsePool(size, ParseLimits(timeout_s, memory_mb)))
        return pools[-1]

    yield make
    for pool in pools:
        pool.shutdown()


def task(path: Path) -> ParseTask:
    return ParseTask(path, ChunkingOptions(254), None)


def bad(folder: Path, words: str) -> ParseTask:
    path = folder / f"{words.replace(' ', '-')}.bad"
    path.write_text(words, encoding="utf-8")
    return task(path)


def outcome(pool: ParsePool) -> ParseEvent:
    """Let files be read and return the first one that ends."""
    while True:
        for event in pool.poll(None):
            if not isinstance(event, FileHashed):
                return event
            pool.go_on(event.key)


def failure(pool: ParsePool) -> DocumentError:
    event = outcome(pool)
    assert isinstance(event, FileFailed)
    assert isinstance(event.error, DocumentError)
    return event.error


def test_a_document_comes_back_whole(make_pool: MakePool, tmp_path: Path) -> None:
    pool = make_pool()
    pool.submit(5, task(files.pdf(tmp_path / "a.pdf", ["First words", "Second words"])))
    event = outcome(pool)
    assert isinstance(event, FileParsed)
    assert event.key == 5
    assert [page.text.strip() for page in event.document.pages] == ["First words", "Second words"]
    assert [passage.text for passage in event.passages] == ["First words", "Second words"]


def test_a_long_document_comes_back_in_order(make_pool: MakePool, tmp_path: Path) -> None:
    pool = make_pool()
    pool.submit(1, bad(tmp_path, "grow"))
    event = outcome(pool)
    assert isinstance(event, FileParsed)
    assert [page.index for page in event.document.pages] == list(range(30))
    assert [passage.ordinal for passage in event.passages] == list(range(len(event.passages)))


@pytest.mark.parametrize("characters", [10, MESSAGE_BYTES, 3 * MESSAGE_BYTES + 5])
def test_messages_are_small(characters: int) -> None:
    part = (Page(0, 1, "1", "x" * characters),)
    messages = list(slices(part))
    assert all(len(pickle.dumps(message)) <= MESSAGE_BYTES for message in messages)
    assert [message.last for message in messages] == [False] * (len(messages) - 1) + [True]
    assert pickle.loads(b"".join(message.data for message in messages)) == part


def test_a_slow_file_is_given_up(make_pool: MakePool, tmp_path: Path) -> None:
    pool = make_pool(timeout_s=4)
    pool.submit(1, bad(tmp_path, "sleep 60"))
    error = failure(pool)
    assert isinstance(error, ReadingTimedOut)
    assert "sleep-60.bad" in error.message
    assert "parse_timeout_s" in error.remedy


def test_a_killed_process_leaves_no_members_behind(
    make_pool: MakePool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    monkeypatch.setenv("TMPDIR", str(place))
    with zipfile.ZipFile(tmp_path / "letters.zip", "w") as archive:
        archive.writestr("slow.bad", "sleep 60")
    pool = make_pool(timeout_s=5)
    pool.submit(1, task(tmp_path / "letters.zip"))
    assert "letters.zip" in failure(pool).message
    assert [path for path in place.iterdir() if "reading" in path.name] == []


def test_a_hungry_file_is_given_up(make_pool: MakePool, tmp_path: Path) -> None:
    pool = make_pool(memory_mb=300)
    pool.submit(1, bad(tmp_path, "eat 500"))
    error = failure(pool)
    assert isinstance(error, ReadingTimedOut)
    assert "parse_memory_mb" in error.remedy


def test_a_crash_costs_one_file(make_pool: MakePool, tmp_path: Path) -> None:
    pool = make_pool()
    pool.submit(1, bad(tmp_path, "crash"))
    assert isinstance(failure(pool), DamagedDocument)
    pool.submit(2, task(files.text(tmp_path / "good.txt")))
    event = outcome(pool)
    assert isinstance(event, FileParsed)
    assert event.key == 2


def test_a_parser_bug_costs_one_file(make_pool: MakePool, tmp_path: Path) -> None:
    pool = make_pool()
    pool.submit(1, bad(tmp_path, "raise"))
    error = failure(pool)
    assert error.code == "plugin_failed"
    assert "carrel-test-loaders 1.0 failed (RuntimeError: a bug in a parser)" in error.message


def test_known_bytes_are_not_read(make_pool: MakePool, tmp_path: Path) -> None:
    pool = make_pool()
    pool.submit(1, bad(tmp_path, "crash"))
    (event,) = next(events for events in iter(lambda: pool.poll(None), None) if events)
    assert isinstance(event, FileHashed)
    pool.skip(1)
    while not pool.free:
        assert pool.poll(None) == []


def test_a_file_that_shows_signs_of_life_may_take_longer(make_pool: MakePool, tmp_path: Path) -> None:
    pool = make_pool(timeout_s=4)
    pool.submit(1, bad(tmp_path, "step 14"))
    seen = set()
    event: ParseEvent | None = None
    while not isinstance(event, FileParsed | FileFailed):
        for event in pool.poll(None):
            if isinstance(event, FileHashed):
                pool.go_on(event.key)
        seen.add(pool.step_of(1))
    assert isinstance(event, FileParsed)
    assert event.took_s > 6
    assert len(seen) > 5
    assert (13, 14) in seen


def test_a_file_that_never_ends_is_given_up_however_it_steps(
    make_pool: MakePool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parse_limits, "_LEAST_TIMEOUTS", 0.1)
    pool = make_pool(timeout_s=60)
    pool.submit(1, bad(tmp_path, "step 100"))
    assert "6 seconds" in failure(pool).message


def test_a_larger_file_may_take_longer_in_all() -> None:
    limits = ParseLimits(timeout_s=100, memory_mb=1000)
    assert limits.longest_s(0) == 500
    assert limits.longest_s(40_000_000) == 1500


def test_a_process_that_dies_once_costs_nothing(make_pool: MakePool, tmp_path: Path) -> None:
    pool = make_pool()
    pool.submit(1, bad(tmp_path, "stumble"))
    assert isinstance(outcome(pool), FileParsed)


def test_a_file_whose_reader_the_system_ends_is_not_called_damaged(make_pool: MakePool, tmp_path: Path) -> None:
    pool = make_pool()
    pool.submit(1, bad(tmp_path, "die"))
    error = failure(pool)
    assert isinstance(error, ReadingTimedOut)
    assert "memory" in error.message


def test_what_a_reader_starts_counts_and_ends_with_it(make_pool: MakePool, tmp_path: Path) -> None:
    pool = make_pool(memory_mb=400)
    pool.submit(1, bad(tmp_path, "bear 500"))
    mine = psutil.Process()
    born: set[psutil.Process] = set()
    event: ParseEvent | None = None
    while not isinstance(event, FileFailed):
        born |= set(mine.children(recursive=True)) - set(mine.children())
        for event in pool.poll(None):
            if isinstance(event, FileHashed):
                pool.go_on(event.key)
    assert "400 MB" in event.error.message
    assert born
    _, alive = psutil.wait_procs(born, timeout=20)
    assert not alive


def test_a_file_that_changes_while_it_is_read_is_not_stored(make_pool: MakePool, tmp_path: Path) -> None:
    pool = make_pool()
    pool.submit(1, bad(tmp_path, "change"))
    assert isinstance(failure(pool), ChangedFile)


def test_folders_of_a_killed_reader_are_removed(make_pool: MakePool, tmp_path: Path) -> None:
    pool = make_pool()
    pool.submit(1, bad(tmp_path, "sleep 60"))
    left = Path(tempfile.mkdtemp(prefix=f"carrel-reading-{pool._workers[0].pid}-"))
    pool.abort(1)
    assert not left.exists()


def test_slow_files_stand_aside_while_others_wait(
    make_pool: MakePool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parse_pool, "SLOW_S", 0.0)
    pool = make_pool(size=2)
    for key in (1, 2):
        pool.submit(key, bad(tmp_path, f"sleep 0.{key}"))
    assert pool.free == 0
    pool.share(waiting=True)
    assert pool.free == 1
    monkeypatch.setattr(parse_pool, "SLOW_S", 100.0)
    pool.submit(3, task(files.text(tmp_path / "good.txt")))
    done = [outcome(pool), outcome(pool)]
    assert {event.key for event in done} == {1, 3}
    monkeypatch.setattr(parse_pool, "SLOW_S", 0.0)
    pool.share(waiting=False)
    assert outcome(pool).key == 2


def test_suspended_processes_stand_still_and_go_on(make_pool: MakePool, tmp_path: Path) -> None:
    pool = make_pool(timeout_s=30)
    pool.submit(1, bad(tmp_path, "grow"))
    pool.suspend()
    assert pool.poll(0.0) == []
    pool.resume()
    assert isinstance(outcome(pool), FileParsed)


def test_an_aborted_task_leaves_no_event(make_pool: MakePool, tmp_path: Path) -> None:
    pool = make_pool()
    pool.submit(1, bad(tmp_path, "sleep 60"))
    pool.abort(1)
    assert pool.free == 1
    assert pool.poll(0.0) == []


def test_wake_ends_waiting(make_pool: MakePool) -> None:
    pool = make_pool()
    pool.wake()
    assert pool.poll(None) == []


def test_processes_end_with_the_pool(make_pool: MakePool, tmp_path: Path) -> None:
    pool = make_pool(size=2)
    before = set(psutil.Process().children())
    pool.submit(1, bad(tmp_path, "sleep 60"))
    started = set(psutil.Process().children()) - before
    pool.shutdown()
    assert not any(process.is_running() and "spawn_main" in str(process.cmdline()) for process in started)
