"""HTML: what a reader would see, as paragraphs, headings and table rows. No scripts, no styles, no hidden parts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import EmptyDocument
from rag.ingestion.loaders.base import empty_document, has_words, loader_identity, readable_title
from rag.ingestion.loaders.decoding import decode_text
from rag.ingestion.loaders.html_table import HtmlCell, HtmlTable, span
from rag.ingestion.loaders.text_builder import TextBuilder
from rag.types import LoadedDocument, Page

if TYPE_CHECKING:
    from lxml.etree import _Element

_SKIPPED_NAMES = "script style noscript template head iframe object embed svg canvas video audio select datalist"
_SKIPPED = frozenset(_SKIPPED_NAMES.split())
_BLOCK_NAMES = (
    "address article aside blockquote body center dd details dialog div dl dt fieldset figcaption figure footer form "
    "header hr html li main nav ol p pre section summary table tbody tfoot thead ul caption"
)
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]+)", re.IGNORECASE)
_WRAPPERS = re.compile(r"</?(?:div|span|font|section|article|center|b|i|em|strong|blockquote)\b[^>]*>", re.IGNORECASE)
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


class HtmlLoader:
    name = "html"
    version = 3
    suffixes = frozenset({".html", ".htm", ".xhtml", ".shtml"})
    reads_text = True

    def load(self, path: Path, password: str | None = None) -> LoadedDocument:
        """Return the visible text as one page; `password` is of no use here."""
        del password
        seen = read_html(path.read_bytes(), path)
        if not has_words(seen.page.text):
            raise empty_document(path)
        title = readable_title(seen.title, path)
        return LoadedDocument(title, self.name, loader_identity(self), (seen.page,))


@dataclass(frozen=True)
class SeenPage:
    """What a reader would see of a web page; `title` is the page's own, or its first heading."""

    page: Page
    title: str | None


def read_html(data: bytes, path: Path) -> SeenPage:
    """Return what is visible of a page's bytes; raises `DocumentError` that names `path`."""
    # An encoding declaration inside already decoded text makes lxml refuse it.
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", _decoded(data, path))
    root = _parsed(text, path)
    builder = TextBuilder()
    _Reader(builder).read(root)
    return SeenPage(builder.page(), root.findtext(".//title") or _first_heading(builder))


def html_text(text: str) -> str:
    """Return what a reader would see of a decoded web page, as of a message's body; empty if there is nothing.

    Headers of tables are not repeated, since the text is not cut where they would be.
    """
    builder = TextBuilder()
    try:
        _Reader(builder, tables=False).read(_parsed(re.sub(r"^\s*<\?xml[^>]*\?>", "", text), Path("message.html")))
    except EmptyDocument:
        return ""
    return builder.page().text


def _decoded(data: bytes, path: Path) -> str:
    declared = _META_CHARSET.search(data[:4096])
    if declared and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        try:
            return decode_text(data.decode(declared[1].decode("ascii")).encode(), path)
        except (LookupError, UnicodeDecodeError):
            pass  # The page lies about itself; its bytes decide.
    return decode_text(data, path)


def _parsed(text: str, path: Path) -> "_Element":
    from lxml import etree, html

    parser = html.HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True, no_network=True)
    try:
        root = html.document_fromstring(text, parser=parser)
    except (etree.ParserError, ValueError) as exc:
        raise empty_document(path) from exc
    if any("Excessive depth" in entry.message for entry in parser.error_log):
        # libxml2 drops what is nested deeper than 2,048; mere wrappers are not worth losing text for.
        flat = _WRAPPERS.sub("<br>", text)
        if flat != text:
            return _parsed(flat, path)
    return root


def _first_heading(builder: TextBuilder) -> str | None:
    return builder.headings[0].title if builder.headings else None


class _Reader:
    """Walks a tree without recursion, since pages nest their elements thousands deep.

    Args:
        builder: Takes what is read.
        tables: Write tables in blocks that repeat their header.
    """

    def __init__(self, builder: TextBuilder, *, tables: bool = True) -> None:
        self._builder = builder
        self._tables = tables
        self._inline: list[str] = []
        self._table = HtmlTable()
        self._rows: list[list[HtmlCell]] = []
        self._pre_depth = 0

    def read(self, root: "_Element") -> None:
        for event, element in _walk(root):
            if event == "start":
                self._open(str(element.tag).lower(), element)
            elif event == "end":
                self._close(str(element.tag).lower(), element)
            else:
                self._inline.append(self._text(element.tail))
        self._flush()
        self._table.write(self._builder)

    def _open(self, tag: str, element: "_Element") -> None:
        if tag == "tr":
            self._flush()
            self._rows.append([])
        elif tag in _BLOCKS or tag in _HEADINGS:
            self._break()
            if tag == "table":
                self._begin_table(element)
            if tag == "li":
                self._inline.append("- ")
        elif tag == "br":
            self._inline.append(" " if self._rows else "\n")
        if tag == "pre":
            self._pre_depth += 1
        self._inline.append(self._text(element.text))

    def _close(self, tag: str, element: "_Element") -> None:
        if tag in {"td", "th"} and self._rows:
            columns, rows = span(element.get("colspan")), span(element.get("rowspan"), rows=True)
            self._rows[-1].append(HtmlCell(self._take(), tag == "th", columns, rows))
        elif tag == "tr" and self._rows:
            self._end_row()
        elif tag in _HEADINGS and not self._rows:
            title = self._take()
            if title:
                self._table.write(self._builder)
            self._builder.heading(title, _HEADINGS[tag])
        elif tag in _BLOCKS:
            self._break()
            if tag == "table" and not self._rows:
                self._table.write(self._builder)
        if tag == "pre":
            self._pre_depth -= 1

    def _begin_table(self, element: "_Element") -> None:
        if self._rows:
            self._table.lays_out = True
            return
        self._table.write(self._builder)
        self._table = HtmlTable()
        self._table.lays_out = not self._tables or element.get("role") in {"presentation", "none"}

    def _end_row(self) -> None:
        cells = self._rows.pop()
        stray = self._take()
        if stray:
            cells.append(HtmlCell(stray))
        if self._rows:
            # A table inside a cell: its rows become that cell's text.
            self._inline.append(" | ".join(cell.text for cell in cells if cell.text) + " ")
        else:
            self._table.row(cells)

    def _break(self) -> None:
        if self._rows:
            self._inline.append(" ")
        else:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            return
        if self._pre_depth:
            text = "".join(self._inline).strip("\n")
            self._inline.clear()
        else:
            text = self._take()
        if text not in {"", "-"}:
            self._table.write(self._builder)
            self._builder.paragraph(text)

    def _take(self) -> str:
        text = "".join(self._inline)
        self._inline.clear()
        lines = (re.sub(r"[ \t\f\v\xa0]+", " ", line).strip() for line in text.split("\n"))
        joined = "\n".join(line for line in lines if line)
        return joined.replace("\n", " ") if self._rows else joined

    def _text(self, text: str | None) -> str:
        if not text:
            return ""
        return text if self._pre_depth else re.sub(r"\s+", " ", text)


def _is_hidden(element: "_Element") -> bool:
    return (
        not isinstance(element.tag, str)
        or element.tag.lower() in _SKIPPED
        or element.get("hidden") is not None
        or element.get("aria-hidden") == "true"
        or _HIDDEN_STYLE.search(element.get("style") or "") is not None
    )


def _walk(root: "_Element") -> "Iterator[tuple[str, _Element]]":
    """Yield each visible element at its start and end, and each one, hidden or not, for the text behind it."""
    stack: list[tuple[str, _Element]] = [("start", root)]
    while stack:
        event, element = stack.pop()
        if event != "start":
            yield event, element
            continue
        stack.append(("tail", element))
        if not _is_hidden(element):
            yield "start", element
            stack.append(("end", element))
            stack.extend(("start", child) for child in reversed(element))
