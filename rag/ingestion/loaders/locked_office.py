"""Office documents behind a password: decrypted in memory, and read by the loader of what is inside.

Nothing that was decrypted is written to a disk.
"""

import struct
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

from rag.errors import EncryptedDocument, WrongPassword
from rag.ingestion.loaders.base import damaged_document, loader_identity
from rag.ingestion.loaders.contents import Contents
from rag.ingestion.loaders.packages import encrypted_package, open_package
from rag.types import LoadedDocument

_OLD_STREAMS = ("Workbook", "Book")
_UNSOUND = (ValueError, KeyError, IndexError, TypeError, AssertionError, AttributeError, struct.error)
"""What msoffcrypto raises for a damaged container."""
_NO_PASSWORD = "VelvetSweatshop"
"""What Excel encrypts with when a workbook is only protected against changes: it opens without a question."""
_FILEPASS = b"\x2f\x00"


class ReadsBytes(Protocol):
    """A loader that reads a document from memory."""

    name: str
    version: int

    def read(self, data: bytes, path: Path) -> LoadedDocument: ...


class LockedOfficeLoader:
    """Comes before the loaders of what is inside, whose files look alike.

    Args:
        word: Reads word/document.xml and its like.
        slides: Reads presentations.
        sheets: Reads workbooks, those of old Excel as well.
    """

    name = "locked-office"
    suffixes: frozenset[str] = frozenset()
    described_as = "a protected Office document"

    def __init__(self, word: ReadsBytes, slides: ReadsBytes, sheets: ReadsBytes) -> None:
        self._word, self._slides, self._sheets = word, slides, sheets
        # What is inside is read again when its loader has changed.
        self.version = 1 + sum(100 * loader.version for loader in (word, slides, sheets))

    def recognises(self, contents: Contents) -> bool:
        if contents.has_stream("EncryptedPackage"):
            return True
        return contents.has_stream(*_OLD_STREAMS) and _is_locked_workbook(contents.path)

    def load(self, path: Path, password: str | None = None) -> LoadedDocument:
        """Return the document inside.

        Raises:
            EncryptedDocument: There is no password.
            WrongPassword: It is another one.
        """
        try:
            data = _decrypted(path, _NO_PASSWORD if password is None else password)
        except WrongPassword:
            if password is None:
                raise encrypted_package(path) from None
            raise
        document = self._loader(data, path).read(data, path)
        return replace(document, loader=loader_identity(self))

    def _loader(self, data: bytes, path: Path) -> ReadsBytes:
        if not data.startswith(b"PK"):
            return self._sheets
        with open_package(data, path) as package:
            if any(name.startswith("ppt/") for name in package.names):
                return self._slides
            return self._sheets if any(name.startswith("xl/") for name in package.names) else self._word


def _is_locked_workbook(path: Path) -> bool:
    import olefile

    try:
        with olefile.OleFileIO(path) as container:
            stream = next(name for name in _OLD_STREAMS if container.exists(name))
            head: bytes = container.openstream(stream).read(2048)
    except Exception:  # noqa: BLE001 - a damaged container makes the reader fail in any way; the sheets' loader says so.
        return False
    return _FILEPASS in head and _has_record(head, _FILEPASS)


def _has_record(stream: bytes, kind: bytes) -> bool:
    """Tell whether one of the first records of a workbook is of a kind; each is kind, length, and as many bytes."""
    at = 0
    while at + 4 <= len(stream):
        if stream[at : at + 2] == kind:
            return True
        at += 4 + int.from_bytes(stream[at + 2 : at + 4], "little")
    return False


def _chains_end(path: Path) -> bool:
    """Tell whether the sectors of each stream come to an end; olefile follows a circle until all memory is taken."""
    import olefile

    try:
        with olefile.OleFileIO(path) as container:
            container.loadminifat()
            return all(
                _ends(container.minifat if entry.is_minifat else container.fat, entry.isectStart)
                for entry in container.direntries
                if entry is not None and entry.entry_type in {olefile.STGTY_ROOT, olefile.STGTY_STREAM} and entry.size
            )
    except Exception:  # noqa: BLE001 - as above.
        return False


def _ends(table: Sequence[int], sector: int) -> bool:
    for _ in range(len(table) + 1):
        if not 0 <= sector < len(table):
            return True
        sector = table[sector]
    return False


def _decrypted(path: Path, password: str) -> bytes:
    import msoffcrypto
    from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError, ParseError

    if not _chains_end(path):
        raise damaged_document(path, "a protected Office document")
    target = BytesIO()
    try:
        with path.open("rb") as file:
            office: Any = msoffcrypto.OfficeFile(file)
            office.load_key(password=password)
            office.decrypt(target)
    except InvalidKeyError as exc:
        raise wrong_password(path) from exc
    except DecryptionError as exc:
        raise _unsupported(path) from exc
    except (FileFormatError, ParseError, OSError, *_UNSOUND) as exc:
        raise damaged_document(path, "a protected Office document") from exc
    return target.getvalue()


def wrong_password(path: Path) -> WrongPassword:
    return WrongPassword(
        f"The password does not open “{path.name}”.", remedy="Check its spelling, and try again.", path=path
    )


def _unsupported(path: Path) -> EncryptedDocument:
    return EncryptedDocument(
        f"“{path.name}” is encrypted in a way that is not known here.",
        remedy="Open it in the program that made it, remove the password and save it again.",
        path=path,
    )
