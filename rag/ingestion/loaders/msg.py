"""Messages as Outlook saves them (.msg): people, date and text from its properties, attachments as members.

A message in a message has no file of its own in there; it is handed on as an Internet message with the same contents.
"""

import io
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from email.header import Header
from email.mime.application import MIMEApplication
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime
from functools import partial
from pathlib import Path

from rag.errors import DocumentError
from rag.ingestion.loaders.base import Member, loader_identity
from rag.ingestion.loaders.contents import Contents
from rag.ingestion.loaders.html import html_text
from rag.ingestion.loaders.mail_page import Mail, mail_page
from rag.ingestion.loaders.mail_words import body_text, says_more
from rag.ingestion.loaders.members import MemberReader, numbered
from rag.ingestion.loaders.mime import parse, read_mail
from rag.ingestion.loaders.msg_properties import Properties, open_message
from rag.ingestion.loaders.packed_rtf import rtf_text
from rag.types import LoadedDocument, Skipped

_SUBJECT, _HEADERS, _MESSAGE_ID, _REFERENCES, _IN_REPLY_TO = 0x0037, 0x007D, 0x1035, 0x1039, 0x1042
_BODY, _HTML, _RTF = 0x1000, 0x1013, 0x1009
_SENT, _DELIVERED, _CREATED = 0x0039, 0x0E06, 0x3007
_SENDER_NAME, _SENDER_SMTP, _SENDER_ADDRESS = (0x0C1A, 0x0042), (0x5D01, 0x5D02), (0x0C1F, 0x0065)
_NAME, _SMTP, _ADDRESS, _RECIPIENT_KIND = 0x3001, 0x39FE, 0x3003, 0x0C15
_KINDS = {1: "To", 2: "Cc", 3: "Bcc"}
_FILE_NAMES, _CONTENT, _CONTENT_ID, _HIDDEN = (0x3707, 0x3704, 0x3001), 0x3701, 0x3712, 0x7FFE
_METHOD, _LINK = 0x3705, 0x370D
_BY_REFERENCE = frozenset({2, 3, 4, 7})
_DEEPEST = 10


class MsgLoader:
    name = "msg"
    version = 2
    suffixes = frozenset({".msg", ".oft"})
    described_as = "an Outlook message"

    def __init__(self, members: MemberReader) -> None:
        self._members = members

    def recognises(self, contents: Contents) -> bool:
        """Tell a message by the properties that each of them has."""
        return contents.has_stream("__properties_version1.0")

    def load(self, path: Path, password: str | None = None) -> LoadedDocument:
        """Return the message as one page, and its attachments behind it."""
        mail = _mail(open_message(path, self.described_as), path)
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
        yield from _mail(open_message(path, self.described_as), path).parts


def _mail(message: Properties, path: Path) -> Mail:
    headers = read_mail(parse(message.text(_HEADERS).encode("utf-8", "surrogateescape")))
    people = _people(message)
    told = dict(headers.people)
    names = ("From", "To", "Cc", "Bcc")
    return Mail(
        " ".join(message.text(_SUBJECT).split()) or headers.subject,
        tuple((name, people.get(name) or told.get(name, "")) for name in names),
        message.date(_SENT, _DELIVERED) or headers.date or message.date(_CREATED),
        headers.date_words,
        _body(message, path),
        identity=message.text(_MESSAGE_ID).strip("<> ") or headers.identity,
        references=headers.references,
        parts=tuple(_parts(message, path)),
    )


def _people(message: Properties) -> dict[str, str]:
    address = message.text(*_SENDER_SMTP) or _internet_address(message.text(*_SENDER_ADDRESS))
    people = {"From": [_person(message.text(*_SENDER_NAME), address)]}
    for recipient in message.recipients():
        address = recipient.text(_SMTP) or _internet_address(recipient.text(_ADDRESS))
        kind = _KINDS.get(recipient.number(_RECIPIENT_KIND) & 0xF, "To")
        people.setdefault(kind, []).append(_person(recipient.text(_NAME), address))
    return {kind: ", ".join(filter(None, each)) for kind, each in people.items()}


def _internet_address(address: str) -> str:
    """Return an address, unless it is one that only an Exchange server understands ("/O=...")."""
    return address if "@" in address else ""


def _person(name: str, address: str) -> str:
    name = " ".join(name.split()).strip("'\"")
    if not address or name.casefold() == address.casefold():
        return address or name
    return f"{name} <{address}>" if name else f"<{address}>"


def _body(message: Properties, path: Path) -> str:
    plain = message.text(_BODY)
    page = html_text(_html(message))
    if plain or page:
        return page if says_more(page, plain) else plain
    packed = message.data(_RTF)
    if packed:
        with suppress(DocumentError):
            return rtf_text(packed, path)
    return ""


def _html(message: Properties) -> str:
    data = message.data(_HTML)
    return message.text(_HTML) if data is None else body_text(data, message.charset)


def _parts(message: Properties, path: Path) -> Iterator[Member | Skipped]:
    seen: Counter[str] = Counter()
    page = _html(message)
    for attachment in message.attachments():
        inner = attachment.message()
        name = attachment.text(*_FILE_NAMES).replace("\\", "/").rsplit("/", 1)[-1].strip()
        if inner is not None:
            name = f"{(inner.text(_SUBJECT) or name or 'message').replace('/', '-').strip()}.eml"
        name = name or "attachment"
        seen[name] += 1
        own = numbered(name, seen[name])
        if inner is not None:
            yield Member((own,), partial(_opened_message, inner, path), chosen=True)
        else:
            yield _part(attachment, own, page)


def _part(attachment: Properties, name: str, page: str) -> Member | Skipped:
    content_id = attachment.text(_CONTENT_ID)
    if attachment.number(_HIDDEN) or (content_id and f"cid:{content_id}" in page):
        return Skipped(name, "It is a picture inside the message.")
    data = attachment.data(_CONTENT)
    if data is None:
        elsewhere = attachment.number(_METHOD) in _BY_REFERENCE or attachment.text(_LINK)
        return Skipped(name, "It lies elsewhere." if elsewhere else "It is no file, but a part of another program.")
    return Member((name,), lambda: closing(io.BytesIO(data)), chosen=True)


def _opened_message(message: Properties, path: Path) -> "closing[io.BytesIO]":
    return closing(io.BytesIO(_as_eml(message, path).as_bytes()))


def _as_eml(message: Properties, path: Path, depth: int = 0) -> MIMEMultipart:
    """Return an Outlook message as an Internet message."""
    mail = _mail(message, path)
    eml = MIMEMultipart()
    date = (("Date", format_datetime(mail.date)),) if mail.date is not None else ()
    for name, value in (("Subject", mail.title), *mail.people, *date):
        if value:
            eml[name] = Header(" ".join(value.split()), "utf-8").encode()
    eml.attach(MIMEText(mail.body, "plain", "utf-8"))
    for attachment in message.attachments():
        inner, data = attachment.message(), attachment.data(_CONTENT)
        if inner is not None and depth < _DEEPEST:
            eml.attach(MIMEMessage(_as_eml(inner, path, depth + 1)))
        elif data is not None:
            part = MIMEApplication(data)
            part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", attachment.text(*_FILE_NAMES)))
            eml.attach(part)
    return eml
