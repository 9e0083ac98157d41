"""Guesses the encoding of text that is no Unicode: the one wins in which it looks most like a language.

What counts are the characters beyond ASCII: in the right encoding they are the common letters of one language, in a
wrong one rare signs, capitals in the middle of words, or letters that no language has together.
"""

import codecs
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class _Language:
    """What to expect beyond ASCII.

    Attributes:
        encodings: In which it is written, the most likely first.
        common: Characters that are frequent in it.
        share: Which part of the characters beyond ASCII they are in ordinary text.
    """

    encodings: tuple[str, ...]
    common: frozenset[str]
    share: float = 0.95


_WEST = ("cp1252", "mac-roman")
_MIDDLE = ("cp1250", "iso8859-2")
_CYRILLIC = ("cp1251", "koi8-r", "iso8859-5", "cp866", "mac-cyrillic")
_HANZI_SHARED = "一不了在人有大中上地生到子下好出也会要年月日小多天心自己然家学工行方本名"
_SIMPLIFIED = (
    _HANZI_SHARED + "的是我这个们来为时说国以和就那着对过得去可里后发成事只作当没用同经么还能进动现长问样前部无从"
)
_TRADITIONAL = (
    _HANZI_SHARED + "的是我這個們來為時說國以和就那著對過得去可裡後發成事只作當沒用同經麼還能進動現長問樣前部無從會學"
)
_KATAKANA = "アイウエオカキクコサシスセソタチテトナニネノハヒフホマミムメモラリルレロワンドジバプッャュョー"
_KANA = _KATAKANA + "".join(map(chr, range(0x3041, 0x3094)))
_LANGUAGES = (
    _Language(_WEST, frozenset("äöüßÄÖÜ")),
    _Language(_WEST, frozenset("éèàùâêîôûçëïœÉÀÈÊÇ")),
    _Language(_WEST, frozenset("áéíóúñü¿¡ÁÉÍÓÚÑ")),
    _Language(_WEST, frozenset("ãõáéíóúâêôçàÁÉÃÇ")),
    _Language(_WEST, frozenset("àèéìòùÈÀ")),
    _Language(_WEST, frozenset("åäöæøéÅÄÖÆØðþáíóúýÞ")),
    _Language(_MIDDLE, frozenset("ąćęłńóśźżŁŚŻĆ")),
    _Language(_MIDDLE, frozenset("áčďéěíňóřšťúůýžäôľČŘŠŽÚ")),
    _Language(_MIDDLE, frozenset("áéíóöőúüűÁÉÖŐÜÓ")),
    _Language(_MIDDLE, frozenset("ăâîşţÎŞŢ")),
    _Language(_MIDDLE, frozenset("čćđšžČĆŠŽ")),
    _Language(("cp1254",), frozenset("çğıöşüİÇŞÖÜ")),
    _Language(("cp1257",), frozenset("āčēģīķļņšūžąęėįųõäöüČŠŽ")),
    _Language(_CYRILLIC, frozenset("оеаинтсрвлкмдпуяыьгзб"), 0.9),
    _Language(("cp1251", "koi8-u"), frozenset("оеаинтсрвлкмдпуяіїєґьгзб"), 0.9),
    _Language(("cp1253", "iso8859-7"), frozenset("αιοετσνηυρπκμλςόίέάήγδ"), 0.88),
    _Language(("cp1255",), frozenset("יוהלאתרמבשנדמעחקפםןסגצטז"), 0.95),
    _Language(("cp1256", "iso8859-6"), frozenset("اليمونرتبةعدسفهكقحجأ"), 0.9),
    _Language(("cp1258",), frozenset("ăâđêôơưĂÂĐÊÔƠƯàáèéìíòóùú\u0300\u0301\u0303\u0309\u0323")),
    _Language(("shift_jis", "cp932", "euc_jp"), frozenset(_KANA), 0.45),
    _Language(("gb18030",), frozenset(_SIMPLIFIED), 0.3),
    _Language(("big5", "cp950"), frozenset(_TRADITIONAL), 0.3),
    _Language(("euc_kr", "cp949"), frozenset("이다는을의가에하고지로기은를한도사인자어리나서시대라스아그부해"), 0.4),
)
_NEUTRAL = frozenset("“”‘’–—…«»„‚•°§©®™€£·、。，；：！？「」『』（）《》　\xa0")
_SURE = 0.45
"""Below that no language fits, and other ways of guessing are as good."""


def likely_encoding(sample: bytes) -> str | None:
    """Return the encoding in which `sample` reads most like a language; None where none fits."""
    read = enumerate(_read(sample))
    scored = [(_score(found, language), -place, encoding) for place, (encoding, language, found) in read]
    score, _, encoding = max(scored, default=(0.0, 0, None))
    return encoding if score >= _SURE else None


def _read(sample: bytes) -> Iterator[tuple[str, _Language, Counter[str]]]:
    counted: dict[str, Counter[str] | None] = {}
    for language in _LANGUAGES:
        for encoding in language.encodings:
            if encoding not in counted:
                counted[encoding] = _beyond_ascii(sample, encoding)
            found = counted[encoding]
            if found is not None:
                yield encoding, language, found


def _beyond_ascii(sample: bytes, encoding: str) -> Counter[str] | None:
    try:
        # Not final: the sample may end within a character.
        text = codecs.getincrementaldecoder(encoding)("strict").decode(sample)
    except UnicodeDecodeError:
        return None
    return Counter(character for character in text if character > "\x7f")


def _score(found: Counter[str], language: _Language) -> float:
    neutral = sum(found[sign] for sign in _NEUTRAL)
    telling = found.total() - neutral
    if telling <= 0:
        # Quotation marks and dashes alone: they are where cp1252 has them.
        return 0.5 if neutral and language.encodings == _WEST else 0.0
    share = sum(found[character] for character in language.common) / telling
    return min(1.0, share / language.share) * telling / (telling + 0.2 * neutral)
