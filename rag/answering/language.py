"""Whether an embedding model knows a question's language.

A model that knows English only finds nothing in other scripts and little in other languages, and fused with what the
words found it throws that away; see tests/eval/README.md.
"""

import unicodedata
from collections.abc import Sequence

from rag.answering.stopwords import STOP_WORDS_BY_LANGUAGE
from rag.answering.words import split_words

_SCRIPTS = {
    "ru": "CYRILLIC", "uk": "CYRILLIC", "bg": "CYRILLIC", "sr": "CYRILLIC", "el": "GREEK", "ar": "ARABIC",
    "fa": "ARABIC", "ur": "ARABIC", "he": "HEBREW", "hi": "DEVANAGARI", "mr": "DEVANAGARI", "ne": "DEVANAGARI",
    "bn": "BENGALI", "ta": "TAMIL", "te": "TELUGU", "th": "THAI", "ko": "HANGUL", "zh": "CJK", "ja": "CJK",
    "ka": "GEORGIAN", "hy": "ARMENIAN",
}  # fmt: skip
_KANA = ("HIRAGANA", "KATAKANA")


def knows_language(languages: Sequence[str], text: str) -> bool:
    """Tell whether a model for `languages` (ISO codes; none: not stated) understands `text`, as far as one can see."""
    if not languages:
        return True
    script = main_script(text)
    if script not in {_SCRIPTS.get(language, "LATIN") for language in languages}:
        return script == ""
    words = [word.folded for word in split_words(text)]
    hits = {language: sum(word in known for word in words) for language, known in STOP_WORDS_BY_LANGUAGE.items()}
    own = max((hits.get(language, 0) for language in languages), default=0)
    return own >= max(hits.values()) or not any(language in hits for language in languages)


def main_script(text: str) -> str:
    """Return the script of most letters, as Unicode names it ("LATIN", "CJK"); "" where there are no letters."""
    counts: dict[str, int] = {}
    for character in text:
        if character.isalpha():
            name = unicodedata.name(character, "").split(" ")[0]
            script = "CJK" if name.startswith(_KANA) or name == "CJK" else name
            counts[script] = counts.get(script, 0) + 1
    return max(counts, key=lambda script: counts[script], default="")
