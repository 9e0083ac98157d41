"""Documents as the lines of `documents.jsonl`, and back: a line for the document, one for each page and passage.

What is read back comes from strangers; every field is checked, and what does not fit the others is refused.
"""

import base64
import json
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from rag.storage.bundles.checks import Fields, Malformed, parse_json
from rag.storage.text import storable
from rag.types import Heading, LoadedDocument, Locator, LocatorKind, Page, PageKind, Passage, Skipped

LONGEST_LINE = 1 << 29
"""Bytes of a line, and so of a page."""
_LONGEST = 2**31
_MOST_BOXES = 2**28
_LONGEST_NAME = 4_096
_MOST_PAGES = 10_000_000
_INTEGER = 2**63 - 1
_POINTS = 1e7
_BOX_BYTES = 16


@dataclass(frozen=True)
class Note:
    """What was not read of a file, in the four facts of a problem, its path left out."""

    code: str
    message: str
    remedy: str


@dataclass(frozen=True)
class BundledFile:
    """A file of the collection: its name from the collection's folders down, its size, time and trouble."""

    name: str
    size: int
    mtime_ns: int
    note: Note | None = None


@dataclass(frozen=True)
class BundledDocument:
    """One document with its text, and the files that have these bytes."""

    sha256: str
    chunking: str
    files: tuple[BundledFile, ...]
    document: LoadedDocument
    passages: tuple[Passage, ...]


def write_document(bundled: BundledDocument) -> Iterator[bytes]:
    """Return the lines of a document, each with its end."""
    yield _line({"document": _head(bundled)})
    for page in bundled.document.pages:
        yield _line({"page": _page(page)})
    for passage in bundled.passages:
        yield _line({"passage": _passage(passage)})


def read_documents(lines: Iterable[bytes]) -> Iterator[tuple[BundledDocument, Sequence[bytes]]]:
    """Return each document with the lines that it was read from; raises `Malformed` naming the line."""
    numbered = enumerate(lines, 1)
    number, line = next(numbered, (0, b""))
    while line:
        own = [line]
        try:
            reader = _Reader(_only(line, "document"))
            while not reader.complete:
                number, line = next(numbered, (number + 1, b""))
                own.append(line)
                reader.take(line)
            yield reader.finished(), own
        except Malformed as exc:
            raise Malformed(f"line {number}: {exc}") from exc
        number, line = next(numbered, (number, b""))


def safe_name(name: str) -> bool:
    """Tell whether a name of a bundle leads to a place below the folder that it is put in."""
    parts = name.split("/")
    return (
        0 < len(name) <= _LONGEST_NAME
        and all(part not in {"", ".", ".."} and len(os.fsencode(part)) <= 255 for part in parts)
        and "\0" not in name
    )


def _line(value: dict[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


# --- Out --------------------------------------------------------------------------------------------------------------


def _head(bundled: BundledDocument) -> dict[str, object]:
    document = bundled.document
    return {
        "sha256": bundled.sha256,
        "title": storable(document.title),
        "kind": document.kind,
        "loader": document.loader,
        "chunking": bundled.chunking,
        "author": None if document.author is None else storable(document.author),
        "created": None if document.created is None else document.created.isoformat(),
        "outline": [[level, storable(title), page] for level, title, page in document.outline],
        "skipped": [
            {"name": storable(each.name), "reason": storable(each.reason), "inside": [*map(storable, each.inside)]}
            for each in document.skipped
        ],
        "files": [_file(each) for each in bundled.files],
        "pages": len(document.pages),
        "passages": len(bundled.passages),
    }


def _file(file: BundledFile) -> dict[str, object]:
    note = None if file.note is None else {name: storable(value) for name, value in vars(file.note).items()}
    return {"name": _name(file.name), "size": file.size, "mtime_ns": file.mtime_ns, "note": note}


def _name(name: str) -> str | dict[str, str]:
    """Return a name, or Base64 of its bytes where these are no Unicode."""
    if storable(name) == name:
        return name
    return {"bytes": base64.b64encode(os.fsencode(name)).decode()}


def _page(page: Page) -> dict[str, object]:
    return {
        "number": page.number,
        "label": None if page.label is None else storable(page.label),
        "kind": page.kind,
        "width": page.width,
        "height": page.height,
        "note": storable(page.note),
        "inside": [*map(storable, page.inside)],
        "confidence": page.confidence,
        "locator_kind": page.locator_kind,
        "locator_template": storable(page.locator_template),
        "unit_starts": page.unit_starts,
        "unit_numbers": page.unit_numbers,
        "headings": [[each.start, each.end, each.level, storable(each.title)] for each in page.headings],
        "boxes": base64.b64encode(page.boxes).decode() if page.boxes else None,
        "text": storable(page.text),
    }


def _passage(passage: Passage) -> dict[str, object]:
    return {
        "page": passage.page_index,
        "start": passage.start,
        "end": passage.end,
        "section": storable(passage.section),
        "context": storable(passage.context),
        "locator": {"kind": passage.locator.kind, "value": storable(passage.locator.value)},
        "tokens": passage.token_count,
    }


# --- In ---------------------------------------------------------------------------------------------------------------


class _Reader:
    """Takes the lines of one document."""

    def __init__(self, head: Fields) -> None:
        self._sha256 = head.digest("sha256")
        self._chunking = head.text("chunking", 500)
        self._title = head.text("title", _LONGEST)
        self._kind = head.text("kind", 100)
        self._loader = head.text("loader", 200)
        self._author = head.optional_text("author", _LONGEST)
        self._created = _date(head)
        self._files = tuple(_read_file(each) for each in head.inners("files"))
        self._skipped = tuple(_read_skipped(each) for each in head.inners("skipped"))
        self._page_count = head.integer("pages", 1, _MOST_PAGES)
        self._passage_count = head.integer("passages", 0, _INTEGER)
        self._outline = _read_outline(head, self._page_count)
        head.nothing_else()
        if not self._files:
            raise Malformed("a document belongs to no file")
        self._pages: list[Page] = []
        self._passages: list[Passage] = []

    @property
    def complete(self) -> bool:
        return len(self._pages) == self._page_count and len(self._passages) == self._passage_count

    def take(self, line: bytes) -> None:
        if len(self._pages) < self._page_count:
            self._pages.append(_read_page(_only(line, "page"), len(self._pages)))
        else:
            self._passages.append(_read_passage(_only(line, "passage"), len(self._passages), self._pages))

    def finished(self) -> BundledDocument:
        document = LoadedDocument(
            self._title,
            self._kind,
            self._loader,
            tuple(self._pages),
            self._author,
            self._created,
            self._outline,
            self._skipped,
        )
        return BundledDocument(self._sha256, self._chunking, self._files, document, tuple(self._passages))


def _only(line: bytes, kind: str) -> Fields:
    """Return what a line of this kind holds."""
    if not line:
        raise Malformed(f"a {kind} is missing")
    outer = Fields(parse_json(line), "it")
    inner = outer.inner(kind)
    outer.nothing_else()
    return inner


def _date(head: Fields) -> datetime | None:
    text = head.optional_text("created", 60)
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError as exc:
        raise head.wrong("created") from exc


def _read_file(fields: Fields) -> BundledFile:
    name = _read_name(fields)
    size, mtime_ns = fields.integer("size", 0, _INTEGER), fields.integer("mtime_ns", -_INTEGER, _INTEGER)
    note = fields.optional_inner("note")
    fields.nothing_else()
    if note is None:
        return BundledFile(name, size, mtime_ns)
    told = Note(note.text("code", 100), note.text("message", 10_000), note.text("remedy", 10_000))
    note.nothing_else()
    return BundledFile(name, size, mtime_ns, told)


def _read_name(fields: Fields) -> str:
    coded = fields.bytes_or_text("name", _LONGEST_NAME)
    name = coded if isinstance(coded, str) else os.fsdecode(coded)
    if not safe_name(name):
        raise Malformed("a file's name leads out of the collection, or is none")
    return name


def _read_skipped(fields: Fields) -> Skipped:
    skipped = Skipped(fields.text("name", _LONGEST), fields.text("reason", _LONGEST), fields.texts("inside", _LONGEST))
    fields.nothing_else()
    return skipped


def _read_outline(head: Fields, pages: int) -> tuple[tuple[int, str, int], ...]:
    return tuple(
        (
            head.as_integer("outline", level, 0, 10_000),
            head.as_text("outline", title),
            head.as_integer("outline", page, 0, pages - 1),
        )
        for level, title, page in head.rows("outline", 3)
    )


def _read_page(fields: Fields, index: int) -> Page:
    text = fields.text("text", _LONGEST)
    starts = fields.integers("unit_starts", 0, len(text))
    numbers = fields.integers("unit_numbers", 0, _INTEGER)
    page = Page(
        index,
        fields.optional_integer("number", 0, _INTEGER),
        fields.optional_text("label", _LONGEST),
        text,
        fields.choice("kind", get_args(PageKind)),
        fields.choice("locator_kind", get_args(LocatorKind)),
        starts,
        _read_headings(fields, len(text)),
        fields.optional_bytes("boxes", _MOST_BOXES),
        fields.number("width", 0, _POINTS),
        fields.number("height", 0, _POINTS),
        fields.text("note", _LONGEST),
        fields.texts("inside", _LONGEST),
        fields.optional_number("confidence", 0, 1),
        numbers,
        fields.text("locator_template", 10_000),
    )
    fields.nothing_else()
    if list(starts) != sorted(starts):
        raise fields.wrong("unit_starts")
    if numbers and len(numbers) != len(starts):
        raise fields.wrong("unit_numbers")
    if not _are_boxes(page.boxes, len(text)):
        raise Malformed("a page has impossible boxes")
    return page


def _are_boxes(packed: bytes, length: int) -> bool:
    """Tell whether packed boxes unpack to one for each character, and to no more."""
    if not packed:
        return True
    unpacking = zlib.decompressobj()
    try:
        size = len(unpacking.decompress(packed, length * _BOX_BYTES + 1))
    except zlib.error:
        return False
    return size == length * _BOX_BYTES and unpacking.eof and not unpacking.unused_data


def _read_headings(fields: Fields, length: int) -> tuple[Heading, ...]:
    headings = []
    for start, end, level, title in fields.rows("headings", 4):
        first = fields.as_integer("headings", start, 0, length)
        last = fields.as_integer("headings", end, first, length)
        headings.append(
            Heading(first, last, fields.as_integer("headings", level, 0, 10_000), fields.as_text("headings", title))
        )
    return tuple(headings)


def _read_passage(fields: Fields, ordinal: int, pages: Sequence[Page]) -> Passage:
    page_index = fields.integer("page", 0, len(pages) - 1)
    text = pages[page_index].text
    start = fields.integer("start", 0, len(text))
    end = fields.integer("end", start + 1, len(text))
    place = fields.inner("locator")
    locator = Locator(place.choice("kind", get_args(LocatorKind)), place.text("value", 10_000))
    place.nothing_else()
    section, context = fields.text("section", _LONGEST), fields.text("context", _LONGEST)
    tokens = fields.integer("tokens", 0, _INTEGER)
    fields.nothing_else()
    return Passage(ordinal, page_index, start, end, text[start:end], section, locator, context, tokens)
