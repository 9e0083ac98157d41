"""Members of ZIP archives that are encrypted with AES, as WinZip and 7-Zip do it (AE-1 and AE-2); zipfile cannot.

Key and check value are stretched from the password; the cipher counts its blocks from the low end, which is why its
stream is made here block by block.
"""

import hashlib
import hmac
import io
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO

import numpy as np

AES_METHOD = 99
_EXTRA = 0x9901
_STORED, _DEFLATED = 0, 8
_ROUNDS = 1000
_CODE_BYTES = 10
_BLOCK = 16
_PIECE = 1 << 18


class WrongAesPassword(Exception):
    """The password does not belong to the member."""


@dataclass(frozen=True)
class _Kind:
    key_bytes: int
    method: int

    @property
    def salt_bytes(self) -> int:
        return self.key_bytes // 2


class AesMember(io.RawIOBase):
    """The bytes of an encrypted member, decrypted and unpacked while they are read; one thread.

    Raises:
        WrongAesPassword: When it is made.
        NotImplementedError: When it is made, for members packed otherwise than zipfile's own.
        zipfile.BadZipFile, zlib.error: When it is made or read, for damaged ones.
    """

    def __init__(self, file: IO[bytes], entry: zipfile.ZipInfo, password: str) -> None:
        kind = _kind(entry.extra)
        if kind.method not in {_STORED, _DEFLATED}:
            raise NotImplementedError(kind.method)
        self._file = file
        self._position = _data_start(file, entry)
        file.seek(self._position)
        salt, check = file.read(kind.salt_bytes), file.read(2)
        keys = hashlib.pbkdf2_hmac("sha1", password.encode(), salt, _ROUNDS, 2 * kind.key_bytes + 2)
        if not hmac.compare_digest(keys[-2:], check):
            raise WrongAesPassword
        self._cipher = _Counting(keys[: kind.key_bytes])
        self._code = hmac.new(keys[kind.key_bytes : -2], digestmod="sha1")
        self._left = entry.compress_size - kind.salt_bytes - 2 - _CODE_BYTES
        self._position = file.tell()
        self._unpacker = zlib.decompressobj(-15) if kind.method == _DEFLATED else None
        self._waiting = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        """Return the next bytes, at most `size`; empty at the end, once what was read is known to be whole."""
        most = _PIECE if size is None or size < 0 else size
        while True:
            if not self._waiting:
                self._waiting = self._decrypted()
                if not self._waiting:
                    return b""
            if self._unpacker is None:
                piece, self._waiting = self._waiting[:most], self._waiting[most:]
                return piece
            piece = self._unpacker.decompress(self._waiting, most)
            self._waiting = self._unpacker.unconsumed_tail
            if piece:
                return piece

    def _decrypted(self) -> bytes:
        self._file.seek(self._position)
        if self._left <= 0:
            if self._left == 0 and not hmac.compare_digest(self._code.digest()[:_CODE_BYTES], self._file.read(10)):
                raise zipfile.BadZipFile
            self._left = -1
            return b""
        data = self._file.read(min(self._left, _PIECE))
        if not data:
            raise zipfile.BadZipFile
        self._left -= len(data)
        self._position += len(data)
        self._code.update(data)
        return self._cipher.applied(data)


class _Counting:
    """AES in counter mode with a counter that begins at 1, low byte first."""

    def __init__(self, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        self._encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
        self._block = 1

    def applied(self, data: bytes) -> bytes:
        """Return the data with the next piece of the stream applied; all but the last piece fill their blocks."""
        count = -(-len(data) // _BLOCK)
        counters = np.zeros((count, 2), dtype="<u8")
        counters[:, 0] = np.arange(self._block, self._block + count, dtype="<u8")
        self._block += count
        stream = np.frombuffer(self._encryptor.update(counters.tobytes()), dtype=np.uint8)[: len(data)]
        return (np.frombuffer(data, dtype=np.uint8) ^ stream).tobytes()


def _kind(extra: bytes) -> _Kind:
    while len(extra) >= 4:
        kind, size = struct.unpack("<HH", extra[:4])
        if kind == _EXTRA and len(extra) >= 11:
            strength, method = struct.unpack("<BH", extra[8:11])
            if strength in {1, 2, 3}:
                return _Kind({1: 16, 2: 24, 3: 32}[strength], method)
        extra = extra[4 + size :]
    raise zipfile.BadZipFile


def _data_start(file: IO[bytes], entry: zipfile.ZipInfo) -> int:
    file.seek(entry.header_offset)
    header = file.read(30)
    if len(header) < 30 or not header.startswith(b"PK\x03\x04"):
        raise zipfile.BadZipFile
    name, extra = struct.unpack("<HH", header[26:30])
    return entry.header_offset + 30 + int(name) + int(extra)
