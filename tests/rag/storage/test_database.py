"""The database file: transactions, threads, migrations and what the environment does to it."""

import gzip
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import apsw
import pytest

from rag.errors import DataFolderDamaged, DataFolderInUse, DataFolderNewer, DiskFull, FolderNotWritable
from rag.storage import failures
from rag.storage.database import Database
from rag.storage.library import Library
from rag.storage.migrations import MIGRATIONS, backup_path
from tests.rag.storage.builders import add, found, leftovers

RELEASES = sorted((Path(__file__).parent / "releases").glob("*.db.gz"))


def create_and_fail(library: Library, name: str) -> None:
    with library.db.write():
        library.create_collection(name)
        raise RuntimeError


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_failed_transaction_leaves_nothing(library: Library) -> None:
    with pytest.raises(RuntimeError):
        create_and_fail(library, "A")
    assert library.collections() == []


def test_a_failed_part_of_a_transaction_leaves_the_rest(library: Library) -> None:
    with library.db.write():
        library.create_collection("A")
        with pytest.raises(RuntimeError):
            create_and_fail(library, "B")
    assert [collection.name for collection in library.collections()] == ["A"]


def test_reads_inside_a_write_see_it_and_others_do_not(library: Library) -> None:
    with ThreadPoolExecutor(1) as pool, library.db.write():
        library.create_collection("A")
        assert len(library.collections()) == 1
        assert pool.submit(library.collections).result() == []
    assert len(library.collections()) == 1


def test_a_read_sees_one_moment(library: Library) -> None:
    with ThreadPoolExecutor(1) as pool, library.db.read() as connection:
        assert connection.execute("SELECT count(*) FROM collection").get == 0
        pool.submit(library.create_collection, "A").result()
        assert connection.execute("SELECT count(*) FROM collection").get == 0
        assert library.collections() == []
    assert len(library.collections()) == 1


def test_readers_cannot_write(db: Database) -> None:
    with pytest.raises(FolderNotWritable), db.read() as connection:
        connection.execute("DELETE FROM collection")


def test_many_threads_write_and_read(library: Library) -> None:
    together = threading.Barrier(8)

    def work(number: int) -> int:
        together.wait()
        library.create_collection(f"Collection {number}")
        return len(library.collections())

    with ThreadPoolExecutor(8) as pool:
        assert max(pool.map(work, range(8))) <= 8
    assert len(library.collections()) == 8


def test_close_leaves_one_file(tmp_path: Path) -> None:
    database = Database(tmp_path / "library.db")
    Library(database).create_collection("A")
    with database.read():
        pass
    database.close()
    assert names_in(tmp_path) == ["library.db"]


def test_a_reader_in_use_at_the_end_is_closed_afterwards(tmp_path: Path) -> None:
    database = Database(tmp_path / "library.db")
    with database.read():
        database.close()
    assert names_in(tmp_path) == ["library.db"]


def test_the_folder_is_made(tmp_path: Path) -> None:
    Database(tmp_path / "new" / "folder 😀 'q'" / "library.db").close()
    assert (tmp_path / "new" / "folder 😀 'q'" / "library.db").exists()


def test_two_processes_take_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.storage.database._BUSY_TIMEOUT_MS", 1)
    first, second = Database(tmp_path / "library.db"), Database(tmp_path / "library.db")
    with first.write(), pytest.raises(DataFolderInUse), second.write():
        pass
    with second.write():
        Library(second).create_collection("B")
    assert [collection.name for collection in Library(first).collections()] == ["B"]
    first.close()
    second.close()


def test_a_newer_folder_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    Database(path, [*MIGRATIONS, ("9999-future", "CREATE TABLE future (x)")]).close()
    before = path.read_bytes()
    with pytest.raises(DataFolderNewer) as caught:
        Database(path)
    assert str(tmp_path) in caught.value.message
    assert caught.value.path == tmp_path
    assert path.read_bytes() == before


def test_a_backup_precedes_the_first_pending_step(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    old = Database(path)
    Library(old).create_collection("Kept")
    old.close()
    assert names_in(tmp_path) == ["library.db"]

    def rename(connection: apsw.Connection) -> None:
        connection.execute("UPDATE collection SET name = 'Renamed'")

    steps = [*MIGRATIONS, ("0002-rename", rename), ("0003-more", "CREATE TABLE more (x)")]
    new = Database(path, steps)
    assert Library(new).collections()[0].name == "Renamed"
    new.close()
    backup = Database(backup_path(path, "0002-rename"))
    assert Library(backup).collections()[0].name == "Kept"
    backup.close()
    assert names_in(tmp_path) == ["library-before-0002-rename.db", "library.db"]
    Database(path, steps).close()


def test_a_failed_step_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    Database(path).close()
    with pytest.raises(apsw.SQLError):
        Database(path, [*MIGRATIONS, ("0002-bad", "CREATE TABLE half (x); CREATE TABLE collection (x);")])
    database = Database(path)
    with database.read() as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'half'").get == 0
    database.close()


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
def test_each_release_is_upgraded(release: Path, tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    path.write_bytes(gzip.decompress(release.read_bytes()))
    database = Database(path)
    library = Library(database)
    collection = library.find_collection("Released")
    assert collection is not None
    assert collection.passages == 2
    assert found(library, "released words", collection.id) == ["released words of page one"]
    assert not any(leftovers(library).values())
    database.close()


def test_releases_are_kept() -> None:
    assert RELEASES


def test_a_full_disk_keeps_what_was_there(library: Library) -> None:
    collection = library.create_collection("A")
    add(library, collection.id, "a.pdf", "first words")
    with library.db.write() as connection:
        pages = connection.execute("PRAGMA page_count").get
    library.db._writer.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DiskFull) as caught:
        add(library, collection.id, "b.pdf", *(f"page {number} " + "words " * 2000 for number in range(50)))
    assert caught.value.remedy
    assert caught.value.path == library.db.path.parent
    library.db._writer.execute("PRAGMA max_page_count = 1000000")
    assert found(library, "first words", collection.id) == ["first words"]
    assert not any(leftovers(library).values())
    add(library, collection.id, "b.pdf", "second words")
    assert found(library, "second words", collection.id) == ["second words"]


@pytest.mark.parametrize("garbage", [b"This is no database. " * 500, b"SQLite format 3\0" + b"\xff" * 8000])
def test_a_damaged_file_is_named(tmp_path: Path, garbage: bytes) -> None:
    path = tmp_path / "library.db"
    path.write_bytes(garbage)
    with pytest.raises(DataFolderDamaged) as caught:
        Database(path)
    assert caught.value.path == path


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FolderNotWritable) as caught:
        Database(tmp_path / "file" / "folder" / "library.db")
    assert caught.value.path == tmp_path / "file" / "folder"


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "library.db").mkdir()
    with pytest.raises(FolderNotWritable):
        Database(tmp_path / "library.db")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(FolderNotWritable):
        Database(tmp_path / "library.db")


@pytest.mark.parametrize(
    ("raised", "known"),
    [
        (apsw.FullError(), DiskFull),
        (apsw.ReadOnlyError(), FolderNotWritable),
        (apsw.CorruptError(), DataFolderDamaged),
        (apsw.IOError(), DataFolderDamaged),
    ],
)
def test_what_sqlite_reports_becomes_a_known_error(raised: Exception, known: type[Exception], tmp_path: Path) -> None:
    with pytest.raises(known), failures.sqlite_failures(tmp_path / "library.db"):
        raise raised


def test_an_io_error_on_a_full_disk_is_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "_FULL_BELOW_BYTES", 1 << 62)
    with pytest.raises(DiskFull), failures.sqlite_failures(tmp_path / "library.db"):
        raise apsw.IOError
    assert not failures.nearly_full(tmp_path / "gone" / "library.db")


def test_system_errors_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(DiskFull), failures.file_failures(tmp_path / "x"):
        raise OSError(28, "No space left on device")
    with pytest.raises(FileNotFoundError), failures.file_failures(tmp_path / "x"):
        raise FileNotFoundError(2, "No such file")
