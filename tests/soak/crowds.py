"""`python -m tests.soak.crowds`: folders of very many files and files of very many pages, read with default settings.

Every file is listed in its folder, with a reason if it is not read; of the largest files the first, the middle and the
last place are found where they stand, so nothing was left out in between without a word. Prints seconds and memory.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from rag.api import Collection, RagSettings, Workspace
from tests.soak.memory import Memory
from tests.soak.mixed import SUFFIXES, write
from tests.soak.papers import word_of

FORMATS = Path(__file__).parents[1] / "data" / "formats"
LEVELS = 5
_FOLDERS_IN_FOLDER = 3
UNREAD = {
    ".doc": (FORMATS / "rules.doc").read_bytes(),
    ".djvu": b"AT&TFORM\0\0\1\0DJVU",
    ".rar": b"Rar!\x1a\x07\1\0" + bytes(range(64)),
    ".7z": b"7z\xbc\xaf\x27\x1c\0\4" + bytes(range(64)),
}
"""Formats that people have and Carrel does not read."""
_EVERY_UNREAD = 25
_AMONG = 1_000
"""The hashing model takes other words for the one that is asked for, and what has those may come first."""
_SENTENCES = [
    f"The {who} {did} the {what} {when}."
    for who in ("keeper", "pilot", "harbour master", "smith", "sail maker", "cook", "diver")
    for did in ("mended", "counted", "painted", "sold", "weighed", "borrowed")
    for what in ("lantern", "anchor", "buoy", "rope", "sail", "bell", "compass", "net")
    for when in ("before noon", "in the fog", "after the storm", "at low water", "for the third time")
]


@dataclass(frozen=True)
class Crowd:
    """How it went.

    Attributes:
        what: What was read.
        seconds: Until all of it was found by words.
        passages: What the library holds of it.
        memory: Of this process and those below it.
    """

    what: str
    seconds: float
    passages: int
    memory: Memory

    def __str__(self) -> str:
        return f"{self.what}: searchable in {self.seconds:.1f} s, {self.passages:,} passages; {self.memory}"


@contextmanager
def opened(folder: Path, settings: RagSettings) -> Iterator[tuple[Workspace, Collection]]:
    """Yield the program's core on a fresh data folder, with an empty collection."""
    workspace = Workspace.open(folder / "data", settings=settings)
    try:
        yield workspace, workspace.create_collection("Crowd")
    finally:
        workspace.close()


def tree(folder: Path, count: int) -> Crowd:
    """Drop a tree of five levels: each file is listed in its folder, the unread ones with a reason and a remedy."""
    papers = folder / "papers"
    words = write_tree(papers, count)
    with opened(folder, RagSettings(embedding_model="hashing", chat_model="echo")) as (workspace, collection):
        crowd = read(workspace, collection, papers, f"a tree of {count:,} files")
        rows = {row.path: row for row in workspace.files(collection.id)}
        assert set(rows) == set(words), "the tree is not listed as it is"
        unread = {each.path: each.problem for each in workspace.collection_report(collection.id).failed}
        assert set(unread) == {path for path, word in words.items() if word is None}, "other files are unread"
        assert all(each.message and each.remedy for each in unread.values())
        for path in sorted(words)[:: max(1, count // 40)]:
            if (word := words[path]) is not None:
                assert place_of(workspace, collection, word)[0] == path
    return crowd


def write_tree(top: Path, count: int) -> dict[Path, str | None]:
    """Write files of all kinds into folders five deep; returns the word of each, none where it cannot be read."""
    folders = [top]
    for level in range(1, LEVELS + 1):
        above = [each for each in folders if len(each.relative_to(top).parts) == level - 1]
        folders += [each / f"{level} {number}" for each in above for number in range(_FOLDERS_IN_FOLDER)]
    words: dict[Path, str | None] = {}
    for number in range(count):
        # From the innermost out, so that a small tree is as deep as a large one.
        folder = folders[-1 - number % len(folders)]
        folder.mkdir(parents=True, exist_ok=True)
        if number % _EVERY_UNREAD == 0:
            suffix = list(UNREAD)[number // _EVERY_UNREAD % len(UNREAD)]
            path = folder / f"{number:05}{suffix}"
            path.write_bytes(UNREAD[suffix] + str(number).encode())
            words[path] = None
        else:
            path = folder / f"{number:05}{SUFFIXES[number % len(SUFFIXES)]}"
            words[path] = word_of(number)
            write(path, word_of(number), [_SENTENCES[(number * 31 + each) % len(_SENTENCES)] for each in range(4)])
    return words


def many(folder: Path, count: int) -> Crowd:
    """Drop one folder of very many small texts: each is listed, and found by its word."""
    papers = folder / "papers"
    papers.mkdir()
    for number in range(count):
        sentences = " ".join(_SENTENCES[(number * 7 + each * 11) % len(_SENTENCES)] for each in range(5))
        (papers / f"note {number:05}.txt").write_text(f"Note {word_of(number)}. {sentences}\n", "utf-8")
    with opened(folder, RagSettings(embedding_model="hashing", chat_model="echo")) as (workspace, collection):
        crowd = read(workspace, collection, papers, f"{count:,} small texts in one folder")
        assert {row.path for row in workspace.files(collection.id)} == set(papers.iterdir())
        assert not workspace.collection_report(collection.id).failed
        for number in range(0, count, max(1, count // 40)):
            found, _place = place_of(workspace, collection, word_of(number))
            assert found.name == f"note {number:05}.txt"
    return crowd


def book(folder: Path, pages: int) -> Crowd:
    """Read a PDF of very many pages of text with default settings: all pages are there, each word on its page."""
    papers = folder / "papers"
    papers.mkdir()
    write_book(papers / "book.pdf", pages)
    size = (papers / "book.pdf").stat().st_size
    with opened(folder, RagSettings(chat_model="echo")) as (workspace, collection):
        crowd = read(workspace, collection, papers, f"a PDF of {pages:,} pages, {size / 1e6:.0f} MB")
        report = workspace.document_report(workspace.files(collection.id)[0].id)
        assert [page.number for page in report.pages] == list(range(1, pages + 1))
        assert {page.kind for page in report.pages} == {"text"}
        assert not report.skipped
        assert report.file.problem is None
        for number in (1, pages // 2, pages):
            assert place_of(workspace, collection, word_of(number))[1] == str(number)
    return crowd


def write_book(path: Path, pages: int) -> None:
    """Write a PDF with some forty lines on each page, the page's word among them."""
    canvas = Canvas(str(path), pagesize=A4)
    for number in range(1, pages + 1):
        text = canvas.beginText(72, A4[1] - 72)
        text.textLine(f"Page {word_of(number)} of the harbour book.")
        for line in range(40):
            text.textLine(_SENTENCES[(number * 40 + line * 13) % len(_SENTENCES)] + f" Entry {number * 41 + line}.")
        canvas.drawText(text)
        canvas.showPage()
    canvas.save()


def log(folder: Path, megabytes: int) -> Crowd:
    """Read a very long log with default settings: its words are found at the lines where they stand."""
    papers = folder / "papers"
    papers.mkdir()
    marks = write_log(papers / "harbour.log", megabytes * 1_000_000)
    with opened(folder, RagSettings(chat_model="echo")) as (workspace, collection):
        crowd = read(workspace, collection, papers, f"a text of {megabytes:,} MB, {max(marks.values()):,} lines")
        report = workspace.document_report(workspace.files(collection.id)[0].id)
        assert {page.kind for page in report.pages} == {"text"}
        if report.skipped:
            print("left out:", *(f"{each.name}: {each.reason}" for each in report.skipped), sep="\n  ", flush=True)
        else:
            for word, line in marks.items():
                first, _, last = place_of(workspace, collection, word)[1].partition("-")
                assert int(first) <= line <= int(last or first), f"{word} is told at other lines"
    return crowd


def write_log(path: Path, size: int) -> dict[str, int]:
    """Write lines until the size is reached; returns the words of the first, a middle and the last line."""
    marks: dict[str, int] = {}
    began = datetime(2024, 1, 1)
    written, line, due = 0, 0, [0, size // 2]
    with path.open("w", encoding="utf-8", newline="\n") as file:
        while written < size:
            line += 1
            mark = ""
            if due and written >= due[0]:
                due.pop(0)
                mark = word_of(line)
                marks[mark] = line
            stamp = began + timedelta(seconds=line)
            written += file.write(f"{stamp} [{line * 7919 % 100_003}] {mark} {_SENTENCES[line * 31 % 1680]}\n")
        file.write(f"The end: {word_of(line + 1)}.\n")
    return {**marks, word_of(line + 1): line + 1}


def read(workspace: Workspace, collection: Collection, papers: Path, what: str) -> Crowd:
    """Add a folder and wait until its words are found."""
    began = time.monotonic()
    with Memory() as memory:
        workspace.add_paths(collection.id, [papers])
        workspace.wait_until(collection.id, "searchable")
        seconds = time.monotonic() - began
    return Crowd(what, seconds, workspace.collection_report(collection.id).passages, memory)


def place_of(workspace: Workspace, collection: Collection, word: str) -> tuple[Path, str]:
    """Return file and locator of the best passage that holds a word."""
    for each in workspace.search(word, [collection.id], _AMONG).results:
        if word in each.passage.text:
            return each.passage.path, each.passage.locator.value
    raise AssertionError(f"{word} is not found")


CROWDS: dict[str, tuple[Callable[[Path, int], Crowd], int]] = {
    "tree": (tree, 2_000),
    "many": (many, 20_000),
    "book": (book, 5_000),
    "log": (log, 1_000),
}


def run(name: str, count: int | None = None) -> Crowd:
    """Try one in a folder of its own; returns how it went."""
    crowd, usual = CROWDS[name]
    with tempfile.TemporaryDirectory(prefix="carrel-crowd-") as folder:
        return crowd(Path(folder), usual if count is None else count)


def main() -> int:
    """Try all, or those that are named; raises AssertionError for what does not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.crowds", description=__doc__)
    parser.add_argument("names", nargs="*", choices=list(CROWDS), default=list(CROWDS), metavar="|".join(CROWDS))
    parser.add_argument("--count", type=int, help="files, pages or megabytes")
    options = parser.parse_args()
    for name in options.names:
        print(run(name, options.count), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
