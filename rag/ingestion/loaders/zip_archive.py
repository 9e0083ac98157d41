"""ZIP archives: nothing is unpacked by the names that they give, and each member is read like a file."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from rag.errors import DocumentError
from rag.ingestion.loaders.archive_names import UNNAMED, Names, decoded, is_meant, refusal
from rag.ingestion.loaders.base import Member, damaged_document
from rag.ingestion.loaders.contents import Contents
from rag.ingestion.loaders.members import MemberReader
from rag.ingestion.loaders.packages import UNSOUND
from rag.ingestion.loaders.pdf import encrypted_document
from rag.ingestion.loaders.zip_aes import AES_METHOD, AesMember, WrongAesPassword
from rag.types import LoadedDocument, Skipped

_OTHERS = """
.carrel .docx .docm .dotx .dotm .xlsx .xlsm .xltx .xltm .xlsb .pptx .pptm .potx .ppsx .odt .ott .ods .ots .odp .otp .odg
.epub .jar .war .ear .apk .aab .ipa .whl .xpi .crx .vsix .nupkg .msix .appx .kmz .3mf .sketch .key .numbers .pages
"""
_NOT_ARCHIVES = frozenset(_OTHERS.split())
"""ZIP inside, but no archive to their owner: documents, programs, collections of this program."""
_ENCRYPTED, _UTF8 = 0x1, 0x800
_UNICODE_PATH = 0x7075


class ZipLoader:
    name = "zip"
    version = 1
    suffixes = frozenset({".zip"})
    described_as = "a ZIP archive"

    def __init__(self, members: MemberReader) -> None:
        self._members = members

    def recognises(self, contents: Contents) -> bool:
        """Tell a ZIP that no other loader knows and that is nothing else to its owner."""
        return contents.is_zip and contents.suffix not in _NOT_ARCHIVES

    def load(self, path: Path, password: str | None = None) -> LoadedDocument:
        """Return the pages of all members, in the order of the archive."""
        return self._members.load(self, path, password)

    def members(self, path: Path, password: str | None = None) -> Iterator[Member | Skipped]:
        """Yield the files of the archive; raises `DamagedDocument` where its directory cannot be read."""
        names = Names()
        with _archive(path) as archive:
            for entry in archive.infolist():
                name = _name(entry) or UNNAMED
                if name.endswith("/") or not is_meant(name):
                    continue
                refused = refusal(name, entry.external_attr >> 16)
                yield refused or Member(
                    (names.own(name),),
                    partial(_opened, archive, entry, password),
                    packed_bytes=max(1, entry.compress_size),
                    unpacked_bytes=entry.file_size,
                )


@contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except PermissionError:
        raise
    except UNSOUND as exc:
        raise damaged_document(path, ZipLoader.described_as) from exc
    with archive:
        yield archive


@contextmanager
def _opened(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, password: str | None) -> Iterator[BinaryIO]:
    shown = Path(_name(entry))
    if entry.flag_bits & _ENCRYPTED and not password:
        raise encrypted_document(shown, None)
    try:
        stream = _stream(archive, entry, password)
    except NotImplementedError as exc:
        raise _unsupported(shown, "packed in a way that is not known here") from exc
    except (RuntimeError, WrongAesPassword) as exc:
        raise encrypted_document(shown, password) from exc
    except UNSOUND as exc:
        raise damaged_document(shown, "a member of its archive") from exc
    try:
        with stream:
            yield stream
    except (zipfile.BadZipFile, zlib.error, EOFError) as exc:
        if entry.flag_bits & _ENCRYPTED and entry.compress_type != AES_METHOD:
            # One wrong password in 256 passes the first check.
            raise encrypted_document(shown, password) from exc
        raise damaged_document(shown, "a member of its archive") from exc


def _stream(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, password: str | None) -> BinaryIO:
    if entry.compress_type == AES_METHOD and archive.fp is not None:
        return cast(BinaryIO, AesMember(archive.fp, entry, password or ""))
    return cast(BinaryIO, archive.open(entry, pwd=password.encode() if password else None))


def _unsupported(path: Path, how: str) -> DocumentError:
    return DocumentError(
        f"“{path.name}” is {how}.", remedy="Unpack the archive and add the files that were in it.", path=path
    )


def _name(entry: zipfile.ZipInfo) -> str:
    """Return a member's name: as UTF-8 where it says so or is, else in the old code page that ZIP began with."""
    if entry.flag_bits & _UTF8:
        return entry.orig_filename
    raw = entry.orig_filename.encode("cp437", "replace")
    return _unicode_path(entry.extra, raw) or decoded(raw, entry.orig_filename)


def _unicode_path(extra: bytes, raw: bytes) -> str | None:
    """Return the name in Info-ZIP's extra field, if it belongs to this name."""
    while len(extra) >= 4:
        kind, size = struct.unpack("<HH", extra[:4])
        if kind == _UNICODE_PATH and size > 5 and extra[5:9] == struct.pack("<I", zlib.crc32(raw)):
            return extra[9 : 4 + size].decode("utf-8", "replace")
        extra = extra[4 + size :]
    return None
