"""The one rule by which pdfium's characters become a page's text, and the way back from text to characters.

Indexing stores the text only: asking pdfium for the box of each character takes three times as long as the text itself.
The reader asks for the boxes of the one page that it shows, and `RawText.origin` leads from each character of the
stored text to pdfium's index. So this module must be deterministic, and a changed rule needs a new loader version.
"""

import ctypes
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pypdfium2 as pdfium

_HYPHEN = "\ufffe"  # pdfium's sign for a hyphen at the end of a line, whose line break it drops.
_SPECIAL = re.compile(
    r"\r\n|\r|\ufffe(?:\r?\n)?|\u00ad|[\ufb00-\ufb06]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\uffff]|[\ud800-\udfff]"
)
_LIGATURES = {
    "\ufb00": "ff",
    "\ufb01": "fi",
    "\ufb02": "fl",
    "\ufb03": "ffi",
    "\ufb04": "ffl",
    "\ufb05": "st",
    "\ufb06": "st",
}
_BROKEN_WORD = re.compile(r"(\w*)\ufffe(?:\r?\n)?(\w*)")


@dataclass(frozen=True)
class RawText:
    """What pdfium says of a page, and the text made of it.

    Attributes:
        text: The page's text as it is stored.
        origin: For each character of `text` its position in pdfium's text; int64.
    """

    text: str
    origin: NDArray[np.int64]


def raw_text(text_page: "pdfium.PdfTextpage") -> str:
    """Return pdfium's text of a page untouched, code point by code point."""
    import pypdfium2.raw as pdfium_c

    count = pdfium_c.FPDFText_CountChars(text_page)
    if count <= 0:
        return ""
    units = (ctypes.c_ushort * (2 * count + 2))()
    written = pdfium_c.FPDFText_GetText(text_page, 0, count, units)
    return bytes(units)[: 2 * max(0, written - 1)].decode("utf-16-le", "surrogatepass")


def clean_text(raw: str) -> str:
    """Return a page's text: single newlines, words joined at soft hyphens, ligatures spelt out, no control signs."""
    join = _joined_hyphens(raw)
    return _SPECIAL.sub(lambda match: _replacement(match, join), raw)


def clean_with_origin(raw: str) -> RawText:
    """Return the same text as `clean_text`, with the origin of each character."""
    join = _joined_hyphens(raw)
    parts: list[str] = []
    origins: list[NDArray[np.int64]] = []
    done = 0
    for match in _SPECIAL.finditer(raw):
        replacement = _replacement(match, join)
        parts += [raw[done : match.start()], replacement]
        origins += [np.arange(done, match.start()), np.full(len(replacement), match.start())]
        done = match.end()
    parts.append(raw[done:])
    origins.append(np.arange(done, len(raw)))
    return RawText("".join(parts), np.concatenate(origins).astype(np.int64))


def char_indices(text_page: "pdfium.PdfTextpage", raw: str, origin: NDArray[np.int64]) -> NDArray[np.int64]:
    """Turn positions in pdfium's text into its character indices: they differ where it hides control characters."""
    import pypdfium2.raw as pdfium_c

    if len(raw) == pdfium_c.FPDFText_CountChars(text_page) and not _is_wide(raw):
        return origin
    units = _unit_offsets(raw)
    lookup = [pdfium_c.FPDFText_GetCharIndexFromTextIndex(text_page, int(unit)) for unit in units]
    return np.array(lookup, dtype=np.int64)[origin]


def _is_wide(raw: str) -> bool:
    return sys.platform == "win32" and any(ord(character) > 0xFFFF for character in raw)


def _unit_offsets(raw: str) -> NDArray[np.int64]:
    """Return each code point's offset in pdfium's own string, whose characters are 2 bytes wide on Windows."""
    sizes = np.ones(len(raw), dtype=np.int64)
    if sys.platform == "win32":
        sizes = np.array([2 if ord(character) > 0xFFFF else 1 for character in raw], dtype=np.int64)
    return np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)


def _replacement(match: "re.Match[str]", joined: frozenset[int]) -> str:
    found = match[0]
    if found[0] == "\r":
        return "\n"
    if found[0] == _HYPHEN:
        return "" if match.start() in joined else "-"
    if "\ud800" <= found <= "\udfff":
        return "\ufffd"
    return _LIGATURES.get(found, "")


def _joined_hyphens(raw: str) -> frozenset[int]:
    """Choose the line-end hyphens that only broke a word ("dimin-ishing"), not belonging to it ("long-term").

    The page itself decides: by the word standing elsewhere on it, spelt one way or the other, and otherwise by how
    often lines end so. Justified print breaks words all the time; converted web pages break at real hyphens only.
    """
    breaks = list(_BROKEN_WORD.finditer(raw))
    if not breaks:
        return frozenset()
    lines = raw.count("\n") + len(breaks)
    breaks_words = len(breaks) >= 2 and len(breaks) * 40 >= lines
    lowered = raw.casefold()
    return frozenset(match.end(1) for match in breaks if _breaks_word(match, lowered, breaks_words))


def _breaks_word(match: "re.Match[str]", page: str, by_default: bool) -> bool:
    first, second = match[1].casefold(), match[2].casefold()
    if not first.isalpha() or not second.isalpha() or match[2] != second:
        return False
    if re.search(rf"\b{re.escape(first + second)}\b", page):
        return True
    if f"{first}-{second}" in page:
        return False
    return by_default
