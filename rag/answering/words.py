"""Words of questions and passages, and the full-text queries made of them.

Words are cut as the full-text index cuts them (letters, numbers and their combining marks), so that what is counted
here is what is matched there. A question becomes an OR of its words, rarest first under a budget, because a common
word costs a look at each passage that holds it and tells nothing; stop words are dropped unless nothing else is left.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from rag.answering.stopwords import STOP_WORDS
from rag.storage.text import cjk_pieces

MAX_TERMS = 48
POSTINGS_BUDGET = 60_000
"""Passages looked at for one question, summed over its words: some 30 ms of full-text search."""
MAX_QUOTED_WORDS = 12
_QUOTED = re.compile(r'"([^"]+)"|“([^”]+)”|„([^“”]+)[“”]|«([^»]+)»|「([^」]+)」')
_LETTERS_THEN_DIGITS = re.compile(r"([^\W\d_]+)(\d{2,})|(\d{2,})([^\W\d_]+)")
_CODE = re.compile(r"(?=.*\d)(?=.*[^\W\d_])\w+")
_LATIN = re.compile("[^ß\u0250-\u1dff\u1f00-\U0010ffff]")
_UNSPACED_RANGES = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3040, 0x30FF),  # Kana
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x3134F),
)


@dataclass(frozen=True)
class Word:
    """A word of a text: `text[start:end]`, and `folded` without case and accents."""

    folded: str
    start: int
    end: int


@lru_cache(maxsize=4096)
def _belongs_to_word(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "LN" or category in {"Mn", "Mc", "Co"}


def fold(text: str) -> str:
    """Return `text` without case and Latin, Greek or Cyrillic accents; marks of other scripts stay."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", re.sub("[\u0300-\u036f]", "", decomposed))


def split_words(text: str) -> list[Word]:
    """Return the words of `text` in order."""
    found: list[Word] = []
    start = -1
    for position, character in enumerate(text):
        inside = character.isalnum() or (not character.isascii() and _belongs_to_word(character))
        if inside and start < 0:
            start = position
        elif not inside and start >= 0:
            found.append(Word(fold(text[start:position]), start, position))
            start = -1
    if start >= 0:
        found.append(Word(fold(text[start:]), start, len(text)))
    return found


def content_words(text: str) -> list[str]:
    """Return the folded words of `text` that are no stop words, each once, in order; if there are none, all words."""
    words = list(dict.fromkeys(word.folded for word in split_words(text)))
    return [word for word in words if word not in STOP_WORDS] or words


def exact_forms(question: str) -> dict[str, str]:
    """Return how words of `question` stand in the full-text index, by their folded form, where the two differ.

    The index folds the accents of Latin letters only, and knows no "ss" for "ß": it keeps "край" and "straße".
    """
    forms = ((word.folded, _as_indexed(question[word.start : word.end])) for word in split_words(question))
    return {folded: exact for folded, exact in forms if exact != folded}


def _as_indexed(word: str) -> str:
    lowered = unicodedata.normalize("NFC", word.lower())
    return "".join(fold(letter) if _LATIN.fullmatch(letter) else letter for letter in lowered)


def question_terms(question: str) -> list[str]:
    """Return the words to search for.

    These are the content words, also as the index may have them, the parts of what is glued together ("fy2019": 2019),
    and the two-character pieces of scripts without spaces, which are indexed the same way.
    """
    words = content_words(question)
    exact = exact_forms(question)
    terms = [*words, *cjk_pieces(question).split(), *(exact[word] for word in words if word in exact)]
    for word in list(terms):
        for letters, digits, first_digits, last_letters in _LETTERS_THEN_DIGITS.findall(word):
            terms += [part for part in (digits or first_digits, letters or last_letters) if len(part) > 1]
    return [term for term in dict.fromkeys(terms) if term not in STOP_WORDS] or terms


def rarest_under_budget(terms: Sequence[str], passages_with: Mapping[str, int]) -> list[str]:
    """Return the terms that occur at all, rarest first, as many as the budget allows and at least one.

    Args:
        terms: Folded words.
        passages_with: How many passages hold each term; a term that is missing occurs nowhere.
    """
    known = sorted((term for term in terms if passages_with.get(term, 0)), key=lambda term: passages_with[term])
    chosen: list[str] = []
    spent = 0
    for term in known[:MAX_TERMS]:
        spent += passages_with[term]
        if chosen and spent > POSTINGS_BUDGET:
            break
        chosen.append(term)
    return chosen


def any_of(terms: Sequence[str]) -> str:
    """Return the full-text query for passages that hold at least one of `terms` (words or phrases)."""
    return " OR ".join('"' + term.replace('"', '""') + '"' for term in terms)


def phrases(question: str) -> list[str]:
    """Return what to look for as it stands: quoted words, a short question as a whole, and codes ("F2", "X200")."""
    quoted = [next(filter(None, groups)) for groups in _QUOTED.findall(question)]
    candidates = [[word.folded for word in split_words(text)] for text in quoted]
    whole = [word.folded for word in split_words(question)]
    if len(whole) <= MAX_QUOTED_WORDS:
        candidates.append(whole)
    found = [" ".join(words) for words in candidates if len(words) > 1]
    return list(dict.fromkeys([*found, *filter(_CODE.fullmatch, whole)]))


def word_pairs(question: str) -> list[str]:
    """Return the pairs of neighbouring content words of `question` as phrases ("net income")."""
    words = split_words(question)
    return list(
        dict.fromkeys(
            f"{first.folded} {second.folded}"
            for first, second in pairwise(words)
            if first.folded not in STOP_WORDS and second.folded not in STOP_WORDS
        )
    )


def writes_without_spaces(character: str) -> bool:
    """Tell whether `character` belongs to a script that puts no spaces between words (Han, Kana, Thai, ...)."""
    code = ord(character)
    return any(low <= code <= high for low, high in _UNSPACED_RANGES)
