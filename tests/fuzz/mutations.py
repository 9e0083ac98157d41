"""Damages bytes in the ways that disks, downloads and bad programs do, and some that only malice does."""

import io
import random
import zipfile
import zlib
from collections.abc import Callable, Sequence

Mutation = Callable[[bytes, random.Random], bytes]
_BROKEN_ZIP = (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError, zlib.error)
_NUMBERS = (b"-1", b"0", b"99999999999999999999", b"1e999", b"4294967295", b"-2147483649", b"0.0000001")
_BYTES = (b"\0", b"\xff", b"\x80", b"\n", b"<", b">", b"(", b"[", b"{", b"/", b"\\", b'"', b"\xef\xbb\xbf", b"\xff\xfe")


def mutate(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """Return `data` after one to eight random damages; `others` lend pieces."""
    for _ in range(1 + int(chance.expovariate(0.6)) % 8):
        data = chance.choice(_ALL)(data, chance) if chance.random() < 0.9 else splice(data, others, chance)
    return data


def flip_bits(data: bytes, chance: random.Random) -> bytes:
    made = bytearray(data)
    for _ in range(min(len(made), chance.choice((1, 1, 3, 20, 200)))):
        made[chance.randrange(len(made))] ^= 1 << chance.randrange(8)
    return bytes(made)


def truncate(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def behead(data: bytes, chance: random.Random) -> bytes:
    return data[min(len(data), chance.choice((1, 4, 100, 1000))) :]


def cut_out(data: bytes, chance: random.Random) -> bytes:
    start, end = _span(data, chance)
    return data[:start] + data[end:]


def repeat(data: bytes, chance: random.Random) -> bytes:
    start, end = _span(data, chance)
    return data[:end] + data[start:end] * chance.choice((1, 3, 50)) + data[end:]


def insert(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(_BYTES) * chance.choice((1, 2, 64, 3000)) + data[at:]


def overwrite(data: bytes, chance: random.Random) -> bytes:
    start, end = _span(data, chance)
    return data[:start] + chance.randbytes(end - start) + data[end:]


def change_number(data: bytes, chance: random.Random) -> bytes:
    """Replace a run of digits: lengths, offsets and counts of PDF and XML."""
    digits = [at for at in range(len(data)) if data[at : at + 1].isdigit()] if len(data) < 200_000 else []
    if not digits:
        return flip_bits(data, chance)
    start = chance.choice(digits)
    end = start + 1
    while data[end : end + 1].isdigit():
        end += 1
    return data[:start] + chance.choice(_NUMBERS) + data[end:]


def swap(data: bytes, chance: random.Random) -> bytes:
    start, end = _span(data, chance)
    middle = (start + end) // 2
    return data[:start] + data[middle:end] + data[start:middle] + data[end:]


def damage_member(data: bytes, chance: random.Random) -> bytes:
    """Damage a file inside of a ZIP archive and pack it again whole, so that the reader gets to see it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
    except _BROKEN_ZIP:
        return flip_bits(data, chance)
    if not members:
        return data
    name = chance.choice(list(members))
    if chance.random() < 0.15:
        del members[name]
    else:
        members[name] = chance.choice(_PLAIN)(members[name], chance)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, content in members.items():
            archive.writestr(each, content)
    return packed.getvalue()


def splice(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """Put a piece of another document in."""
    other = chance.choice(others)
    start, end = _span(other, chance)
    at = chance.randrange(len(data) + 1)
    return data[:at] + other[start:end] + data[at + chance.choice((0, end - start)) :]


def _span(data: bytes, chance: random.Random) -> tuple[int, int]:
    start = chance.randrange(len(data) + 1)
    return start, min(len(data), start + int(chance.expovariate(1 / 200)))


_PLAIN: tuple[Mutation, ...] = (
    flip_bits,
    truncate,
    cut_out,
    repeat,
    insert,
    overwrite,
    change_number,
    swap,
)
_ALL: tuple[Mutation, ...] = (*_PLAIN, behead, damage_member, damage_member)
