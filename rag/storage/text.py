"""What is made of a passage's text before it is stored: its identity, its searchable pieces, its storable form."""

import re
import unicodedata
from hashlib import blake2b

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
# Scripts written without spaces between words: Han with its marks, Kana, Hangul, and their later extensions.
_UNSPACED_RUN = re.compile(
    "[々-〇\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+"
)


def cjk_pieces(text: str) -> str:
    """Return the two-character pieces of all Han, Kana and Hangul runs in `text`, separated by spaces.

    A run of one character gives that character alone; a question searches such a piece as a prefix. Text without
    these scripts gives the empty string. Half-width and compatibility forms are folded first.
    """
    if text.isascii():
        return ""
    runs = _UNSPACED_RUN.findall(unicodedata.normalize("NFKC", text))
    return " ".join(piece for run in runs for piece in _pairs(run))


def embed_text(context: str, text: str) -> str:
    """Return what is embedded for a passage: its context, if any, on a line of its own before its text."""
    return f"{context}\n{text}" if context else text


def text_hash(context: str, text: str) -> bytes:
    """Return the 16 bytes under which the vector of this passage is kept."""
    return blake2b(storable(embed_text(context, text)).encode(), digest_size=16).digest()


def storable(text: str) -> str:
    """Return `text` of the same length without lone surrogates, which damaged files yield and SQLite refuses."""
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]
