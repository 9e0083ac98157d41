"""Measure text recognition: character errors, words found, confidence and processor time of each engine.

    python -m tests.eval.ocr [--engines tesseract,rapidocr,auto]

Pages of known text are drawn, rasterised, and spoilt as a scanner does; see `tests.eval.scans`.
"""

import argparse
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

import numpy as np

from rag.ingestion.ocr.choice import SURE, OcrOptions, looks, recognise
from rag.ingestion.ocr.page_text import RecognisedText
from tests.eval.scans import ENGLISH, Scan, all_scans, prose, scan


@dataclass(frozen=True)
class Row:
    """The figures of one engine on one page."""

    engine: str
    page: str
    character_error: float
    words_found: float
    confidence: float
    processor_s: float


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.eval.ocr", description=__doc__)
    parser.add_argument("--engines", default="tesseract,rapidocr,auto", help="names, separated by commas")
    parser.add_argument("--languages", default="eng,deu", help="what Tesseract reads in")
    chosen = parser.parse_args(arguments)
    scans = [*all_scans(), *hard_scans()]
    for name in chosen.engines.split(","):
        options = OcrOptions(name, tuple(chosen.languages.split(",")))
        if not looks(options):
            print(f"{name}: not installed here", file=sys.stderr)
            continue
        rows = [measure(name, options, each) for each in scans]
        print(f"\n{name}\n{table(rows)}", flush=True)
    return 0


def hard_scans() -> list[Scan]:
    """Return pages on which engines begin to fail, to see what their confidence says of it."""
    plain = prose(ENGLISH, 11)
    return [
        scan("English, 300 dpi, 4 degrees", plain, 300, skew=4),
        scan("English, 300 dpi, heavy noise", plain, 300, skew=0.5, noise=70),
        scan("English, 100 dpi", plain, 100, skew=0.5),
        scan("English, 100 dpi, noise", plain, 100, skew=0.5, noise=22),
        scan("English, 75 dpi", plain, 75),
        scan("English, 72 dpi, noise and skew", plain, 72, skew=1, noise=20),
    ]


def measure(name: str, options: OcrOptions, page: Scan) -> Row:
    """Read a page with an engine."""
    before = _processor_s()
    found = best_of(page, options)
    took_s = _processor_s() - before
    words = set(re.findall(r"\w+", page.text.lower()))
    read = set(re.findall(r"\w+", found.text.lower()))
    return Row(
        name,
        page.name,
        character_error(page.text, found.text),
        len(words & read) / len(words),
        found.confidence,
        took_s,
    )


def best_of(page: Scan, options: OcrOptions) -> RecognisedText:
    """Ask the engines one after the other until one is sure, as `rag.ingestion.recognition` does."""
    best: RecognisedText | None = None
    for each in looks(options):
        found = recognise(page.picture, page.dots_per_inch, each)
        if best is None or found.confidence > best.confidence:
            best = found
        if best.confidence >= SURE:
            break
    assert best is not None
    return best


def character_error(truth: str, read: str) -> float:
    """Return the edits from what was read to the truth, for each character of it; runs of spaces count as one."""
    wanted, found = " ".join(truth.split()), np.array([ord(each) for each in " ".join(read.split())], dtype=np.int64)
    row = np.arange(len(found) + 1)
    steps = np.arange(len(found) + 1)
    for number, character in enumerate(wanted, 1):
        after = np.empty_like(row)
        after[0] = number
        after[1:] = np.minimum(row[:-1] + (found != ord(character)), row[1:] + 1)
        row = np.minimum.accumulate(after - steps) + steps
    return float(row[-1]) / max(1, len(wanted))


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a table for people."""
    head = f"  {'page':40} {'errors':>8} {'words':>7} {'sure':>6} {'seconds':>8}"
    lines = [
        f"  {row.page:40} {row.character_error:8.2%} {row.words_found:7.1%} {row.confidence:6.2f}"
        f" {row.processor_s:8.1f}"
        for row in rows
    ]
    means = (mean(row.character_error for row in rows), mean(row.words_found for row in rows))
    took_s = mean(row.processor_s for row in rows)
    return "\n".join([head, *lines, f"  {'mean':40} {means[0]:8.2%} {means[1]:7.1%} {'':6} {took_s:8.1f}"])


def _processor_s() -> float:
    """Return the processor time of this process and of the programs that it called."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


if __name__ == "__main__":
    sys.exit(main())
