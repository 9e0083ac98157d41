"""A second revision, an interrupted import, a full disk: what is stored is always one whole thing or the other."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from inference.api import Cancelled, CancelToken
from rag.bundles import ExchangeProgress
from rag.errors import BundleError, BundleOlder, CollectionExists, DiskFull
from rag.storage.bundles import writer
from rag.storage.bundles.export import ExportRequest, export_bundle
from rag.storage.bundles.importing import Importer, ImportRequest
from rag.storage.database import Database
from rag.storage.library import Library
from rag.types import FolderRules
from tests.rag.bundles.builders import MODEL, fill, read, stored, write
from tests.rag.storage.builders import leftovers

FIRST = {"a.pdf": ("the lease of March", "the notice"), "b.pdf": ("a letter",), "c.pdf": ("tides of May",)}
SECOND = {"a.pdf": ("the lease of March", "the notice"), "b.pdf": ("another letter",), "d.pdf": ("ferry times",)}


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Library]:
    """The library of another computer, in the data folder `there`."""
    (tmp_path / "there").mkdir()
    database = Database(tmp_path / "there" / "library.db")
    yield Library(database)
    database.close()


@pytest.fixture
def there(tmp_path: Path) -> Path:
    return tmp_path / "there"


def revise(library: Library, collection_id: int) -> None:
    """Make the collection hold the second set of documents."""
    for row in library.files(collection_id):
        library.remove_file(row.id)
    fill(library, collection_id, SECOND)


def test_everything_that_a_document_has_arrives(library: Library, other: Library, tmp_path: Path, there: Path) -> None:
    made = library.create_collection("Papers")
    fill(library, made.id, FIRST)
    write(library, made.id, tmp_path / "p.carrel")
    report = read(other, there, tmp_path / "p.carrel")
    assert stored(other, report.collection_id) == stored(library, made.id)
    (row,) = [row for row in other.files(report.collection_id) if row.path.name == "a.pdf"]
    assert row.problem is not None
    assert row.problem.code == "document_scanned_pages"
    assert row.problem.path == tmp_path / "p.carrel" / "a.pdf"
    assert other.unembedded(None, MODEL.identity, 10) == []
    assert set(leftovers(other).values()) == {0}


def test_rules_for_folders_arrive(library: Library, other: Library, tmp_path: Path, there: Path) -> None:
    made = library.create_collection("Papers")
    fill(library, made.id, FIRST)
    rules = FolderRules(("*.tmp", "/drafts/"), hidden=True, max_size_mb=2.5, suffixes=(".pdf",))
    library.bring_rules(made.id, rules)
    write(library, made.id, tmp_path / "p.carrel")
    assert other.rules_of(read(other, there, tmp_path / "p.carrel").collection_id) == rules


def test_newer_revision_stores_what_changed_and_lets_go_of_what_left(
    library: Library, other: Library, tmp_path: Path, there: Path
) -> None:
    made = library.create_collection("Papers")
    fill(library, made.id, FIRST)
    write(library, made.id, tmp_path / "p.carrel")
    first = read(other, there, tmp_path / "p.carrel")
    kept = next(row for row in other.files(first.collection_id) if row.path.name == "a.pdf")
    revise(library, made.id)
    assert write(library, made.id, tmp_path / "p.carrel").revision == 2
    report = read(other, there, tmp_path / "p.carrel")
    assert report.collection_id == first.collection_id
    assert (report.updated, report.added, report.changed, report.removed, report.unchanged) == (True, 1, 1, 1, 1)
    assert other.file(kept.id) == kept
    assert stored(other, report.collection_id) == stored(library, made.id)
    assert set(leftovers(other).values()) == {0}


def test_export_of_the_same_things_keeps_its_revision(library: Library, tmp_path: Path) -> None:
    made = library.create_collection("Papers")
    fill(library, made.id, FIRST)
    first, again = (write(library, made.id, tmp_path / name) for name in ("p.carrel", "q.carrel"))
    assert (first.revision, again.revision) == (1, 1)
    revise(library, made.id)
    assert write(library, made.id, tmp_path / "p.carrel").revision == 2


def test_older_revision_is_refused_and_says_how_to_go_back(
    library: Library, other: Library, tmp_path: Path, there: Path
) -> None:
    made = library.create_collection("Papers")
    fill(library, made.id, FIRST)
    write(library, made.id, tmp_path / "old.carrel")
    revise(library, made.id)
    write(library, made.id, tmp_path / "new.carrel")
    read(other, there, tmp_path / "new.carrel")
    with pytest.raises(BundleOlder, match="revision 1 of “Papers”; you have revision 2"):
        read(other, there, tmp_path / "old.carrel")


def test_file_that_moved_is_found_at_its_new_place(
    library: Library, other: Library, tmp_path: Path, there: Path
) -> None:
    made = library.create_collection("Papers")
    fill(library, made.id, FIRST)
    write(library, made.id, tmp_path / "p.carrel")
    read(other, there, tmp_path / "p.carrel")
    (tmp_path / "p.carrel").rename(tmp_path / "q.carrel")
    report = read(other, there, tmp_path / "q.carrel")
    assert (report.unchanged, report.added) == (3, 0)
    assert {row.path.parent for row in other.files(report.collection_id)} == {tmp_path / "q.carrel"}


def test_taken_name_is_numbered_unless_it_was_asked_for(
    library: Library, other: Library, tmp_path: Path, there: Path
) -> None:
    made = library.create_collection("Papers")
    fill(library, made.id, FIRST)
    write(library, made.id, tmp_path / "p.carrel")
    other.create_collection("papers")
    with pytest.raises(CollectionExists):
        Importer(other, there).store(ImportRequest(tmp_path / "p.carrel", name="Papers", model=MODEL))
    assert read(other, there, tmp_path / "p.carrel").name == "Papers (2)"


def test_removed_collection_comes_back_with_where_it_came_from(
    library: Library, other: Library, tmp_path: Path, there: Path
) -> None:
    made = library.create_collection("Papers")
    fill(library, made.id, FIRST)
    write(library, made.id, tmp_path / "p.carrel")
    report = read(other, there, tmp_path / "p.carrel")
    before = other.attachment(report.collection_id), other.attached_ids(report.collection_id)
    removal = other.set_aside_collection(report.collection_id, 60)
    assert other.attachment(report.collection_id) is None
    again = read(other, there, tmp_path / "p.carrel")
    assert (again.added, again.updated) == (3, False)
    other.undo_removal(removal.id)
    assert (other.attachment(report.collection_id), other.attached_ids(report.collection_id)) == before
    assert set(leftovers(other).values()) == {0}


def test_purged_collection_leaves_no_name_of_its_file(
    library: Library, other: Library, tmp_path: Path, there: Path
) -> None:
    made = library.create_collection("Papers")
    fill(library, made.id, FIRST)
    write(library, made.id, tmp_path / "p.carrel")
    report = read(other, there, tmp_path / "p.carrel")
    other.set_aside_collection(report.collection_id, 0)
    with other.db.write() as connection:
        connection.execute("DELETE FROM removal")
        left = [connection.execute(f"SELECT count(*) FROM {table}").get for table in ("bundle", "attached_file")]
    assert left == [0, 0]


def test_cancelled_import_leaves_nothing(library: Library, other: Library, tmp_path: Path, there: Path) -> None:
    made = library.create_collection("Papers")
    fill(library, made.id, FIRST)
    write(library, made.id, tmp_path / "p.carrel")
    for stage in ("copying", "checking", "storing"):
        cancel = CancelToken()

        def stop(progress: ExchangeProgress, stage: str = stage, cancel: CancelToken = cancel) -> None:
            if progress.stage == stage:
                cancel.cancel()

        with pytest.raises(Cancelled):
            Importer(other, there).store(ImportRequest(tmp_path / "p.carrel", model=MODEL), stop, cancel)
        assert other.collections() == []
        assert list((there / "incoming").iterdir()) == []
        assert set(leftovers(other).values()) == {0}


def test_cancelled_export_leaves_nothing_and_keeps_an_older_file(library: Library, tmp_path: Path) -> None:
    made = library.create_collection("Papers")
    fill(library, made.id, FIRST)
    target = tmp_path / "out" / "p.carrel"
    target.parent.mkdir()
    target.write_bytes(b"older")
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        export_bundle(library, ExportRequest(made.id, target, "carrel 0"), lambda _: cancel.cancel(), cancel)
    assert target.read_bytes() == b"older"
    assert list(target.parent.iterdir()) == [target]


class FullDisk:
    """A file on a disk that has room for so many bytes."""

    def __init__(self, file: IO[bytes], room: int) -> None:
        self._file = file
        self._room = room

    def write(self, data: bytes) -> int:
        self._room -= len(data)
        if self._room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._file.write(data)

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Needs a disk that is full")
def test_full_disk_leaves_nothing_half_and_keeps_an_older_file(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = library.create_collection("Papers")
    fill(library, made.id, FIRST)
    target = tmp_path / "out" / "p.carrel"
    target.parent.mkdir()
    target.write_bytes(b"older")
    made_writer = writer.BundleWriter.__init__
    for room in (10, 3_000, 4_000):
        monkeypatch.setattr(
            writer.BundleWriter,
            "__init__",
            lambda self, file, *rest, room=room: made_writer(self, FullDisk(file, room), *rest),
        )
        with pytest.raises(DiskFull, match="nothing half-written was kept"):
            write(library, made.id, target)
        assert target.read_bytes() == b"older"
        assert list(target.parent.iterdir()) == [target]


def test_import_that_does_not_fit_is_refused_before_it_begins(
    library: Library, other: Library, tmp_path: Path, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = library.create_collection("Papers")
    fill(library, made.id, FIRST)
    write(library, made.id, tmp_path / "p.carrel")
    usage = os.statvfs(there)
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000})())
    assert usage
    with pytest.raises(DiskFull):
        read(other, there, tmp_path / "p.carrel")
    assert other.collections() == []


def test_folder_that_is_not_there_is_told(library: Library, tmp_path: Path) -> None:
    made = library.create_collection("Papers")
    fill(library, made.id, FIRST)
    with pytest.raises(BundleError, match="cannot be written"):
        write(library, made.id, tmp_path / "nowhere" / "p.carrel")


KILLED_WHILE_STORING = """
import os, signal, sys
from pathlib import Path
from rag.storage.bundles import importing
from rag.storage.database import Database
from rag.storage.library import Library
from tests.rag.bundles.builders import read

take = importing._Storing.take
taken = 0

def take_some(self, *arguments):
    global taken
    if taken == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
    taken += 1
    take(self, *arguments)

importing._Storing.take = take_some
there = Path(sys.argv[1])
read(Library(Database(there / "library.db")), there, Path(sys.argv[2]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Kills with a signal")
@pytest.mark.parametrize("after", [0, 1, 2])
@pytest.mark.parametrize("update", [False, True])
def test_killed_import_is_completed_at_the_next_start_though_the_file_is_gone(
    library: Library, tmp_path: Path, there: Path, after: int, update: bool
) -> None:
    there.mkdir()
    bundle = tmp_path / "p.carrel"
    made = library.create_collection("Papers")
    if update:
        fill(library, made.id, FIRST)
        write(library, made.id, bundle)
        database = Database(there / "library.db")
        read(Library(database), there, bundle)
        database.close()
        revise(library, made.id)
    else:
        fill(library, made.id, SECOND)
    write(library, made.id, bundle)
    done = subprocess.run([sys.executable, "-c", KILLED_WHILE_STORING, there, bundle, str(after)], check=False)
    assert done.returncode == -signal.SIGKILL
    bundle.unlink()
    database = Database(there / "library.db")
    other = Library(database)
    importer = Importer(other, there)
    importer.sweep()
    (report,) = importer.resume(MODEL, CancelToken())
    importer.sweep()
    assert stored(other, report.collection_id) == stored(library, made.id)
    assert list((there / "incoming").iterdir()) == []
    assert set(leftovers(other).values()) == {0}
    attachment = other.attachment(report.collection_id)
    assert attachment is not None
    assert attachment.incoming is None
    database.close()


def test_import_whose_copy_is_lost_leaves_no_half_collection(
    library: Library, other: Library, tmp_path: Path, there: Path
) -> None:
    half = other.create_collection("Half")
    other.begin_attachment(half.id, "0" * 32, tmp_path / "p.carrel", "0" * 64)
    assert Importer(other, there).resume(MODEL, CancelToken()) == []
    assert other.collections() == []
