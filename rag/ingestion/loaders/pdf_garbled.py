"""Tells pages whose fonts do not say which letters they show: their text is signs without meaning, and a case for OCR.

Such fonts number their glyphs as they like. What comes out are private characters, signs for "unknown", letters of
Western languages for another script, or words of consonants. A page is only called garbled when it is so for most of
it: codes, tables and foreign names must not be sent away.
"""

import re
import unicodedata

_FEWEST_CHARACTERS = 40
_UNKNOWN_SHARE = 0.3
_UNKNOWN = re.compile(r"[\ufffd\ue000-\uf8ff\x01-\x08\x0e-\x1f\x7f-\x9f\ufffe\U000f0000-\U0010fffd]|\(cid:\d+\)")
_LATIN_WORD = re.compile(r"[A-Za-zÀ-ÖØ-öø-ɏ]{4,}")
_FEWEST_LETTERS = 200
_VOWELS = frozenset("aeiouy")
_LEAST_VOWELS = 0.2
"""Languages in Latin letters have more than a third; letters at random nearly a quarter."""
_MOST_ACCENTS = 0.6
"""Vietnamese has the most, about a third."""


def is_garbled(raw: str) -> bool:
    """Tell whether pdfium's text of a page, control characters and all, is no text of any language."""
    visible = re.sub(r"\s+", "", raw)
    if len(visible) < _FEWEST_CHARACTERS:
        return False
    unknown = sum(len(match[0]) for match in _UNKNOWN.finditer(visible))
    if unknown > _UNKNOWN_SHARE * len(visible):
        return True
    letters = "".join(word for word in _LATIN_WORD.findall(raw) if not word.isupper() or len(word) > 5)
    if len(letters) < max(_FEWEST_LETTERS, len(visible) // 3):
        return False
    return _has_no_vowels(letters) or _is_another_script(letters)


def _has_no_vowels(letters: str) -> bool:
    plain = unicodedata.normalize("NFD", letters).casefold()
    vowels = sum(letter in _VOWELS for letter in plain)
    return vowels < _LEAST_VOWELS * sum(letter.isalpha() for letter in plain)


def _is_another_script(letters: str) -> bool:
    """Tell Cyrillic, Greek and others, set in fonts that claim to be Western: nearly each letter has an accent."""
    return sum("\xc0" <= letter <= "\xff" for letter in letters) > _MOST_ACCENTS * len(letters)
