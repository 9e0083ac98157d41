"""Finding files: what is taken, what is left, and what happens when folders vanish."""

import os
import shutil
import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from rag.errors import UnreadableFile
from rag.ingestion.loaders.registry import default_loaders
from rag.ingestion.selection import Selection
from rag.ingestion.walker import is_gone, walk
from rag.types import FolderRules
from tests.rag.ingestion import files
from tests.rag.ingestion.conftest import Desk

NOBODY = 65534
ALL = FolderRules()
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
    return [Path(path).name for path, _, _ in walk(str(root), everything(root), lambda error: None)]


def everything(root: Path, rules: FolderRules = ALL) -> Selection:
    return Selection(str(root), rules, default_loaders().wanted)


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
        assert list(walk(str(papers), everything(papers), unreadable.append)) == []
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
    desk.ingestor.purge_removed().result(30)
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


def test_a_moved_file_is_neither_read_nor_embedded_again(desk: Desk, papers: Path) -> None:
    (papers / "in").mkdir()
    old = files.text(papers / "a.txt", "albatross")
    desk.add(papers)
    document, embedded = desk.files()["a.txt"].document_id, count_embedded(desk)
    old.rename(papers / "in" / "b.txt")
    desk.ingestor.rescan(desk.collection)
    desk.wait()
    assert list(desk.files()) == ["b.txt"]
    assert desk.files()["b.txt"].document_id == document
    assert embedded == []
    assert desk.found('"albatross"') == ["b.txt"]


def count_embedded(desk: Desk) -> list[str]:
    """Return a list that grows by each text that is embedded from now on."""
    texts: list[str] = []
    real = desk.embedding.embed_passages

    def noting(passages: Sequence[str], *more: Any) -> Any:
        texts.extend(passages)
        return real(passages, *more)

    desk.embedding.embed_passages = noting  # type: ignore[method-assign]
    return texts


def test_a_folder_that_is_empty_all_at_once_is_away_until_a_file_shows(desk: Desk, papers: Path) -> None:
    files.text(papers / "a.txt", "albatross")
    files.text(papers / "b.txt", "petrel")
    desk.add(papers)
    for name in ("a.txt", "b.txt"):
        (papers / name).rename(papers.parent / name)
    desk.ingestor.rescan(desk.collection)
    desk.wait()
    assert desk.found('"albatross"') == ["a.txt"]
    (root,) = desk.library.root_folders(desk.collection)
    assert (root.path, root.offline, root.files) == (papers, True, 2)
    assert [notice.code for notice in desk.ingestor.notices(desk.collection)] == ["folder_away"]
    (papers.parent / "a.txt").rename(papers / "a.txt")
    desk.ingestor.rescan(desk.collection)
    desk.wait()
    assert list(desk.files()) == ["a.txt"]
    assert not desk.library.root_folders(desk.collection)[0].offline
    assert desk.ingestor.notices(desk.collection) == []


def test_the_user_can_say_that_an_empty_folder_was_emptied(desk: Desk, papers: Path) -> None:
    path = files.text(papers / "a.txt", "albatross")
    desk.add(papers)
    path.unlink()
    desk.ingestor.rescan_part(desk.collection, papers, emptied=True)
    desk.wait()
    assert desk.files() == {}
    assert not desk.library.root_folders(desk.collection)[0].offline


def test_another_empty_disk_in_the_same_place_is_no_deletion(desk: Desk, papers: Path) -> None:
    files.text(papers / "a.txt", "albatross")
    desk.add(papers)
    papers.rename(papers.with_name("disk"))
    papers.mkdir()
    (papers / "photo.jpeg2000").touch()
    desk.ingestor.rescan(desk.collection)
    desk.wait()
    assert list(desk.files()) == ["a.txt"]
    assert desk.library.root_folders(desk.collection)[0].offline


def test_a_file_that_was_taken_out_stays_out_until_it_is_added_again(desk: Desk, papers: Path) -> None:
    files.text(papers / "a.txt", "albatross")
    files.text(papers / "b.txt", "petrel")
    desk.add(papers)
    desk.ingestor.remove_file(desk.files()["a.txt"].id, 600)
    desk.ingestor.rescan(desk.collection)
    desk.wait()
    assert list(desk.files()) == ["b.txt"]
    desk.add(papers)
    assert list(desk.files()) == ["a.txt", "b.txt"]


def test_a_folder_inside_another_is_looked_through_by_itself(desk: Desk, papers: Path) -> None:
    (papers / ".inner").mkdir()
    files.text(papers / ".inner" / "a.txt", "albatross")
    files.text(papers / "b.txt", "petrel")
    desk.add(papers, papers / ".inner")
    desk.ingestor.rescan(desk.collection)
    desk.wait()
    assert sorted(desk.files()) == ["a.txt", "b.txt"]


def test_names_in_two_normal_forms_are_two_files(desk: Desk, papers: Path) -> None:
    for form in ("NFC", "NFD"):
        files.text(papers / unicodedata.normalize(form, "café.txt"), f"albatross {form}")
    desk.add(papers)
    desk.ingestor.rescan(desk.collection)
    desk.wait()
    there = len(list(papers.iterdir()))
    assert len(desk.library.files(desk.collection)) == there


def test_a_clock_in_the_past_is_a_change_too(desk: Desk, papers: Path) -> None:
    path = files.text(papers / "a.txt", "albatross")
    desk.add(papers)
    files.text(path, "cormorant")
    os.utime(path, (1_000_000, 1_000_000))
    desk.ingestor.rescan(desk.collection)
    desk.wait()
    assert desk.found('"cormorant"') == ["a.txt"]


def test_only_a_part_is_looked_at_when_only_a_part_was_touched(desk: Desk, papers: Path) -> None:
    for folder in ("one", "two"):
        (papers / folder).mkdir()
        files.text(papers / folder / f"{folder}.txt", "albatross")
    desk.add(papers)
    for folder in ("one", "two"):
        (papers / folder / f"{folder}.txt").unlink()
        files.text(papers / folder / f"new-{folder}.txt", "petrel")
    desk.ingestor.rescan_part(desk.collection, papers, below=papers / "one", deep=False)
    desk.wait()
    assert sorted(desk.files()) == ["new-one.txt", "two.txt"]


def test_a_folder_that_was_deleted_is_noticed_by_its_name(desk: Desk, papers: Path) -> None:
    (papers / "one").mkdir()
    files.text(papers / "one" / "a.txt", "albatross")
    files.text(papers / "b.txt", "petrel")
    desk.add(papers)
    shutil.rmtree(papers / "one")
    desk.ingestor.rescan_part(desk.collection, papers, below=papers / "one")
    desk.wait()
    assert list(desk.files()) == ["b.txt"]
