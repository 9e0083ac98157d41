"""Mailboxes of many messages (mbox): each message is a page of its number in the file, its attachments behind it.

The file is never in memory as a whole. Messages of one thread have the same heading, what the thread began with.
"""

import io
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from rag.ingestion.loaders import progress
from rag.ingestion.loaders.base import Member, damaged_document, loader_identity
from rag.ingestion.loaders.contents import Contents
from rag.ingestion.loaders.mail_page import mail_page
from rag.ingestion.loaders.mail_threads import Posted, threads
from rag.ingestion.loaders.mail_words import thread_subject
from rag.ingestion.loaders.mbox_spans import Span, is_separator, message_bytes, message_spans
from rag.ingestion.loaders.members import Gathered, MemberReader
from rag.ingestion.loaders.mime import is_mail, parse, read_mail
from rag.types import Heading, LoadedDocument, Page, Skipped

_MOST_MESSAGE_BYTES = 256_000_000


class MboxLoader:
    name = "mbox"
    version = 1
    suffixes = frozenset({".mbox", ".mbx"})
    described_as = "a mailbox"

    def __init__(self, members: MemberReader) -> None:
        self._members = members

    def recognises(self, contents: Contents) -> bool:
        """Tell a mailbox by its first line."""
        return is_separator(contents.head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n"))

    def load(self, path: Path, password: str | None = None) -> LoadedDocument:
        """Return the messages as pages, in the order of the file."""
        posted: list[Posted] = []
        with path.open("rb") as file, self._members.gather(password) as gathered:
            spans = message_spans(file)
            for number, span in enumerate(spans, 1):
                posted.append(_read(file, span, number, gathered))
                progress.step(number, len(spans))
            if not any(message.identity or message.subject for message in posted):
                gathered.refuse_if_empty(path)
        if not spans:
            raise damaged_document(path, self.described_as)
        pages, outline = _in_threads(gathered.pages, posted)
        return LoadedDocument(
            path.stem, self.name, loader_identity(self), pages, outline=outline, skipped=gathered.skipped
        )

    def members(self, path: Path, password: str | None = None) -> Iterator[Member | Skipped]:
        """Yield each message as a file of its own, in which its attachments are found."""
        del password
        with path.open("rb") as file:
            for number, span in enumerate(message_spans(file), 1):
                name = _message_name(number)
                yield Member((name,), partial(_opened, file, span), chosen=True, file_name=f"{name}.eml")


def _message_name(number: int) -> str:
    return f"message {number}"


def _opened(file: BinaryIO, span: Span) -> AbstractContextManager[BinaryIO]:
    return closing(io.BytesIO(message_bytes(file, span)))


def _read(file: BinaryIO, span: Span, number: int, gathered: Gathered) -> Posted:
    """Read one message with its attachments; returns what its thread is found by."""
    if span[1] - span[0] > _MOST_MESSAGE_BYTES:
        gathered.page(_failed(number, f"It is larger than {_MOST_MESSAGE_BYTES // 1_000_000} MB."))
        return Posted("", "", ())
    message = parse(message_bytes(file, span))
    if not is_mail(message):
        gathered.page(_failed(number, "It has no headers, so it is no message."))
        return Posted("", "", ())
    mail = read_mail(message, (_message_name(number),))
    gathered.page(mail_page(mail, number))
    for part in mail.parts:
        gathered.add(part)
    return Posted(mail.title, mail.identity, mail.references)


def _failed(number: int, note: str) -> Page:
    return Page(0, number, _message_name(number), "", "failed", locator_kind="message", note=note)


def _in_threads(pages: list[Page], posted: list[Posted]) -> tuple[tuple[Page, ...], tuple[tuple[int, str, int], ...]]:
    """Give each page the heading of its thread, and list the threads with their messages."""
    begins_with = threads(posted)
    subjects = [thread_subject(posted[first].subject) for first in begins_with]
    listed: dict[int, list[tuple[int, str, int]]] = {}
    result: list[Page] = []
    message = -1
    for page in pages:
        if not page.inside:
            message += 1
            entries = listed.setdefault(begins_with[message], [])
            entries.append((2 if entries else 1, page.label or _message_name(message + 1), page.index))
            result.append(_headed(page, subjects[message]))
        else:
            # Attachments belong to the thread as well, without a line of it: the heading stands before their text.
            follows = bool(result) and result[-1].inside == page.inside
            result.append(page if follows else _below(page, subjects[message]))
    return tuple(result), tuple(entry for entries in listed.values() for entry in entries)


def _headed(page: Page, subject: str) -> Page:
    return replace(page, headings=tuple(replace(heading, title=subject) for heading in page.headings))


def _below(page: Page, subject: str) -> Page:
    own = tuple(replace(heading, level=heading.level + 1) for heading in page.headings)
    return replace(page, headings=(Heading(0, 0, 1, subject), *own))
