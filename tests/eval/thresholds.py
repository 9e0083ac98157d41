"""`python -m tests.eval.thresholds`: what the thresholds of relevance and of support let through.

Relevance: questions on the documents searched, on other documents, and on paragraphs that were taken out of the same
articles. Support: sentences cut and reworded at random, beside their own paragraph and its neighbours; the same with
their own paragraph taken away; and with one number changed. It needs the index that `make eval` leaves in build/eval.
"""

import random
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rag.answering.sentences import split_sentences
from rag.answering.stopwords import STOP_WORDS
from rag.answering.support import find_support
from rag.types import SearchScope
from tests.eval import data
from tests.eval.core import Core, open_core

_FILLERS = ("thing", "way", "made", "kind")
_REWORDED = 0.25
_SENTENCES = 400
_NEIGHBOURS = (-2, -1, 1, 2, 3)


def main() -> int:
    try:
        folder = data.eval_folder()
    except data.MissingData as missing:
        print(missing, file=sys.stderr)
        return 2
    out = data.REPOSITORY / "build" / "eval"
    _support([path.read_text("utf-8") for path in data.xquad(folder, "en", out / "xquad" / "en")[0]])
    with open_core(out / "data") as core:
        _relevance(core, folder, out)
    return 0


def _relevance(core: Core, folder: Path, out: Path) -> None:
    filings, on_filings = data.filings(folder)
    paragraphs, on_paragraphs = data.xquad(folder, "en", out / "xquad" / "en")
    filings_id, paragraphs_id = core.index("filings", filings), core.index("xquad en", paragraphs)
    even = frozenset(
        row.document_id for row in core.library.files(paragraphs_id) if row.document_id and _is_even(row.path.name)
    )
    all_filings, all_paragraphs = SearchScope((filings_id,)), SearchScope((paragraphs_id,))
    even_ones = SearchScope((paragraphs_id,), even)
    sample = random.Random(1).sample(on_paragraphs, 300)
    print("Share of questions taken for answerable")
    for name, questions, scope in (
        ("paragraphs, all there", sample, all_paragraphs),
        ("filings, all there", on_filings, all_filings),
        ("paragraphs' questions on the filings", sample, all_filings),
        ("filings' questions on the paragraphs", on_filings, all_paragraphs),
        ("even paragraphs, only these there", [each for each in on_paragraphs if _is_even(each.document)], even_ones),
        ("odd ones, only the even there", [each for each in on_paragraphs if not _is_even(each.document)], even_ones),
    ):
        print(f"  {name:40}{core.share_relevant([each.text for each in questions], scope):.3f}")


def _support(paragraphs: Sequence[str]) -> None:
    chance = random.Random(3)
    sentences = [
        (number, paragraph[span.start : span.end])
        for number, paragraph in enumerate(paragraphs)
        for span in split_sentences(paragraph)
        if 6 <= len(paragraph[span.start : span.end].split()) <= 40
    ]
    chosen = chance.sample(sentences, _SENTENCES)
    reworded = [(number, _reworded(sentence, chance)) for number, sentence in chosen]
    wrong = [(number, text) for number, sentence in chosen if (text := _with_other_number(sentence, chance))]
    print("Share of sentences given a source")
    _print_share("reworded, own paragraph there: the right one", reworded, lambda n, s: _source(paragraphs, n, s) == 0)
    _print_share(
        "reworded, own paragraph there: another", reworded, lambda n, s: _source(paragraphs, n, s) not in {0, -1}
    )
    _print_share("reworded, only neighbours there", reworded, lambda n, s: _source(paragraphs, n, s, own=False) != -1)
    _print_share("a number changed", wrong, lambda n, s: _source(paragraphs, n, s) != -1)


def _print_share(name: str, cases: Sequence[tuple[int, str]], holds: Callable[[int, str], bool]) -> None:
    print(f"  {name:46}{sum(holds(number, text) for number, text in cases) / len(cases):.3f}")


def _source(paragraphs: Sequence[str], number: int, sentence: str, *, own: bool = True) -> int:
    """Return which passage supports a sentence, 0 for its own paragraph, -1 for none."""
    near = [paragraphs[number + step] for step in _NEIGHBOURS if 0 <= number + step < len(paragraphs)]
    support = find_support(sentence, [paragraphs[number], *near] if own else near)
    return -1 if support is None else support.passage


def _reworded(sentence: str, chance: random.Random) -> str:
    words = sentence.split()
    length = max(5, len(words) * 2 // 3)
    first = chance.randint(0, len(words) - length)
    return " ".join(
        chance.choice(_FILLERS) if word.islower() and word not in STOP_WORDS and chance.random() < _REWORDED else word
        for word in words[first : first + length]
    )


def _with_other_number(sentence: str, chance: random.Random) -> str:
    found = list(re.finditer(r"\d+", sentence))
    if not found:
        return ""
    number = chance.choice(found)
    return f"{sentence[: number.start()]}{int(number.group()) + chance.randint(1, 9)}{sentence[number.end() :]}"


def _is_even(name: str) -> bool:
    return int(name.split(".", maxsplit=1)[0]) % 2 == 0


if __name__ == "__main__":
    sys.exit(main())
