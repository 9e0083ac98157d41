"""Opens files that are ZIP packages inside: nothing unpacks to more than a document may hold, nothing is written.

What a package says of its size is checked before a byte is unpacked, and bytes are counted while they are unpacked.
XML is parsed without external parts and with the parser's own limit on growing entities.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rag.errors import EncryptedDocument, UnpacksTooLarge
from rag.ingestion.loaders.base import damaged_document

if TYPE_CHECKING:
    from lxml.etree import _Element

UNSOUND = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError)
"""What `zipfile` raises for archives that are damaged or of a kind that it does not know."""
_PIECE_BYTES = 1 << 20
_XML_BYTES = 100_000_000
"""A tree of XML takes some ten times as much."""
_ENCRYPTED_FLAG = 0x1
_UNSAFE_NAME = re.compile(r"^[/\\]|^[A-Za-z]:|(?:^|[/\\])\.\.(?:[/\\]|$)|\0")


@dataclass(frozen=True)
class PackageLimits:
    """How much a package may hold.

    Attributes:
        members: The most members.
        total_bytes: The most bytes of all members, unpacked.
        member_bytes: The most bytes of one member, unless `read` is given another limit.
        ratio: How many times its packed size a package may unpack to, once it is larger than `ratio_from_bytes`.
    """

    members: int = 50_000
    total_bytes: int = 1 << 30
    member_bytes: int = _XML_BYTES
    ratio: int = 200
    ratio_from_bytes: int = 50_000_000


DOCUMENT_LIMITS = PackageLimits()


class SafePackage:
    """An open ZIP package; close it, or use it in a `with` statement. One thread.

    Attributes:
        names: Members that are files and whose names stay inside the package, in the order of its directory.
        unsafe_names: Members whose names point elsewhere ("../x", "/etc/x", "C:x"); they are never read.
    """

    def __init__(self, archive: zipfile.ZipFile, path: Path, kind: str, limits: PackageLimits) -> None:
        self._archive = archive
        self._path = path
        self._kind = kind
        self._limits = limits
        self._unpacked = 0
        # zipfile itself trips over an entry without a name.
        files = [entry for entry in archive.infolist() if entry.filename and not entry.is_dir()]
        self._entries = {entry.filename: entry for entry in files if not is_unsafe_name(entry.orig_filename)}
        self.names = tuple(self._entries)
        self.unsafe_names = tuple(entry.orig_filename for entry in files if is_unsafe_name(entry.orig_filename))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def close(self) -> None:
        """Close the file; what was read stays."""
        self._archive.close()

    def size(self, name: str) -> int:
        """Return how many bytes the member says that it unpacks to."""
        return self._entries[name].file_size

    def is_encrypted(self, name: str) -> bool:
        """Tell whether the member is only read with a password of the ZIP file."""
        return bool(self._entries[name].flag_bits & _ENCRYPTED_FLAG)

    def read(self, name: str, limit: int | None = None, password: str | None = None) -> bytes:
        """Return a member's bytes.

        Args:
            name: One of `names`.
            limit: The most bytes; by default what the package's limits allow.
            password: Of the ZIP file, where its members are encrypted.

        Raises:
            DamagedDocument: There is no such member, or it is broken.
            EncryptedDocument: It needs a password, or another one.
            UnpacksTooLarge: It is larger than the limit, or the package is when all that was read is counted.
        """
        return b"".join(self.pieces(name, limit, password))

    def pieces(self, name: str, limit: int | None = None, password: str | None = None) -> Iterator[bytes]:
        """Yield a member's bytes in pieces of a megabyte; raises as `read` does."""
        entry = self._entries.get(name)
        if entry is None:
            raise damaged_document(self._path, self._kind)
        most = self._limits.member_bytes if limit is None else limit
        if entry.file_size > most:
            raise unpacks_too_large(self._path, entry.file_size)
        try:
            with self._archive.open(entry, pwd=None if password is None else password.encode()) as member:
                size = 0
                while piece := member.read(_PIECE_BYTES):
                    size += len(piece)
                    self._count(len(piece), size, most)
                    yield piece
        except RuntimeError as exc:  # What zipfile raises for members that need a password, or another one.
            raise encrypted_package(self._path) from exc
        except UNSOUND as exc:
            raise damaged_document(self._path, self._kind) from exc

    def check(self) -> None:
        """Unpack every member once and keep nothing, for readers that would believe the sizes in the directory."""
        for name in self.names:
            for _ in self.pieces(name, self._limits.total_bytes):
                pass
        self._unpacked = 0

    def xml(self, name: str, limit: int | None = None) -> "_Element":
        """Return a member's parsed XML; raises as `read` does, and `DamagedDocument` where it is no XML."""
        return parse_xml(self.read(name, limit), self._path, self._kind)

    def _count(self, more: int, size: int, most: int) -> None:
        self._unpacked += more
        if size > most or self._unpacked > self._limits.total_bytes:
            raise unpacks_too_large(self._path, max(size, self._unpacked))


def open_package(
    source: Path | bytes, path: Path | None = None, *, kind: str = "a document", limits: PackageLimits = DOCUMENT_LIMITS
) -> SafePackage:
    """Open a ZIP package whose directory keeps to the limits.

    Args:
        source: The file, or the bytes of one.
        path: What errors name; by default the source.
        kind: What errors call it, "a Word document".
        limits: How much it may hold.

    Raises:
        DamagedDocument: It is no ZIP file, or its directory is broken.
        UnpacksTooLarge: It has too many members, or says that they unpack to too much.
    """
    named = source if path is None and isinstance(source, Path) else path or Path("package")
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    try:
        archive = zipfile.ZipFile(BytesIO(source) if isinstance(source, bytes) else source)
    except (PermissionError, FileNotFoundError):
        raise
    except UNSOUND as exc:
        raise damaged_document(named, kind) from exc
    try:
        _check_directory(archive, size, named, limits)
    except BaseException:
        archive.close()
        raise
    return SafePackage(archive, named, kind, limits)


def check_package(data: bytes, path: Path, kind: str) -> None:
    """Check a package that another library will read whole: its directory, and the size of each part of XML.

    Raises:
        DamagedDocument: It is no ZIP file, or its directory is broken.
        UnpacksTooLarge: As for `open_package`, or a part of XML would take all memory as a tree.
    """
    with open_package(data, path, kind=kind) as package:
        for name in package.names:
            if name.endswith((".xml", ".rels")) and package.size(name) > _XML_BYTES:
                raise unpacks_too_large(path, package.size(name))


def is_unsafe_name(name: str) -> bool:
    """Tell whether a member's name would lead out of the folder that it is unpacked to."""
    return _UNSAFE_NAME.search(name) is not None


def parse_xml(data: bytes, path: Path, kind: str = "a document") -> "_Element":
    """Return parsed XML, nothing fetched and no entity replaced; raises `DamagedDocument`."""
    from lxml import etree

    # Without `huge_tree`, libxml2 keeps its limits on depth and on what entities grow to.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as exc:
        raise damaged_document(path, kind) from exc


def encrypted_package(path: Path) -> EncryptedDocument:
    return EncryptedDocument(f"“{path.name}” is protected by a password.", remedy="Enter its password.", path=path)


def unpacks_too_large(path: Path, size: int) -> UnpacksTooLarge:
    return UnpacksTooLarge(
        f"“{path.name}” was not read: it unpacks to {size // 1_000_000:,} MB or more, far more than a document holds.",
        remedy="If you trust the file, open it in the program that made it and split it.",
        path=path,
    )


def too_many_members(path: Path, count: int) -> UnpacksTooLarge:
    return UnpacksTooLarge(
        f"“{path.name}” was not read: it holds {count:,} files.",
        remedy="If you trust the file, unpack it and add the folder.",
        path=path,
    )


def _check_directory(archive: zipfile.ZipFile, packed: int, path: Path, limits: PackageLimits) -> None:
    entries = archive.infolist()
    if len(entries) > limits.members:
        raise too_many_members(path, len(entries))
    total = sum(entry.file_size for entry in entries)
    if total > limits.total_bytes or (total > limits.ratio_from_bytes and total > limits.ratio * max(packed, 1)):
        raise unpacks_too_large(path, total)
