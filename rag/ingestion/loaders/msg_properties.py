"""Properties of Outlook's messages, their recipients and attachments, each asked for by its number (MS-OXPROPS).

python-oxmsg knows the container; a property that is missing, or broken, is simply not there.
"""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import DamagedDocument
from rag.ingestion.loaders.base import damaged_document
from rag.ingestion.loaders.mail_words import body_text

if TYPE_CHECKING:
    from olefile import OleFileIO
    from oxmsg.storage import Storage

_MESSAGE_HEADER, _EMBEDDED_HEADER, _PART_HEADER = 32, 24, 8
"""Bytes in front of the properties: in a file's own message, in a message in it, in recipients and attachments."""
_STRING, _STRING8, _BINARY = 0x001F, 0x001E, 0x0102
_STREAM_ENTRY = 2
_MESSAGE_STORAGE = "__substg1.0_3701000D"


class Properties:
    """What one message, recipient or attachment says of itself."""

    def __init__(self, storage: "Storage", header_bytes: int) -> None:
        from oxmsg.properties import Properties as Library

        self._storage = storage
        self._library = Library(storage, header_bytes)
        self._streams = {stream.name: stream.bytes_ for stream in storage.streams}

    def text(self, *numbers: int) -> str:
        """Return the first of these properties that has words, else ""."""
        for number in numbers:
            wide = self._streams.get(f"__substg1.0_{number:04X}{_STRING:04X}")
            if wide is not None:
                found = wide.decode("utf-16-le", "replace")
            else:
                found = body_text(self._streams.get(f"__substg1.0_{number:04X}{_STRING8:04X}", b""), self._charset)
            found = found.rstrip("\0").replace("\r\n", "\n")
            if found.strip():
                return found
        return ""

    def data(self, number: int) -> bytes | None:
        return self._streams.get(f"__substg1.0_{number:04X}{_BINARY:04X}")

    def number(self, number: int) -> int:
        try:
            value = self._library.int_prop_value(number)
        except Exception:  # noqa: BLE001 - the library believes what the file says of itself.
            return 0
        return int(value) if isinstance(value, int) else 0

    def date(self, *numbers: int) -> datetime | None:
        for number in numbers:
            try:
                value = self._library.date_prop_value(number)
            except Exception:  # noqa: BLE001 - as above.
                continue
            if isinstance(value, datetime) and value.year > 1601:
                return value
        return None

    def recipients(self) -> list["Properties"]:
        return [Properties(each, _PART_HEADER) for each in self._storage.iter_recipient_storages()]

    def attachments(self) -> list["Properties"]:
        return [Properties(each, _PART_HEADER) for each in self._storage.iter_attachment_storages()]

    def message(self) -> "Properties | None":
        """Return the message that is attached here, if one is."""
        for storage in self._storage.storages:
            if storage.name == _MESSAGE_STORAGE:
                return Properties(storage, _EMBEDDED_HEADER)
        return None

    @property
    def charset(self) -> str:
        """Return the charset of bodies that are not Unicode."""
        return self._codepage(0x3FDE) or self._charset

    @property
    def _charset(self) -> str:
        return self._codepage(0x3FFD) or "cp1252"

    def _codepage(self, number: int) -> str:
        page = self.number(number)
        return {0: "", 65001: "utf-8", 20127: "ascii", 28591: "iso-8859-1"}.get(page, f"cp{page}")


def open_message(path: Path, kind: str) -> Properties:
    """Return the message of a file; raises `DamagedDocument`."""
    from olefile import OleFileIO
    from oxmsg.storage import Storage

    try:
        with OleFileIO(path) as container:
            _check_sizes(container, path, kind)
            return Properties(Storage.from_ole(container), _MESSAGE_HEADER)
    except (PermissionError, FileNotFoundError, MemoryError, DamagedDocument):
        raise
    except Exception as exc:
        raise damaged_document(path, kind) from exc


def _check_sizes(container: "OleFileIO", path: Path, kind: str) -> None:
    """Raise `DamagedDocument` where streams say that they hold more than the file: sectors in a loop have no end."""
    entries = (entry for entry in container.direntries if entry is not None)
    said = sum(entry.size for entry in entries if entry.entry_type == _STREAM_ENTRY)
    if said > 2 * path.stat().st_size:
        raise damaged_document(path, kind)
