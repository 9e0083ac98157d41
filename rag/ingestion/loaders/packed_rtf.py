"""Rich text as Outlook packs it into messages (MS-OXRTFCP): pairs of letters and references to what came before."""

import re
import struct
from pathlib import Path

from rag.ingestion.loaders.base import damaged_document
from rag.ingestion.loaders.rtf_reader import RtfReader
from rag.ingestion.loaders.text_builder import TextBuilder

_PACKED, _PLAIN = b"LZFu", b"MELA"
_WINDOW = 4096
_PRESET = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor "
    rb"MS Sans SerifSymbol"
    rb"ArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
"""What each text may refer to before its first letter."""
_HIDDEN_FROM_HTML = re.compile(rb"\\htmlrtf(?:1)? ?.*?\\htmlrtf0 ?", re.DOTALL)
_HTML_TAG = re.compile(rb"\{\\\*\\htmltag\d*[^{}]*\}")


def rtf_text(data: bytes, path: Path) -> str:
    """Return what packed rich text says, as plain text; raises `DamagedDocument`."""
    source = unpacked_rtf(data, path)
    if b"\\fromhtml" in source:
        # A web page in disguise: what is shown twice, as a page and as rich text, is kept once.
        source = _HTML_TAG.sub(b" ", _HIDDEN_FROM_HTML.sub(b"", source))
    builder = TextBuilder()
    try:
        RtfReader(builder).read(source)
    except (RecursionError, ValueError, LookupError) as exc:
        raise damaged_document(path, "rich text") from exc
    return builder.page().text


def unpacked_rtf(data: bytes, path: Path) -> bytes:
    """Return rich text as it was before it was packed; raises `DamagedDocument`."""
    if len(data) < 16:
        raise damaged_document(path, "rich text")
    _, size, kind, _ = struct.unpack("<II4sI", data[:16])
    if kind == _PLAIN:
        return data[16 : 16 + size]
    if kind != _PACKED:
        raise damaged_document(path, "rich text")
    return _unpacked(data[16:])


def _unpacked(packed: bytes) -> bytes:
    window = bytearray(_PRESET.ljust(_WINDOW, b" "))
    write = len(_PRESET)
    out = bytearray()
    at = 0
    while at < len(packed):
        control = packed[at]
        at += 1
        for bit in range(8):
            if at >= len(packed):
                break
            if not control >> bit & 1:
                out.append(packed[at])
                window[write] = packed[at]
                write = (write + 1) % _WINDOW
                at += 1
                continue
            reference = int.from_bytes(packed[at : at + 2], "big")
            at += 2
            offset, length = reference >> 4, (reference & 15) + 2
            if offset == write:
                return bytes(out)
            for step in range(length):
                letter = window[(offset + step) % _WINDOW]
                out.append(letter)
                window[write] = letter
                write = (write + 1) % _WINDOW
    return bytes(out)
