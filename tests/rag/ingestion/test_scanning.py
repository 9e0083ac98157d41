"""Finding files: what is taken, what is left, and what happens when folders vanish."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rag.errors import UnreadableFile
from rag.ingestion.loaders.registry import default_loaders
from rag.ingestion.walker import is_gone, walk
from tests.rag.ingestion import files
from tests.rag.ingestion.conftest import Desk

NOBODY = 65534
not_as_root = pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="root may read everything, whatever the permissions say"
)


@contextmanager
def without_rights() -> Iterator[None]:
    """Take root's rights away for a moment; others have none in the first place."""
    as_root = sys.platform != "win32" and os.geteuid() == 0
    if as_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if as_root:
            os.seteuid(0)


def names(root: Path) -> list[str]:
    return [found.path.name for found in walk(root, default_loaders().wanted, lambda error: None)]


def test_documents_are_found_below_a_folder(papers: Path) -> None:
    (papers / "b").mkdir()
    for name in ("z.txt", "b/a.md", "README"):
        files.text(papers / name)
    assert sorted(names(papers)) == ["README", "a.md", "z.txt"]


def test_junk_and_hidden_files_are_left_out(papers: Path) -> None:
    for folder in ("node_modules", ".git", "__pycache__"):
        (papers / folder).mkdir()
        files.text(papers / folder / "a.txt")
    for name in (".hidden.txt", "~$rules.docx", ".~lock.rules.docx#", "tool.exe", "good.txt"):
        files.text(papers / name)
    assert names(papers) == ["good.txt"]


def test_documents_of_unread_formats_are_listed(papers: Path) -> None:
    files.text(papers / "sheet.xlsx")
    assert names(papers) == ["sheet.xlsx"]


def test_loops_of_links_end(papers: Path) -> None:
    (papers / "inner").mkdir()
    files.text(papers / "inner" / "a.txt")
    (papers / "inner" / "back").symlink_to(papers, target_is_directory=True)
    (papers / "self").symlink_to(papers / "self")
    assert names(papers) == ["a.txt"]


def test_a_file_named_by_hand_is_taken_whatever_its_name(papers: Path) -> None:
    assert names(files.text(papers / "notes.xyz")) == ["notes.xyz"]


@pytest.mark.skipif(sys.platform == "win32", reason="permissions work in another way")
def test_a_file_without_permission_is_told(papers: Path) -> None:
    path = files.text(papers / "a.txt")
    path.chmod(0)
    with without_rights(), pytest.raises(UnreadableFile) as caught:
        default_loaders().choose(path)
    assert "a.txt" in caught.value.message
    assert "permission" in caught.value.remedy


@pytest.mark.skipif(sys.platform == "win32", reason="permissions work in another way")
def test_folders_without_permission_are_told_and_the_others_walked(papers: Path) -> None:
    (papers / "locked").mkdir()
    papers.chmod(0)
    unreadable: list[OSError] = []
    with without_rights():
        assert list(walk(papers, default_loaders().wanted, unreadable.append)) == []
    papers.chmod(0o700)
    assert [type(error) for error in unreadable] == [PermissionError]


def test_a_path_below_a_file_is_gone(papers: Path) -> None:
    assert is_gone(files.text(papers / "a.txt") / "b.txt")


@pytest.mark.parametrize("name", ["🚢 log 'of' \"the\" sea.txt", "é" * 125 + ".txt", "x" * 251 + ".txt"])
def test_strange_names_are_read(desk: Desk, papers: Path, name: str) -> None:
    files.text(papers / name, "albatross words")
    desk.add(papers)
    assert desk.found('"albatross"') == [name]


def test_a_missing_path_is_refused_at_once(desk: Desk, papers: Path) -> None:
    with pytest.raises(UnreadableFile) as caught:
        desk.ingestor.add_paths(desk.collection, [papers / "gone"])
    assert "gone" in caught.value.message


def test_vanished_files_are_dropped_on_rescan(desk: Desk, papers: Path) -> None:
    files.text(papers / "keep.txt", "albatross")
    gone = files.text(papers / "gone.txt", "petrel")
    desk.add(papers)
    gone.unlink()
    desk.ingestor.rescan(desk.collection)
    desk.wait()
    assert list(desk.files()) == ["keep.txt"]
    assert desk.found('"petrel"') == []


def test_new_and_changed_files_are_read_on_rescan(desk: Desk, papers: Path) -> None:
    path = files.text(papers / "a.txt", "albatross")
    desk.add(papers)
    files.text(path, "petrel instead of it")
    files.text(papers / "new.txt", "cormorant")
    desk.ingestor.rescan(desk.collection)
    desk.wait()
    assert desk.found('"albatross"') == []
    assert desk.found('"petrel"') == ["a.txt"]
    assert desk.found('"cormorant"') == ["new.txt"]


def test_a_vanished_folder_keeps_what_was_read(desk: Desk, papers: Path) -> None:
    files.text(papers / "a.txt", "albatross")
    desk.add(papers)
    papers.rename(papers.with_name("away"))
    desk.ingestor.rescan(desk.collection)
    desk.wait()
    assert desk.found('"albatross"') == ["a.txt"]
    (notice,) = desk.ingestor.notices(desk.collection)
    assert notice.path == papers
    papers.with_name("away").rename(papers)
    desk.ingestor.rescan(desk.collection)
    desk.wait()
    assert desk.ingestor.notices(desk.collection) == []


def test_a_single_file_that_was_deleted_goes(desk: Desk, papers: Path) -> None:
    path = files.text(papers / "a.txt", "albatross")
    desk.add(path)
    path.unlink()
    desk.ingestor.rescan(desk.collection)
    desk.wait()
    assert desk.files() == {}
    assert desk.library.roots(desk.collection) == []


@not_as_root
def test_permission_denied_is_told_and_read_once_allowed(desk: Desk, papers: Path) -> None:
    path = files.text(papers / "a.txt", "albatross")
    path.chmod(0)
    desk.add(papers)
    problem = desk.files()["a.txt"].problem
    assert problem is not None
    assert "permission" in problem.message
    path.chmod(0o600)
    desk.ingestor.rescan(desk.collection)
    desk.wait()
    assert desk.found('"albatross"') == ["a.txt"]


@not_as_root
def test_a_folder_that_cannot_be_listed_is_told_and_its_files_kept(desk: Desk, papers: Path) -> None:
    (papers / "inner").mkdir()
    files.text(papers / "inner" / "a.txt", "albatross")
    desk.add(papers)
    (papers / "inner").chmod(0)
    try:
        desk.ingestor.rescan(desk.collection)
        desk.wait()
        assert desk.found('"albatross"') == ["a.txt"]
        (notice,) = desk.ingestor.notices(desk.collection)
        assert notice.code == "folder_unreadable"
    finally:
        (papers / "inner").chmod(0o700)


def test_thousands_of_files_are_all_listed(open_desk: Callable[..., Desk], papers: Path) -> None:
    for number in range(2000):
        (papers / f"{number}.txt").touch()
    desk = open_desk()
    desk.ingestor.pause()
    desk.ingestor.add_paths(desk.collection, [papers])
    desk.until(lambda: len(desk.files()) == 2000)
    assert len(desk.files()) == 2000
