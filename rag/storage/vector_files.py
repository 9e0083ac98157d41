"""Chroma's files of vectors hold room for more, and what stands there is whatever the memory held before.

So a sentence of a document, removed or not, can get into files that should hold vectors only. The room that is not
used is filled with zeros here.
"""

import struct
from pathlib import Path

# Of hnswlib's header: its version, where elements begin, how many there is room for, how many there are, bytes of each.
_HEADER = struct.Struct("<iQQQQ")
_VERSION = 1
_LENGTH_BYTES = 4
_PORTION = 1_000_000


def blank_unused_room(folder: Path) -> None:
    """Overwrite the unused room in all files of vectors below a folder; nobody may be using them."""
    for header in folder.rglob("header.bin"):
        data = header.read_bytes()
        if len(data) < _HEADER.size:
            continue
        version, begin, room, used, element_bytes = _HEADER.unpack_from(data)
        elements, lengths = header.with_name("data_level0.bin"), header.with_name("length.bin")
        if version != _VERSION or begin != 0 or used > room or not elements.is_file():
            continue
        if elements.stat().st_size == room * element_bytes:
            _blank(elements, used * element_bytes)
        if lengths.is_file() and lengths.stat().st_size == room * _LENGTH_BYTES:
            _blank(lengths, used * _LENGTH_BYTES)


def _blank(path: Path, start: int) -> None:
    left = path.stat().st_size - start
    with path.open("r+b") as file:
        file.seek(start)
        while left > 0:
            file.write(bytes(min(left, _PORTION)))
            left -= _PORTION
