"""How numbers, times, places and states are said. Pure functions; the locale is the user's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QDate, QLocale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.api import Citation, FileRow, IndexingJob, IndexingProgress, StoredPassage

FILE_STATES = {
    "queued": "Waiting",
    "reading": "Reading",
    "searchable": "Searchable by words",
    "ready": "Ready",
    "failed": "Not read",
    "cancelled": "Stopped",
}
JOB_STAGES = {
    "waiting": "Waiting",
    "reading": "Reading",
    "recognising": "Reading by OCR",
    "embedding": "Making it findable by meaning",
}
_FORMATS = {
    "archive": "Archive",
    "code": "Source code",
    "email": "Mail",
    "eml": "Mail",
    "html": "Web page",
    "image": "Picture",
    "markdown": "Markdown",
    "mbox": "Mailbox",
    "msg": "Mail",
    "notebook": "Notebook",
    "text": "Text",
}
_UNITS = {"slide": "slide", "cells": "cells", "chapter": "chapter", "lines": "line", "paragraph": "paragraph",
          "message": "message", "region": "region"}  # fmt: skip


def count(number: int) -> str:
    """Return a number with the locale's separators."""
    return QLocale().toString(number)


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """Return "1 file", "1,902 files"."""
    return f"{count(number)} {singular if number == 1 else plural or singular + 's'}"


def file_size(size: int) -> str:
    """Return a size such as "1.4 MB"."""
    return QLocale().formattedDataSize(size, 1, QLocale.DataSizeFormat.DataSizeTraditionalFormat)


def time_left(seconds: float | None) -> str:
    """Return "2 min left", or nothing where it is not known."""
    if seconds is None:
        return ""
    if seconds < 60:
        return "less than a minute left"
    if seconds < 3600:
        return f"{round(seconds / 60)} min left"
    return f"{seconds / 3600:.1f} h left"


def age(then: datetime, now: datetime) -> str:
    """Return how long ago something was, until a day; then its date."""
    elapsed = now - _aware(then)
    if elapsed < timedelta(minutes=1):
        return "just now"
    if elapsed < timedelta(hours=1):
        return f"{int(elapsed.total_seconds() // 60)} min ago"
    if elapsed < timedelta(days=1):
        return f"{int(elapsed.total_seconds() // 3600)} h ago"
    day = _aware(then).astimezone()
    return QLocale().toString(QDate(day.year, day.month, day.day), QLocale.FormatType.ShortFormat)


def age_group(then: datetime, now: datetime) -> str:
    """Return the heading under which a chat stands in the list."""
    days = (now.astimezone().date() - _aware(then).astimezone().date()).days
    if days <= 0:
        return "Today"
    if days == 1:
        return "Yesterday"
    if days < 7:
        return "This week"
    if days < 31:
        return "This month"
    return str(_aware(then).astimezone().year) if days >= 365 else "Earlier"


def page_name(page: int | None, label: str | None) -> str:
    """Return how a page is called: its printed label first, "p. iv"."""
    name = label or (str(page) if page is not None else "")
    return f"p. {name}" if name else ""


def place(item: Citation | StoredPassage) -> str:
    """Return where a passage stands in its document: "p. iv", "lines 12-18"."""
    if item.locator.kind == "page":
        return page_name(item.page, item.page_label)
    unit = _UNITS.get(item.locator.kind, item.locator.kind)
    value = item.locator.value.replace("-", "–")  # an en dash between numbers
    return f"{unit}s {value}" if "–" in value and not unit.endswith("s") else f"{unit} {value}"


def way(inside: Sequence[str]) -> str:
    """Return the members on the way to a page: "letters.zip › lease.pdf"."""
    return " › ".join(inside)


def source_name(item: Citation | StoredPassage) -> str:
    """Return "Lease 2024.pdf, p. iv", with the way to a member: "letters.zip › lease.pdf, p. 2"."""
    name, where = way((item.document, *item.inside)), place(item)
    return f"{name}, {where}" if where else name


def short_source(item: Citation | StoredPassage) -> str:
    """Return the name under which a source is known at a glance: the file's, or that of the member in it."""
    return item.inside[-1] if item.inside else item.document


def kind_name(kind: str) -> str:
    """Return how a format is called: "PDF", "Mail"."""
    return _FORMATS.get(kind, kind.upper())


def file_state(row: FileRow) -> str:
    """Return the state of a file in words."""
    if row.accepted and row.problem is not None:
        return "Skipped" if row.state == "failed" else "Ready, in part"
    if waits_for_ocr(row):
        return "Waiting for OCR"
    if row.problem is not None and row.state != "failed":
        return "Read in part"
    return FILE_STATES[row.state]


def waits_for_ocr(row: FileRow) -> bool:
    """Tell whether a file, or pages of it, are pictures of text that nobody has read yet."""
    return row.problem is not None and row.problem.code in ("document_scanned", "document_scanned_pages")


def job_words(job: IndexingJob) -> str:
    """Return what is being done with a file: "Reading by OCR · 3 of 9 pages"."""
    said = JOB_STAGES[job.stage]
    if not job.total:
        return said
    unit = "passage" if job.stage == "embedding" else "page"
    return f"{said} · {count(job.done)} of {counted(job.total, unit)}"


def progress_text(progress: IndexingProgress) -> str:
    """Return the status line of reading documents."""
    done = progress.files_ready + progress.files_failed
    parts = [f"{count(done)} of {counted(progress.files_total, 'file')}"]
    if progress.paused:
        return f"Paused · {parts[0]}"
    if progress.held:
        return f"Waiting until the computer is plugged in · {parts[0]}"
    left = time_left(progress.seconds_left)
    if left:
        parts.append(left)
    return "Reading documents · " + " · ".join(parts)


def progress_share(progress: IndexingProgress) -> float:
    """Return how far reading is, 0 to 1: half for reading the text, half for making it findable by meaning."""
    if not progress.files_total:
        return 1.0
    read = (progress.files_searchable + progress.files_ready + progress.files_failed) / progress.files_total
    if not progress.running:
        return 1.0
    embedded = progress.passages_embedded / progress.passages_total if progress.passages_total else 0.0
    return min(0.99, 0.3 * min(read, 1.0) + 0.7 * embedded * min(read, 1.0))


def sources_text(cited: int, total: int) -> str:
    """Return how much of an answer rests on a source."""
    if not total:
        return ""
    return f"{cited} of {counted(total, 'sentence')} with a source"


def utc_now() -> datetime:
    return datetime.now(UTC)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
