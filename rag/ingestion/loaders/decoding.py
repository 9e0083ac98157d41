"""Bytes to text: byte order marks first, then UTF-8, then a guess; what is no text is refused, never garbled.

Line ends become a single newline, so that offsets count the same on every platform.
"""

import codecs
import re
from pathlib import Path

from rag.errors import UnknownFormat

_MARKS = (
    # UTF-32 first: its little-endian mark begins with the one of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_GUESS_BYTES = 200_000
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\ufffd]")


def decode_text(data: bytes, path: Path) -> str:
    """Return the text of a file's bytes; raises `UnknownFormat` for binary data and unknown encodings."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _checked(data[len(mark) :].decode(encoding, "replace"), path)
    wide = _wide_encoding(data)
    if wide is not None:
        return _checked(data.decode(wide, "replace"), path)
    if b"\0" in data[:8192]:
        raise binary_data(path)
    try:
        return _checked(data.decode("utf-8"), path)
    except UnicodeDecodeError:
        return _checked(_guessed(data, path), path)


def binary_data(path: Path) -> UnknownFormat:
    return UnknownFormat(
        f"“{path.name}” is not text: it holds binary data.",
        remedy="Check the file's name ending, or save it as text, PDF or Word document.",
        path=path,
    )


def normalise_lines(text: str) -> str:
    """Return the text with single newlines as line ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def line_starts(text: str) -> tuple[int, ...]:
    """Return the offset at which each line of the text starts."""
    starts = [0]
    starts.extend(match.end() for match in re.finditer(r"\n", text))
    if len(starts) > 1 and starts[-1] == len(text):
        starts.pop()
    return tuple(starts)


def _wide_encoding(data: bytes) -> str | None:
    """Recognise UTF-16 without a mark by its zero bytes: every other one, in Latin text."""
    sample = data[:8192]
    if len(sample) < 4 or len(data) % 2:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if odd > 0.7 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.7 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None


def _guessed(data: bytes, path: Path) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(data[:_GUESS_BYTES]).best()
    if best is None:
        raise UnknownFormat(
            f"The encoding of “{path.name}” is unknown.",
            remedy="Open it in a text editor and save it as UTF-8.",
            path=path,
        )
    return data.decode(best.encoding, "replace")


def _checked(text: str, path: Path) -> str:
    sample = text[:100_000]
    if len(_CONTROLS.findall(sample)) > max(2, 0.02 * len(sample)):
        raise binary_data(path)
    # Lone surrogates cannot be stored; NUL ends strings in too many places.
    clean = re.sub(r"[\ud800-\udfff]", "\ufffd", text).replace("\0", " ")
    return normalise_lines(clean)
