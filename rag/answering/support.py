"""Which passage supports a sentence, and where in it.

A sentence is supported by a stretch of one or two sentences of a passage when most of its content words stand there,
when what it adds to the question stands in the passage too (an answer that merely repeats the question proves nothing),
when each of its numbers and names does, and when it denies only what is denied there. The thresholds are measured; see
tests/eval/README.md.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from rag.answering.sentences import split_sentences
from rag.answering.stopwords import STOP_WORDS
from rag.answering.words import Word, fold, split_words, writes_without_spaces

SUPPORTED_SHARE = 0.6
"""Least share of a sentence's content words that its source holds."""
SUPPORTED_NEW_SHARE = 0.6
"""The same for the words that were not in the question."""
MIN_CONTENT_WORDS = 2
MAX_QUOTE_CHARACTERS = 400
_STEM_LENGTH = 7
_NEGATION_LIST = "not no never none nobody nothing without neither nor cannot nicht kein keine keinen nie"
_NEGATIONS = frozenset(_NEGATION_LIST.split())
_NUMBER = re.compile(r"\d+(?:[.,'’ \u00a0\u202f]\d{3})*(?:[.,]\d+)?")


@dataclass(frozen=True)
class Support:
    """Where a sentence is borne out: `passages[passage][start:end]`, and which share of its words stands there."""

    passage: int
    start: int
    end: int
    share: float


@dataclass(frozen=True)
class _Claim:
    keys: frozenset[str]
    new_keys: frozenset[str]
    numbers: frozenset[str]
    names: frozenset[str]
    denies: bool


def find_support(sentence: str, passages: Sequence[str], question: str = "") -> Support | None:
    """Return the best support for `sentence` above the threshold, or None: nothing to claim, or nobody bears it out."""
    claim = _claim(sentence, question)
    if len(claim.keys) < MIN_CONTENT_WORDS and not claim.numbers:
        return None
    found = [
        best_span(sentence, passage, number) for number, passage in enumerate(passages) if _bears_out(claim, passage)
    ]
    enough = [
        support
        for support in found
        if support.share >= SUPPORTED_SHARE
        and _denies(passages[support.passage][support.start : support.end]) == claim.denies
    ]
    return max(enough, key=lambda support: (support.share, -support.passage), default=None)


def best_span(sentence: str, passage: str, number: int = 0) -> Support:
    """Return the stretch of `passage` that says most of `sentence`: the whole passage if none of it does."""
    keys = word_keys(sentence)
    spans = split_sentences(passage)
    windows = [(span.start, span.end) for span in spans]
    windows += [(first.start, second.end) for first, second in pairwise(spans)]
    scored = [(_share(keys, word_keys(passage[start:end])), start, end) for start, end in windows]
    # The shorter of two that hold the same words: the second sentence must earn its place.
    share, start, end = max(scored, key=lambda item: (item[0], item[1] - item[2]), default=(0.0, 0, len(passage)))
    if share <= 0.0:
        return Support(number, 0, len(passage), 0.0)
    start, end = _narrowed(passage, start, end, keys)
    return Support(number, start, end, share)


@lru_cache(maxsize=2048)
def word_keys(text: str) -> frozenset[str]:
    """Return what is compared of `text`: stems of its content words, and character pairs where words have no spaces."""
    keys: set[str] = set()
    for word in split_words(text):
        if writes_without_spaces(word.folded[0]):
            keys.update(word.folded[i : i + 2] for i in range(max(1, len(word.folded) - 1)))
        elif word.folded not in STOP_WORDS:
            keys.add(_stem(word.folded))
    return frozenset(keys)


def numbers_in(text: str) -> frozenset[str]:
    """Return the numbers of `text`, however their thousands are separated."""
    return frozenset(_plain_number(match.group()) for match in _NUMBER.finditer(text))


def _plain_number(text: str) -> str:
    joined = re.sub(r"[,'’ \u00a0\u202f.](?=\d{3}(?:\D|$))", "", text)
    joined = joined.replace(",", ".")
    return joined.rstrip("0").rstrip(".") if "." in joined else joined.lstrip("0") or "0"


def _stem(word: str) -> str:
    """Return what a word has in common with its plural and its inflections; crude, and the same on both sides."""
    if word.isdigit():
        return word
    for ending in ("ies", "es", "s", "ed", "ing"):
        if len(word) - len(ending) >= 4 and word.endswith(ending):
            word = word[: -len(ending)]
            break
    return word[:_STEM_LENGTH].rstrip("eiy") or word


def _claim(sentence: str, question: str) -> _Claim:
    keys = word_keys(sentence)
    asked = word_keys(question)
    names = _names(sentence)
    return _Claim(keys, keys - asked, numbers_in(sentence), names - asked, _denies(sentence))


def _names(sentence: str) -> frozenset[str]:
    """Return the stems of capitalised words that do not open the sentence; where all are capitalised, none."""
    words = split_words(sentence)
    capitalised = [word for word in words[1:] if sentence[word.start].isupper() and not _is_opening(sentence, word)]
    if len(capitalised) > len(words) / 2:
        return frozenset()
    return frozenset(_stem(word.folded) for word in capitalised if word.folded not in STOP_WORDS)


def _denies(text: str) -> bool:
    return any(word.folded in _NEGATIONS for word in split_words(text)) or "n't" in text or "n’t" in text


def _is_opening(sentence: str, word: Word) -> bool:
    return sentence[: word.start].rstrip(" \t\"'“‘(").endswith((".", ":", "!", "?", "\n"))


def _bears_out(claim: _Claim, passage: str) -> bool:
    keys = word_keys(passage)
    return (
        claim.names <= keys
        and claim.numbers <= numbers_in(passage)
        and (not claim.new_keys or _share(claim.new_keys, keys) >= SUPPORTED_NEW_SHARE)
    )


def _share(wanted: frozenset[str], present: frozenset[str]) -> float:
    return len(wanted & present) / len(wanted) if wanted else 0.0


def _narrowed(passage: str, start: int, end: int, keys: frozenset[str]) -> tuple[int, int]:
    """Cut a long stretch without stops (a table) down to the lines that hold what was looked for."""
    if end - start <= MAX_QUOTE_CHARACTERS:
        return start, end
    lines: list[tuple[int, int]] = []
    position = start
    for line in passage[start:end].splitlines(keepends=True):
        if word_keys(fold(line)) & keys:
            left = position + len(line) - len(line.lstrip())
            lines.append((left, position + len(line.rstrip())))
        position += len(line)
    if not lines:
        return start, end
    return _densest(lines)


def _densest(lines: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Return the stretch of at most `MAX_QUOTE_CHARACTERS` that takes in most lines."""
    best = lines[0]
    most = 0
    for first, (start, _) in enumerate(lines):
        inside = [end for _, end in lines[first:] if end - start <= MAX_QUOTE_CHARACTERS]
        if len(inside) > most:
            most, best = len(inside), (start, inside[-1])
    return best
