"""What is left out of folders: ignore files as git reads them, and the collection's rules."""

from pathlib import Path

import pytest

from rag.ingestion.loaders.registry import default_loaders
from rag.ingestion.selection import Selection
from rag.ingestion.walker import walk
from rag.types import FolderRules
from tests.rag.ingestion import files
from tests.rag.ingestion.conftest import Desk


def taken(root: Path, **rules: object) -> set[str]:
    """Return what is found below a folder; each file is asked for alone as well."""
    selection = Selection(str(root), FolderRules(**rules), default_loaders().wanted)  # type: ignore[arg-type]
    found = {path for path, _, _ in walk(str(root), selection, lambda error: None)}
    there = {str(path) for path in root.rglob("*") if path.is_file()}
    assert {path for path in there if selection.takes(path)} == found
    return {str(Path(path).relative_to(root)) for path in found}


def lay(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        files.text(root / name, f"words of {name}")


def test_ignore_files_leave_out_as_git_does(papers: Path) -> None:
    lay(papers, "a.txt", "draft-b.txt", "old/c.txt", "old/keep/d.txt", "in/draft-e.txt", "in/f.md", "in/deep/g.md")
    (papers / ".carrelignore").write_text("# comment\ndraft-*\nold/\n!old/keep/d.txt\n/f.md\n", "utf-8")
    assert taken(papers) == {"a.txt", "in/f.md", "in/deep/g.md"}


def test_inner_ignore_files_come_first(papers: Path) -> None:
    lay(papers, "draft-a.txt", "in/draft-b.txt", "in/deep/c.md", "d.md")
    (papers / ".carrelignore").write_text("draft-*\n", "utf-8")
    (papers / "in" / ".carrelignore").write_text("!draft-b.txt\n/deep\n", "utf-8")
    assert taken(papers) == {"in/draft-b.txt", "d.md"}


def test_lines_that_make_no_sense_leave_nothing_out(papers: Path) -> None:
    lay(papers, "a.txt", "b.txt")
    (papers / ".carrelignore").write_bytes(b"!\n\xff\xfe\n///\nb.txt\n")
    assert taken(papers) == {"a.txt"}


def test_rules_of_a_collection(papers: Path) -> None:
    lay(papers, "a.txt", "b.md", ".hidden/c.txt", ".d.txt", ".git/e.txt", "big.txt", "old/f.txt")
    files.text(papers / "big.txt", "x" * 5000)
    assert taken(papers) == {"a.txt", "b.md", "big.txt", "old/f.txt"}
    assert taken(papers, hidden=True) == {"a.txt", "b.md", "big.txt", "old/f.txt", ".hidden/c.txt", ".d.txt"}
    assert taken(papers, max_size_mb=0.004) == {"a.txt", "b.md", "old/f.txt"}
    assert taken(papers, suffixes=(".MD",)) == {"b.md"}
    assert taken(papers, patterns=("/old", "*.md")) == {"a.txt", "big.txt"}


@pytest.mark.parametrize("below", ["in", "in/deep"])
def test_a_part_is_looked_at_with_the_rules_above_it(papers: Path, below: str) -> None:
    lay(papers, "in/draft-a.txt", "in/deep/draft-b.txt", "in/deep/c.txt")
    (papers / ".carrelignore").write_text("draft-*\n", "utf-8")
    selection = Selection(str(papers), FolderRules(), default_loaders().wanted)
    found = walk(str(papers), selection, lambda error: None, str(papers / below))
    assert [Path(path).name for path, _, _ in found] == ["c.txt"]


def test_a_part_of_an_ignored_folder_is_empty(papers: Path) -> None:
    lay(papers, "old/in/a.txt")
    (papers / ".carrelignore").write_text("old/\n", "utf-8")
    selection = Selection(str(papers), FolderRules(), default_loaders().wanted)
    assert list(walk(str(papers), selection, lambda error: None, str(papers / "old" / "in"))) == []


def test_rules_apply_at_once_and_newly_ignored_files_leave(desk: Desk, papers: Path) -> None:
    lay(papers, "a.txt", "b.md")
    desk.add(papers)
    desk.library.set_folder_rules(desk.collection, FolderRules(suffixes=(".md",)))
    desk.ingestor.rescan(desk.collection)
    desk.wait()
    assert list(desk.files()) == ["b.md"]
    (papers / ".carrelignore").write_text("*.md\n", "utf-8")
    desk.library.set_folder_rules(desk.collection, FolderRules())
    desk.ingestor.rescan(desk.collection)
    desk.wait()
    assert list(desk.files()) == ["a.txt"]
    assert desk.library.folder_rules(desk.collection) == FolderRules()
