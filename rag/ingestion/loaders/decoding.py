"""Bytes to text: byte order marks first, then UTF-8, then a guess; what is no text is refused, never garbled.

Line ends become a single newline, so that offsets count the same on every platform. Text is decoded in pieces: a log of
a gigabyte is never in memory as a whole.
"""

import codecs
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from rag.errors import UnknownFormat
from rag.ingestion.loaders.encodings import likely_encoding

_MARKS = (
    # UTF-32 first: its little-endian mark begins with the one of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_PIECE_BYTES = 1 << 20
_GUESS_BYTES = 200_000
_BEFORE_FAILURE = 50_000
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\ufffd]")
_DAMAGED_SHARE = 20
"""UTF-8 with one broken character in so many beyond ASCII is damaged UTF-8, and no other encoding."""


def decode_text(data: bytes, path: Path) -> str:
    """Return the text of a file's bytes; raises `UnknownFormat` for binary data and unknown encodings."""
    return "".join(decoded_pieces(io.BytesIO(data), path))


def decoded_pieces(file: BinaryIO, path: Path) -> Iterator[str]:
    """Yield the text of an open file in pieces of about a megabyte; raises as `decode_text` does."""
    encoding, start = _encoding(file, path)
    file.seek(start)
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)("replace"), translate=True)
    first = True
    while True:
        piece = file.read(_PIECE_BYTES)
        text = decoder.decode(piece, final=not piece)
        if first:
            _refuse_binary(text, path)
            first = False
        # Lone surrogates cannot be stored; NUL ends strings in too many places.
        yield re.sub(r"[\ud800-\udfff]", "\ufffd", text).replace("\0", " ")
        if not piece:
            return


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


def _encoding(file: BinaryIO, path: Path) -> tuple[str, int]:
    """Return the encoding, and how many bytes its mark takes."""
    head = file.read(_GUESS_BYTES)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding, len(mark)
    wide = _wide_encoding(head)
    if wide is not None:
        return wide, 0
    if b"\0" in head[:8192]:
        raise binary_data(path)
    failure = _utf8_failure(file)
    if failure is None:
        return "utf-8", 0
    file.seek(max(0, failure - _BEFORE_FAILURE))
    return _guessed(head if failure < _GUESS_BYTES else file.read(_GUESS_BYTES), path), 0


def _utf8_failure(file: BinaryIO) -> int | None:
    """Return about where the file stops being UTF-8; None if it is all UTF-8."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    done = 0
    while piece := file.read(_PIECE_BYTES):
        try:
            decoder.decode(piece)
        except UnicodeDecodeError as exc:
            return done + exc.start
        done += len(piece)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return done
    return None


def _wide_encoding(data: bytes) -> str | None:
    """Recognise UTF-16 or UTF-32 without a mark by its zero bytes: every other one, in Latin text."""
    sample = data[:8192]
    if len(sample) < 4 or len(data) % 2:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    zeros = [sample[each::4].count(0) > 0.95 * len(sample) / 4 for each in range(4)]
    if zeros in ([False, False, True, True], [False, True, True, True]):
        return "utf-32-le"
    if zeros in ([True, True, False, False], [True, True, True, False]):
        return "utf-32-be"
    if odd > 0.7 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.7 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None


def _guessed(sample: bytes, path: Path) -> str:
    from charset_normalizer import from_bytes

    lenient = sample.decode("utf-8", "replace")
    broken = lenient.count("\ufffd")
    if sum(character > "\x7f" for character in lenient) - broken >= _DAMAGED_SHARE * broken:
        return "utf-8"
    likely = likely_encoding(sample)
    if likely is not None:
        return likely
    best = from_bytes(sample).best()
    if best is None:
        raise UnknownFormat(
            f"The encoding of “{path.name}” is unknown.",
            remedy="Open it in a text editor and save it as UTF-8.",
            path=path,
        )
    return best.encoding


def _refuse_binary(text: str, path: Path) -> None:
    sample = text[:100_000]
    if len(_CONTROLS.findall(sample)) > max(2, 0.02 * len(sample)):
        raise binary_data(path)
