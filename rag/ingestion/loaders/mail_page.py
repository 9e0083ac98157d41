"""A message as a page: what one searches for in its headers on top, then its body; shared by all formats of mail."""

from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

from rag.ingestion.loaders.base import Member
from rag.ingestion.loaders.mail_words import thread_subject
from rag.types import Heading, Page, Skipped

NO_SUBJECT = "(no subject)"


@dataclass(frozen=True)
class Mail:
    """One message.

    Attributes:
        subject: As it was written, "" if there is none.
        people: The lines that name people, ("From", "Ann <ann@example.org>") and so on, in the order to show.
        date: When it was sent, if that can be told.
        date_words: What it says of its date, for dates that cannot be read.
        body: Its text.
        identity: Its Message-ID, "" if there is none.
        references: The Message-IDs that it answers to, oldest first.
        parts: Attachments, and what was left out.
    """

    subject: str
    people: tuple[tuple[str, str], ...]
    date: datetime | None
    date_words: str
    body: str
    identity: str = ""
    references: tuple[str, ...] = ()
    parts: tuple[Member | Skipped, ...] = field(default=())

    @property
    def sender(self) -> str | None:
        return dict(self.people).get("From")

    @property
    def title(self) -> str:
        return self.subject or NO_SUBJECT


def mail_page(mail: Mail, number: int | None = None, thread: str | None = None) -> Page:
    """Return the message as a page located as a message; its heading is what its thread is about."""
    first = f"Subject: {mail.title}"
    lines = [first, *(f"{name}: {value}" for name, value in mail.people if value)]
    date = format_datetime(mail.date) if mail.date is not None else mail.date_words
    if date:
        lines.append(f"Date: {date}")
    text = "\n".join(lines) + "\n\n" + mail.body.strip("\n")
    heading = Heading(0, len(first), 1, thread or thread_subject(mail.title))
    return Page(0, number, mail.title, text.rstrip() + "\n", locator_kind="message", headings=(heading,))
