"""TAR archives, packed or not, and single files packed by gzip, bzip2 or xz; read from front to end, once."""

import bz2
import gzip
import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from rag.ingestion.loaders.archive_names import UNNAMED, Names, decoded, is_meant, refusal
from rag.ingestion.loaders.base import Member, damaged_document
from rag.ingestion.loaders.contents import Contents
from rag.ingestion.loaders.members import MemberReader
from rag.types import LoadedDocument, Skipped

_Opener = Callable[[Path], AbstractContextManager[BinaryIO]]
_PACKED: dict[bytes, _Opener] = {
    b"\x1f\x8b": cast(_Opener, gzip.GzipFile),
    b"BZh": cast(_Opener, bz2.BZ2File),
    b"\xfd7zXZ\0": cast(_Opener, lzma.LZMAFile),
}
_UNSOUND = (tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, ValueError, OSError)
_ENDS_EARLY = "The archive is cut off or damaged here; what stands behind this place cannot be read."
_BLOCK = 512
_LARGEST_STEP = 2_000_000_000
"""A packed archive must be unpacked to get past a member; past one of this size nobody waits."""


class TarLoader:
    name = "tar"
    version = 1
    suffixes = frozenset({".tar", ".tgz", ".tbz", ".tbz2", ".txz"})
    described_as = "a TAR archive"

    def __init__(self, members: MemberReader) -> None:
        self._members = members

    def recognises(self, contents: Contents) -> bool:
        """Tell a TAR by its first block, under its packing."""
        return _is_tar(_first_block(contents)) or (contents.suffix == ".tar" and not contents.head.strip(b"\0"))

    def load(self, path: Path, password: str | None = None) -> LoadedDocument:
        """Return the pages of all members, in the order of the archive."""
        return self._members.load(self, path, password)

    def members(self, path: Path, password: str | None = None) -> Iterator[Member | Skipped]:
        """Yield the files of the archive; what it cannot be read of is left out with the reason."""
        del password
        names, last = Names(), path.name
        try:
            # Unpacked bytes are not to be believed: a member may not be larger than this many times the archive.
            packed = 0 if _opener(Contents(path)) is None else path.stat().st_size
            with tarfile.open(path, "r:*") as archive:
                while (entry := archive.next()) is not None:
                    last = entry.name
                    yield from _parts(archive, entry, names, packed)
                    archive.members = []  # type: ignore[attr-defined]  # tarfile keeps all headers otherwise
                    if packed and entry.size > _LARGEST_STEP:
                        yield Skipped(last, "The archive is not unpacked beyond this member, for it is too large.")
                        return
        except _UNSOUND as exc:
            if last == path.name:
                raise damaged_document(path, self.described_as) from exc
            yield Skipped(last, _ENDS_EARLY)


class PackedFileLoader:
    """Reads what one packed file holds."""

    name = "gz"
    version = 1
    suffixes = frozenset({".gz", ".bz2", ".xz"})
    described_as = "a packed file"

    def __init__(self, members: MemberReader) -> None:
        self._members = members

    def recognises(self, contents: Contents) -> bool:
        """Tell a packed file by its first bytes; packed TAR archives are recognised before."""
        return _opener(contents) is not None

    def load(self, path: Path, password: str | None = None) -> LoadedDocument:
        """Return the pages of the file that is packed in it."""
        return self._members.load(self, path, password)

    def members(self, path: Path, password: str | None = None) -> Iterator[Member | Skipped]:
        """Yield the one file, under its name without the last ending."""
        del password
        yield Member((path.stem,), partial(_unpacked, path), packed_bytes=path.stat().st_size, chosen=True)


def _parts(archive: tarfile.TarFile, entry: tarfile.TarInfo, names: Names, packed: int) -> Iterator[Member | Skipped]:
    name = decoded(entry.name.encode("utf-8", "surrogateescape"), "") or UNNAMED
    if entry.isdir() or not is_meant(name):
        return
    refused = refusal(name, 0)
    if entry.issym() or entry.islnk():
        refused = Skipped(name, "It is a link, and links are not followed.")
    elif not entry.isfile():
        refused = Skipped(name, "It is a device or a pipe.")
    yield refused or Member(
        (names.own(name),), partial(_opened, archive, entry), packed_bytes=packed, unpacked_bytes=entry.size
    )


@contextmanager
def _opened(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> Iterator[BinaryIO]:
    try:
        stream = archive.extractfile(entry)
        if stream is None:
            raise damaged_document(Path(entry.name), "a member of its archive")
        with stream:
            yield cast(BinaryIO, stream)
    except _UNSOUND as exc:
        _let_through(exc)
        raise damaged_document(Path(entry.name), "a member of its archive") from exc


@contextmanager
def _unpacked(path: Path) -> Iterator[BinaryIO]:
    opener = _opener(Contents(path))
    if opener is None:
        raise damaged_document(path, PackedFileLoader.described_as)
    try:
        with opener(path) as stream:
            yield stream
    except _UNSOUND as exc:
        _let_through(exc)
        raise damaged_document(path, PackedFileLoader.described_as) from exc


def _opener(contents: Contents) -> _Opener | None:
    return next((opener for magic, opener in _PACKED.items() if contents.head.startswith(magic)), None)


def _first_block(contents: Contents) -> bytes:
    opener = _opener(contents)
    if opener is None:
        return contents.head[:_BLOCK]
    try:
        with opener(contents.path) as stream:
            return stream.read(_BLOCK)
    except _UNSOUND:
        return b""


def _is_tar(block: bytes) -> bool:
    """Tell whether a block is a header of a TAR: its checksum says so, whatever its age."""
    if len(block) < _BLOCK or not block.strip(b"\0"):
        return False
    try:
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.TarError:
        return False
    return True


def _let_through(error: Exception) -> None:
    """Raise what the system said, as of a full disk; what unpacking raises says nothing of the system."""
    if isinstance(error, OSError) and error.errno is not None:
        raise error
