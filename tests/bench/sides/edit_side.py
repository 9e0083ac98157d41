"""Edits one page in the middle of a long document and waits until the new words are found."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rag import places
from rag.api import Workspace
from rag.storage.database import Database
from tests.bench.sides.child import answer
from tests.bench.sides.core import index, workspace
from tests.bench.synthetic import Writer

_NEW = "The quokka signed the addendum on the veranda."
_PATIENCE_S = 120.0


def work(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return for each format the seconds from the edit to the find, and how many passages were embedded again."""
    makers: dict[str, Callable[[Path, list[list[str]]], None]] = {"PDF": _pdf, "Word": _word, "text": _text}
    with workspace(watch_folders=True) as opened, tempfile.TemporaryDirectory(prefix="carrel-bench-") as folder:
        return {kind: _edit(opened, Path(folder) / kind, arguments["pages"], make) for kind, make in makers.items()}


def _edit(opened: Workspace, folder: Path, pages: int, make: Callable[[Path, list[list[str]]], None]) -> dict[str, Any]:
    folder.mkdir()
    writer = Writer(7)
    book = [[f"{number + 1}. {writer.title()}", *(writer.paragraph(5) for _ in range(6))] for number in range(pages)]
    path = folder / f"book{_ENDINGS[make]}"
    make(path, book)
    collection = index(opened, folder.name, [folder])
    before = _vectors(opened)
    book[pages // 2][3] += " " + _NEW
    made = folder.with_name(f"edited{_ENDINGS[make]}")
    make(made, book)
    started = time.monotonic()
    made.replace(path)
    opened.rescan(collection)
    words_s = _until(lambda: _is_found(opened, collection), started)
    opened.wait_until(collection, "ready")
    found_s = time.monotonic() - started
    return {
        "words_s": words_s,
        "found_s": found_s,
        "embedded": len(_vectors(opened) - before),
        "passages": opened.collection(collection).passages,
    }


def _is_found(opened: Workspace, collection: int) -> bool:
    results = opened.search("quokka addendum veranda", [collection], 3).results
    return any(_NEW in " ".join(each.passage.text.split()) for each in results)


def _until(condition: Callable[[], bool], started: float) -> float:
    while not condition():
        if time.monotonic() - started > _PATIENCE_S:
            raise RuntimeError("the edit was not found")
        time.sleep(0.05)
    return time.monotonic() - started


def _vectors(opened: Workspace) -> set[bytes]:
    database = Database(places.library_file(opened.data_dir))
    try:
        with database.read() as connection:
            return {key for (key,) in connection.execute("SELECT text_hash FROM vector")}
    finally:
        database.close()


def _pdf(path: Path, book: list[list[str]]) -> None:
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate

    styles = getSampleStyleSheet()
    story = []
    for heading, *paragraphs in book:
        story.append(Paragraph(heading, styles["Heading2"]))
        story += [Paragraph(each, styles["BodyText"]) for each in paragraphs]
        story.append(PageBreak())
    SimpleDocTemplate(str(path), pagesize=A4, invariant=1).build(story)


def _word(path: Path, book: list[list[str]]) -> None:
    import docx

    document = docx.Document()
    for heading, *paragraphs in book:
        document.add_heading(heading, 2)
        for each in paragraphs:
            document.add_paragraph(each)
    document.save(str(path))


def _text(path: Path, book: list[list[str]]) -> None:
    path.write_text("\n\n".join(part for page in book for part in page) + "\n", encoding="utf-8")


_ENDINGS = {_pdf: ".pdf", _word: ".docx", _text: ".txt"}


if __name__ == "__main__":
    answer(work)
