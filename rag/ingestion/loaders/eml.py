"""Single messages: .eml as all mail programs save them, .emlx as Apple's keeps them."""

import re
from collections.abc import Iterator
from pathlib import Path

from rag.ingestion.loaders.base import Member, damaged_document, loader_identity
from rag.ingestion.loaders.contents import Contents
from rag.ingestion.loaders.mail_page import Mail, mail_page
from rag.ingestion.loaders.members import MemberReader
from rag.ingestion.loaders.mime import is_mail, parse, read_mail
from rag.types import LoadedDocument, Skipped

_HEADER = re.compile(rb"(?m)^([A-Za-z][A-Za-z0-9-]{1,60}):[ \t\r\n]")
_FIRST_HEADER = re.compile(rb"\s*(?:>?From \S[^\n]*\n)?[A-Za-z][A-Za-z0-9-]{1,60}:")
_TELLING = frozenset(b"from to subject date message-id received mime-version return-path delivered-to".split())
_APPLE_COUNT = re.compile(rb"\s*(\d{1,12})[ \t]*\r?\n")


class EmlLoader:
    name = "eml"
    version = 1
    suffixes = frozenset({".eml", ".emlx"})
    described_as = "a mail message"

    def __init__(self, members: MemberReader) -> None:
        self._members = members

    def recognises(self, contents: Contents) -> bool:
        """Tell a message by its headers, or by its name where it begins like one."""
        if contents.suffix in self.suffixes:
            return b"\0" not in contents.head[:512]
        return looks_like_mail(contents.head)

    def load(self, path: Path, password: str | None = None) -> LoadedDocument:
        """Return the message as one page, and its attachments behind it."""
        mail = _read(path)
        with self._members.gather(password) as gathered:
            gathered.page(mail_page(mail))
            for part in mail.parts:
                gathered.add(part)
        return LoadedDocument(
            mail.subject or path.stem,
            self.name,
            loader_identity(self),
            tuple(gathered.pages),
            author=mail.sender,
            created=mail.date,
            outline=tuple(gathered.outline),
            skipped=gathered.skipped,
        )

    def members(self, path: Path, password: str | None = None) -> Iterator[Member | Skipped]:
        """Yield the attachments."""
        del password
        yield from _read(path).parts


def looks_like_mail(head: bytes) -> bool:
    """Tell whether a file begins with headers of a message, at least two of which no other format has."""
    if not _FIRST_HEADER.match(head) or b"\0" in head:
        return False
    top = re.split(rb"\r?\n\r?\n", head.lstrip(), maxsplit=1)[0]
    found = {match[1].lower() for match in _HEADER.finditer(top)}
    return len(found & _TELLING) >= 2


def _read(path: Path) -> Mail:
    data = path.read_bytes()
    counted = _APPLE_COUNT.match(data)
    if counted is not None:
        # Apple's: the size of the message, the message, then properties of the program's own.
        data = data[counted.end() : counted.end() + int(counted[1])]
    message = parse(data.lstrip(b"\xef\xbb\xbf\r\n\t "))
    if not is_mail(message):
        raise damaged_document(path, EmlLoader.described_as)
    return read_mail(message)
