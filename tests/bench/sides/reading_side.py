"""Reads PDF files: ours until they are searchable by words, or bare with pypdfium2, text and character boxes."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.sides.child import answer


def work(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return seconds, pages and characters."""
    files = [Path(name) for name in arguments["files"]]
    return _ours(files) if arguments["who"] == "ours" else _bare(files, arguments["processes"])


def _ours(files: list[Path]) -> dict[str, Any]:
    from inference.api import CpuBudget
    from tests.bench.sides.core import index, workspace
    from tests.bench.synthetic import write_pdf

    # What starts once (the model, whose tokenizer cuts passages, Chroma, the processes) is no part of reading; the bare
    # loop's processes are warm as well.
    with workspace() as opened, tempfile.TemporaryDirectory(prefix="carrel-bench-") as folder:
        index(opened, "Warm", [write_pdf(Path(folder) / f"{number}.pdf", 1, seed=number) for number in range(4)])
        collection = opened.create_collection("Bench")
        started = time.monotonic()
        opened.add_paths(collection.id, files)
        opened.wait_until(collection.id, "searchable")
        seconds = time.monotonic() - started
        documents = [row.document_id for row in opened.files(collection.id) if row.document_id is not None]
        pages = [opened.page(each, index).text for each in documents for index in range(opened.page_count(each))]
    return {
        "seconds": seconds,
        "pages": len(pages),
        "characters": sum(map(len, pages)),
        "processes": CpuBudget().parse_workers(),
    }


def _bare(files: list[Path], processes: int) -> dict[str, Any]:
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        pool.map(_warm, range(processes))
        started = time.monotonic()
        read = pool.map(_read, sorted(files, key=lambda path: -path.stat().st_size), chunksize=1)
        seconds = time.monotonic() - started
    return {"seconds": seconds, "pages": sum(each[0] for each in read), "characters": sum(each[1] for each in read)}


def _warm(_number: int) -> None:
    import pypdfium2  # noqa: F401  # Importing is no part of reading.


def _read(path: Path) -> tuple[int, int]:
    import pypdfium2 as pdfium

    document = pdfium.PdfDocument(path)
    characters = 0
    for index in range(len(document)):
        text_page = document[index].get_textpage()
        characters += len(text_page.get_text_range())
        for number in range(text_page.count_chars()):
            text_page.get_charbox(number)
    return len(document), characters


if __name__ == "__main__":
    answer(work)
