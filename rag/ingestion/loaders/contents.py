"""What a file shows of itself before it is read: first bytes, members of a ZIP, streams of an old container.

Loaders are asked one after the other whether they recognise a file; what each wants to know is looked up once.
"""

import zipfile
import zlib
from functools import cached_property
from pathlib import Path

from rag.ingestion.loaders.base import unreadable_file

_HEAD_BYTES = 4096
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MIMETYPE_BYTES = 200


class Contents:
    """One file, as loaders look at it to recognise it; one thread.

    Attributes:
        path: The file; its name is a hint, no proof.
        head: Its first 4,096 bytes; empty where the file is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                self.head = file.read(_HEAD_BYTES)
        except OSError as exc:
            raise unreadable_file(path, exc) from exc

    @property
    def suffix(self) -> str:
        """Return the file name's ending, lower case with the dot."""
        return self.path.suffix.lower()

    @property
    def is_zip(self) -> bool:
        """Tell whether it begins as a ZIP file does, an empty one included."""
        return self.head.startswith((b"PK\x03\x04", b"PK\x05\x06"))

    @property
    def is_ole(self) -> bool:
        """Tell whether it is a container of the old Office programs."""
        return self.head.startswith(_OLE)

    @cached_property
    def members(self) -> frozenset[str] | None:
        """Return the names of a ZIP's members; None where its directory cannot be read, or there is none."""
        if not self.is_zip:
            return None
        try:
            with zipfile.ZipFile(self.path) as archive:
                return frozenset(archive.namelist())
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            return None

    def has_member(self, *names: str) -> bool:
        """Tell whether a ZIP has a member of one of these names."""
        return self.members is not None and not self.members.isdisjoint(names)

    @cached_property
    def mimetype(self) -> str:
        """Return what the member "mimetype" says, as in OpenDocument and EPUB; empty where there is none."""
        if not self.has_member("mimetype"):
            return ""
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open("mimetype") as member:
                return member.read(_MIMETYPE_BYTES).decode("ascii", "replace").strip()
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError):
            return ""

    @cached_property
    def streams(self) -> frozenset[str] | None:
        """Return the names of an old container's outermost streams and storages; None where there are none."""
        import olefile

        if not self.is_ole:
            return None
        try:
            with olefile.OleFileIO(self.path) as container:
                return frozenset(entry[0] for entry in container.listdir(streams=True, storages=True))
        except Exception:  # noqa: BLE001 - a damaged container makes the reader fail in any way.
            return None

    def has_stream(self, *names: str) -> bool:
        """Tell whether an old container has a stream or storage of one of these names."""
        return self.streams is not None and not self.streams.isdisjoint(names)
