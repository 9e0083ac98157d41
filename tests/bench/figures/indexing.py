"""Indexing real filings, beside the pipeline that a Python user would write with LangChain."""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.bench import places
from tests.bench.report import Figure, Options, times_as_fast
from tests.bench.sides.child import measure
from tests.bench.synthetic import write_pdf

TARGET, WORDS_TARGET = 1.8, 20.0
_TITLE = "Indexing PDFs, beside LangChain (pypdf, recursive splitter, sentence-transformers, Chroma)"


def run(options: Options) -> Figure:
    """Let both index the same files, one after the other, each in a process of its own."""
    python = langchain_python()
    if python is None:
        return Figure("indexing", _TITLE, skipped="LangChain is not installed here: `make bench` installs it.")
    with tempfile.TemporaryDirectory(prefix="carrel-bench-") as folder:
        files, what = bench_files(options, Path(folder))
        arguments = {"files": [str(path) for path in files], "model": str(places.embedding_model())}
        ours = measure("indexing_side", arguments)
        other = measure("langchain_side", {**arguments, "folder": str(Path(folder) / "chroma")}, python=python)
    return _figure(ours, other, f"{len(files)} files, {what}")


def langchain_python() -> str | None:
    """Return an interpreter that has LangChain: the one named by `CARREL_BENCH_PYTHON`, or this one."""
    if chosen := os.environ.get("CARREL_BENCH_PYTHON"):
        return chosen
    return sys.executable if importlib.util.find_spec("langchain_chroma") else None


def bench_files(options: Options, folder: Path) -> tuple[list[Path], str]:
    """Return the filings, or where they are not there files made in `folder`, and words for what they are."""
    filings = sorted((options.eval_dir / "filings").glob("*.pdf"))
    if options.quick or not filings:
        count, pages = (1, 3) if options.quick else (8, 80)
        made = [write_pdf(folder / f"made-{number}.pdf", pages, seed=number) for number in range(count)]
        why = "" if options.quick else f" ({options.eval_dir / 'filings'} is not there)"
        return made, f"made up for this run{why}"
    return filings, "filings"


def _figure(ours: dict[str, Any], other: dict[str, Any], files: str) -> Figure:
    # A user of LangChain may keep the model loaded, so its loading is not held against that side; ours includes it.
    other_s = other["read_s"] + other["split_s"] + other["embed_and_store_s"]
    measures = (
        times_as_fast("Searchable by meaning", ours["total_s"], other_s, "LangChain", TARGET),
        times_as_fast("Searchable by words", ours["searchable_s"], other_s, "LangChain, wholly", WORDS_TARGET),
    )
    facts: dict[str, Any] = {"files": files}
    for name in ("pages", "passages", "tokens_in_text", "tokens_embedded"):
        facts[name.replace("_", " ")] = f"ours {ours[name]:,}, LangChain {other[name]:,}"
    facts["LangChain's parts"] = ", ".join(
        f"{part} {other[part]:.1f}" for part in ("read_s", "split_s", "load_model_s", "embed_and_store_s")
    )
    if ours["failed"]:
        facts["not indexed by us"] = ours["failed"]
    return Figure("indexing", _TITLE, measures, facts)
