"""Writes a `.carrel` archive: streamed, with the manifest first, under another name until it is whole."""

import errno
import hashlib
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO

from rag.errors import BundleError, DiskFull
from rag.storage.bundles.manifest import MANIFEST, Manifest, Member, encode

_COMPRESSION_LEVEL = 5
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_SPARE_BYTES = 2_000
"""Room in the manifest for what is known only at the end, beside members and names."""
_BYTES_A_MEMBER = 220
_EPOCH = (1980, 1, 1, 0, 0, 0)


class BundleWriter:
    """An archive that is being written; members one after another, the manifest's place kept free at its start."""

    def __init__(self, file: IO[bytes], most_members: int, names: Sequence[str]) -> None:
        self._zip = zipfile.ZipFile(file, "w", allowZip64=True)
        self._file = file
        # A sign takes six bytes at most, as an escape.
        self._reserved = _SPARE_BYTES + most_members * _BYTES_A_MEMBER + 6 * sum(map(len, names))
        self._manifest = _info(MANIFEST, zipfile.ZIP_STORED)
        self.members: list[Member] = []

    def __enter__(self) -> "BundleWriter":
        with self._thrown_away_on_failure(), self._zip.open(self._manifest, "w") as member:
            member.write(b" " * self._reserved)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is not None:
            self._zip.fp = None

    @contextmanager
    def _thrown_away_on_failure(self) -> Iterator[None]:
        # The archive would try to end itself, in a file that is closed by then.
        try:
            yield
        except BaseException:
            self._zip.fp = None
            raise

    def write(self, name: str, pieces: Iterable[bytes], *, compressed: bool = True) -> Member:
        """Write a member from its pieces."""
        digest, size = hashlib.sha256(), 0
        info = _info(name, zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED)
        with self._zip.open(info, "w", force_zip64=True) as member:
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                member.write(piece)
        written = Member(name, size, digest.hexdigest())
        self.members.append(written)
        return written

    def finish(self, manifest: Manifest) -> None:
        """Put the manifest in its place, and end the archive."""
        data = encode(manifest)
        assert len(data) <= self._reserved
        data = data.ljust(self._reserved)
        self._manifest.CRC = zipfile.crc32(data)  # type: ignore[attr-defined]
        end = self._file.tell()
        self._file.seek(self._manifest.header_offset)
        self._file.write(self._manifest.FileHeader(zip64=False))
        self._file.write(data)
        self._file.seek(end)
        self._zip.close()


@contextmanager
def written_whole(target: Path) -> Iterator[IO[bytes]]:
    """Give a file that takes the place of `target` at the end, or leaves no trace.

    Raises:
        DiskFull: There is no room.
        BundleError: The place cannot be written.
    """
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    with write_failures(target):
        try:
            with partial.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)


@contextmanager
def write_failures(target: Path) -> Iterator[None]:
    """Turn what the system says when `target` is written into a known error that names it."""
    try:
        yield
    except OSError as exc:
        if exc.errno in _FULL:
            raise DiskFull(
                f"There is no room for “{target.name}” in {target.parent}; nothing half-written was kept.",
                remedy="Free some space, or choose another disk.",
                path=target,
            ) from exc
        raise BundleError(
            f"“{target}” cannot be written: {exc.strerror or type(exc).__name__}.",
            remedy="Choose a folder that you may write to.",
            path=target,
        ) from exc


def file_pieces(path: Path, check: Callable[[], None] = lambda: None, size: int = 1 << 20) -> Iterator[bytes]:
    """Yield a file's bytes, a megabyte at a time; `check` may raise between them."""
    with path.open("rb") as file:
        while piece := file.read(size):
            check()
            yield piece


def _info(name: str, compression: int) -> zipfile.ZipInfo:
    # The same for the same content: no times, no rights, no system.
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = compression
    info._compresslevel = _COMPRESSION_LEVEL  # type: ignore[attr-defined]
    info.create_system = 3
    info.external_attr = 0o600 << 16
    return info
