"""`make eval`: vectors alone, BM25 alone, plain rank fusion and ours, side by side on the same passages.

Exit code 0 when ours is at least as good as the best of the three wherever that is demanded, 1 when it is not, 2 when
there is nothing to measure on. The index is kept in build/eval, so a second run only asks.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.eval import data
from tests.eval.core import Core, open_core
from tests.eval.scores import Row, measure, shortfalls, table

OURS = "ours"
SINGLE, SHARED, ENGLISH = "filings, single document", "filings, all searched", "XQuAD en"
DEMANDED = {SINGLE: (5, 10), SHARED: (5, 10), ENGLISH: (1, 5)}
FILINGS_KS = (3, 5, 10)
XQUAD_KS = (1, 3, 5)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make eval", description=__doc__)
    parser.add_argument("--languages", default="en,de,zh", help="XQuAD languages, separated by commas")
    parser.add_argument("--out", type=Path, default=data.REPOSITORY / "build" / "eval", help="where to keep results")
    chosen = parser.parse_args(arguments)
    try:
        folder = data.eval_folder()
    except data.MissingData as missing:
        print(missing, file=sys.stderr)
        return 2
    started = time.monotonic()
    with open_core(chosen.out / "data") as core:
        rows = [*_filings(core, folder), *_xquad(core, folder, chosen.languages.split(","), chosen.out)]
    _report(rows, chosen.out, time.monotonic() - started)
    worse = shortfalls(rows, DEMANDED, OURS)
    for line in worse:
        print(f"Worse than the best of the others: {line}")
    return 1 if worse else 0


def _filings(core: Core, folder: Path) -> list[Row]:
    print("Filings")
    files, questions = data.filings(folder)
    collection = core.index("filings", files)
    methods = core.methods.all()
    return [
        *measure(SINGLE, methods, core.in_document(questions, collection), FILINGS_KS),
        *measure(SHARED, methods, core.in_collection(questions, collection), FILINGS_KS),
    ]


def _xquad(core: Core, folder: Path, languages: Sequence[str], out: Path) -> list[Row]:
    rows: list[Row] = []
    for language in languages:
        print(f"XQuAD {language}")
        files, questions = data.xquad(folder, language, out / "xquad" / language)
        collection = core.index(f"xquad {language}", files)
        asked = core.in_collection(questions, collection)
        rows += measure(f"XQuAD {language}", core.methods.all(), asked, XQUAD_KS)
    return rows


def _report(rows: Sequence[Row], out: Path, seconds: float) -> None:
    text = table(rows)
    print(
        f"\nShare of questions with the right page (paragraph) among the first k passages, {seconds:.0f} s\n\n{text}\n"
    )
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", "utf-8")
    (out / "results.txt").write_text(text + "\n", "utf-8")
    print(f"Written to {out / 'results.json'}")


if __name__ == "__main__":
    sys.exit(main())
