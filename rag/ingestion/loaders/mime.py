"""Takes an Internet message apart: its headers, the text that a person reads, its attachments as members.

What real programs send breaks the standards in every way; whatever cannot be decoded is kept as it stands, and what is
left out is said.
"""

import email
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from datetime import datetime
from email.message import Message
from email.policy import Compat32
from email.utils import parsedate_to_datetime
from typing import BinaryIO

from rag.ingestion.loaders.base import Member
from rag.ingestion.loaders.html import html_text
from rag.ingestion.loaders.mail_page import Mail
from rag.ingestion.loaders.mail_words import body_text, header_words, says_more, unflowed
from rag.ingestion.loaders.members import numbered
from rag.types import Skipped

_PEOPLE = ("From", "Sender", "To", "Cc", "Bcc", "Reply-To", "Newsgroups")
_TELLING = frozenset({"from", "to", "subject", "date", "message-id", "received", "mime-version", "return-path"})
_TEXTS = frozenset({"text/plain", "text/html", "text/enriched", "text/richtext"})
_ENDINGS = {
    "text/plain": ".txt",
    "text/html": ".html",
    "text/calendar": ".ics",
    "text/csv": ".csv",
    "application/pdf": ".pdf",
    "application/zip": ".zip",
    "application/rtf": ".rtf",
    "application/msword": ".doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.oasis.opendocument.text": ".odt",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/tiff": ".tif",
}
_DEEPEST = 60
_ENRICHED_TAG = re.compile(r"<(<)|<param>.*?</param>|</?[\w-]{1,60}>", re.IGNORECASE | re.DOTALL)
_MESSAGE_ID = re.compile(r"<([^<>\s]+)>")


class _AsItStands(Compat32):
    """Keeps bytes that no header may hold, instead of replacing them, so that they can be decoded."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        del name
        return value


def parse(data: bytes) -> Message:
    """Return the parsed message; never raises."""
    return email.message_from_bytes(data, policy=_AsItStands())


def is_mail(message: Message) -> bool:
    """Tell whether what was parsed has any header that only messages have."""
    return any(name.lower() in _TELLING for name in message.keys())  # noqa: SIM118 - iteration gives no names here


def read_mail(message: Message, names: tuple[str, ...] = ()) -> Mail:
    """Return a message with its parts; `names` come before the names of its attachments."""
    body = _Body(names)
    body.read(message)
    references = f"{_raw(message, 'references')} {_raw(message, 'in-reply-to')}"
    date_words = header_words(_raw(message, "date"))
    return Mail(
        header_words(_raw(message, "subject")),
        tuple((name, header_words(", ".join(_all_raw(message, name)))) for name in _PEOPLE),
        _date(date_words),
        date_words,
        body.text,
        identity="".join(_MESSAGE_ID.findall(_raw(message, "message-id"))[:1]),
        references=tuple(dict.fromkeys(_MESSAGE_ID.findall(references))),
        parts=tuple(body.parts),
    )


class _Body:
    """Collects the text and the attachments while the parts of a message are walked."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._texts: list[str] = []
        self._seen: Counter[str] = Counter()
        self.parts: list[Member | Skipped] = []

    @property
    def text(self) -> str:
        return "\n\n".join(text.strip("\n") for text in self._texts if text.strip())

    def read(self, part: Message, depth: int = 0, *, related: bool = False) -> None:
        kind = _type(part)
        if depth > _DEEPEST:
            self._skip(_file_name(part) or "a part", "The message is nested too deeply.")
        elif part.is_multipart() and kind.startswith("multipart/"):
            self._read_multipart(part, kind, depth, related=related or kind == "multipart/related")
        elif kind.startswith("message/"):
            self._read_message(part, kind)
        elif kind in _TEXTS and not _is_attached(part):
            self._texts.append(_text(part, kind))
        elif kind.startswith("image/") and related and "content-id" in part:
            self._skip(_file_name(part) or "a picture", "It is a picture inside the message.")
        elif kind.endswith(("-signature", "pgp-keys")):
            self._skip(_file_name(part) or "a signature", "It is a signature or a key.")
        elif kind.startswith("multipart/"):
            # It says that it has parts, and has none: what stands there is its text.
            self._texts.append(_text(part, "text/plain"))
        else:
            self._attach(part, kind)

    def _read_multipart(self, part: Message, kind: str, depth: int, *, related: bool) -> None:
        inner = _children(part)
        if kind == "multipart/alternative":
            self._read_best(inner, depth, related=related)
        elif kind == "multipart/encrypted":
            self._skip("the message's text", "It is encrypted: save the message decrypted in its mail program.")
        else:
            for child in inner:
                self.read(child, depth + 1, related=related)

    def _read_best(self, inner: list[Message], depth: int, *, related: bool) -> None:
        """Read plain text, or the web page beside it where that says much more; what is no text is attached."""
        choices: list[_Body] = []
        for child in inner:
            body = _Body(self._names)
            body._seen = self._seen
            body.read(child, depth + 1, related=related)
            if body.text:
                choices.append(body)
            self.parts.extend(body.parts)
        if choices:
            plain = choices[0]
            longest = max(choices, key=lambda body: len(body.text.split()))
            self._texts.append((longest if says_more(longest.text, plain.text) else plain).text)

    def _read_message(self, part: Message, kind: str) -> None:
        inner = _children(part)
        if kind in {"message/delivery-status", "message/disposition-notification"}:
            self._texts.append("\n".join(_headers_as_text(child) for child in inner))
        elif kind == "message/external-body":
            self._skip(_file_name(part) or "an attachment", "It lies elsewhere: the message only says where.")
        elif inner:
            subject = header_words(_raw(inner[0], "subject"))
            name = _file_name(part) or f"{subject.replace('/', '-') or 'message'}.eml"
            self._add(name, lambda: _message_bytes(part, inner[0]), ".eml")
        else:
            self._attach(part, kind)

    def _attach(self, part: Message, kind: str) -> None:
        self._add(_file_name(part) or f"attachment{_ENDINGS.get(kind, '')}", lambda: _data(part), _ENDINGS.get(kind))

    def _add(self, name: str, data: Callable[[], bytes], ending: str | None) -> None:
        self._seen[name] += 1
        own = numbered(name, self._seen[name])
        # A name without ending says less than the type that the message gives.
        file_name = own if ending is None or re.search(r"\.\w{1,8}$", own) else own + ending
        self.parts.append(Member((*self._names, own), lambda: _opened(data()), chosen=True, file_name=file_name))

    def _skip(self, name: str, reason: str) -> None:
        self.parts.append(Skipped(name, reason, self._names))


def _opened(data: bytes) -> AbstractContextManager[BinaryIO]:
    return closing(io.BytesIO(data))


def decoded_text(part: Message) -> str:
    """Return the text of a part, as its source stands."""
    return body_text(_data(part), _charset(part))


def _text(part: Message, kind: str) -> str:
    text = decoded_text(part)
    if kind == "text/html":
        return html_text(text)
    if kind in {"text/enriched", "text/richtext"}:
        return _ENRICHED_TAG.sub(lambda match: match[1] or "", text)
    if str(_parameter(part, "format")).lower() == "flowed":
        return unflowed(text, delete_space=str(_parameter(part, "delsp")).lower() == "yes")
    return text


def _data(part: Message) -> bytes:
    """Return the decoded bytes of a part; broken base64 gives what can be decoded of it."""
    try:
        data = part.get_payload(decode=True)
    except (ValueError, TypeError, AttributeError):
        data = None
    if isinstance(data, bytes):
        return data
    raw = part.get_payload()
    return raw.encode("utf-8", "surrogateescape") if isinstance(raw, str) else b""


def _message_bytes(part: Message, inner: Message) -> bytes:
    """Return an attached message as it was; some programs encode it, which the standard forbids."""
    raw = inner.get_payload()
    if (
        not inner.keys()
        and isinstance(raw, str)
        and _raw(part, "content-transfer-encoding").strip().lower() == "base64"
    ):
        carrier = Message()
        carrier["Content-Transfer-Encoding"] = "base64"
        carrier.set_payload(raw)
        return _data(carrier)
    try:
        return inner.as_bytes()
    except Exception:  # noqa: BLE001 - the generator fails in many ways on headers that broke the rules.
        return "\n".join([*(f"{name}: {value}" for name, value in inner.raw_items()), "", str(raw)]).encode(
            "utf-8", "surrogateescape"
        )


def _headers_as_text(message: Message) -> str:
    return "\n".join(f"{name}: {header_words(str(value))}" for name, value in message.raw_items()) + "\n"


def _children(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, Message)] if isinstance(payload, list) else []


def _type(part: Message) -> str:
    try:
        kind = part.get_content_type()
    except (ValueError, TypeError, AttributeError, IndexError):
        return "text/plain"
    return kind if re.fullmatch(r"[\w.+-]+/[\w.+-]+", kind, re.ASCII) else "text/plain"


def _is_attached(part: Message) -> bool:
    disposition = _raw(part, "content-disposition").strip().lower()
    named = _file_name(part) is not None
    return disposition.startswith("attachment") or (named and _type(part) != "text/html")


def _file_name(part: Message) -> str | None:
    for parameter, header in (("filename", "content-disposition"), ("name", "content-type")):
        value = _parameter(part, parameter, header)
        name = header_words(str(value)).replace("\\", "/").rsplit("/", 1)[-1].strip(" .") if value else ""
        if name:
            return name
    return None


def _parameter(part: Message, name: str, header: str = "content-type") -> str | None:
    """Return a parameter of a header, put together from pieces and decoded (RFC 2231) where that is possible."""
    try:
        value = part.get_param(name, None, header)
    except (ValueError, TypeError, AttributeError, IndexError, KeyError):
        return None
    if isinstance(value, tuple):
        charset, _, words = value
        return body_text(str(words).encode("latin-1", "replace"), charset)
    return None if value is None else str(value)


def _charset(part: Message) -> str | None:
    value = _parameter(part, "charset")
    return value.strip().lower() if value else None


def _raw(message: Message, name: str) -> str:
    return next(_all_raw(message, name), "")


def _all_raw(message: Message, name: str) -> Iterator[str]:
    return (str(value) for key, value in message.raw_items() if key.lower() == name.lower())


def _date(words: str) -> datetime | None:
    try:
        return parsedate_to_datetime(words)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
