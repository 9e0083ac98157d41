"""OpenDocument text and slides, packed (ODT, ODP) or as one file of XML (FODT, FODP).

Text is read in order, with notes and comments below it; slides by the places of their frames, from top to bottom.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rag.ingestion.loaders.base import damaged_document, empty_document, has_words, loader_identity, readable_title
from rag.ingestion.loaders.contents import Contents
from rag.ingestion.loaders.odf_encryption import unlocked
from rag.ingestion.loaders.odf_text import (
    DRAW,
    OFFICE,
    PRESENTATION,
    STYLE,
    BlockReader,
    attribute,
    inline_text,
)
from rag.ingestion.loaders.packages import open_package, parse_xml
from rag.ingestion.loaders.text_builder import TextBuilder
from rag.types import LoadedDocument, Page

if TYPE_CHECKING:
    from lxml.etree import _Element

_TEXT = "application/vnd.oasis.opendocument.text"
_SLIDES = "application/vnd.oasis.opendocument.presentation"
_DRAWING = "application/vnd.oasis.opendocument.graphics"
_RUNNING = frozenset({"header", "footer", "date-time", "page-number", "page"})
_LENGTH = re.compile(r"(-?[\d.]+)(cm|mm|in|pt|pc|px)?")
_CENTIMETRES = {"cm": 1.0, "mm": 0.1, "in": 2.54, "pt": 2.54 / 72, "pc": 2.54 / 6, "px": 2.54 / 96}


@dataclass(frozen=True)
class _Source:
    """The parsed parts of a document: its body, what is said of it, and the names of styles that hide slides."""

    body: "_Element | None"
    title: str | None
    author: str | None
    created: datetime | None
    hidden_styles: frozenset[str]


class OpenDocumentTextLoader:
    name = "odt"
    version = 1
    suffixes = frozenset({".odt", ".ott", ".odm", ".fodt"})
    described_as = "an OpenDocument text"

    def recognises(self, contents: Contents) -> bool:
        return contents.mimetype.startswith(_TEXT) or _is_flat(contents, _TEXT)

    def load(self, path: Path, password: str | None = None) -> LoadedDocument:
        """Return the text as one page located by paragraphs."""
        source = _read_source(path, password, self.described_as, "text")
        builder = TextBuilder()
        reader = BlockReader(builder)
        if source.body is not None:
            reader.read(source.body)
        reader.finish()
        page = builder.page()
        if not has_words(page.text):
            raise empty_document(path)
        first = builder.headings[0].title if builder.headings else None
        title = readable_title(source.title or first, path)
        return LoadedDocument(
            title, self.name, loader_identity(self), (page,), author=source.author, created=source.created
        )


class OpenDocumentSlidesLoader:
    name = "odp"
    version = 1
    suffixes = frozenset({".odp", ".otp", ".fodp", ".odg"})
    described_as = "an OpenDocument presentation"

    def recognises(self, contents: Contents) -> bool:
        return contents.mimetype.startswith((_SLIDES, _DRAWING)) or _is_flat(contents, _SLIDES)

    def load(self, path: Path, password: str | None = None) -> LoadedDocument:
        """Return the slides, hidden ones with a note."""
        source = _read_source(path, password, self.described_as, "presentation", "drawing")
        slides = [] if source.body is None else source.body.findall(DRAW + "page")
        pages = tuple(_slide(slide, index, source.hidden_styles) for index, slide in enumerate(slides))
        if not any(has_words(page.text) for page in pages):
            raise empty_document(path)
        titles = [(1, page.headings[0].title, page.index) for page in pages if page.headings and page.headings[0].title]
        return LoadedDocument(
            readable_title(source.title or (titles[0][1] if titles else None), path),
            self.name,
            loader_identity(self),
            pages,
            author=source.author,
            created=source.created,
            outline=tuple(titles),
        )


def _is_flat(contents: Contents, kind: str) -> bool:
    return b"<office:document" in contents.head and f'office:mimetype="{kind}'.encode() in contents.head


def _read_source(path: Path, password: str | None, kind: str, *bodies: str) -> _Source:
    data = path.read_bytes()
    if not data.startswith(b"PK"):
        root = parse_xml(data, path, kind)
        return _source(root, root, bodies)
    with open_package(unlocked(data, path, password, kind), path, kind=kind) as package:
        if "content.xml" not in package:
            raise damaged_document(path, kind)
        meta = package.xml("meta.xml") if "meta.xml" in package else None
        return _source(package.xml("content.xml"), meta, bodies)


def _source(content: "_Element", meta: "_Element | None", bodies: tuple[str, ...]) -> _Source:
    body = next((found for name in bodies if (found := content.find(f"{OFFICE}body/{OFFICE}{name}")) is not None), None)
    hidden = frozenset(
        attribute(style, STYLE + "name")
        for style in content.iter(STYLE + "style")
        if any(each.get(PRESENTATION + "visibility") == "hidden" for each in style)
    )
    said = {} if meta is None else {_local(each): (each.text or "").strip() for each in meta.iter("{*}*")}
    return _Source(
        body,
        said.get("title"),
        said.get("initial-creator") or said.get("creator"),
        _date(said.get("creation-date")),
        hidden,
    )


def _local(element: "_Element") -> str:
    return str(element.tag).rpartition("}")[2]


def _date(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text[:26]) if text else None
    except ValueError:
        return None


def _slide(slide: "_Element", index: int, hidden_styles: frozenset[str]) -> Page:
    builder = TextBuilder()
    reader = BlockReader(builder)
    titles = [frame for frame in slide.iter(DRAW + "frame") if frame.get(PRESENTATION + "class") == "title"]
    titles = [frame for frame in titles if not _is_in_notes(frame)]
    for frame in titles:
        builder.heading(" ".join(inline_text(paragraph) for paragraph in frame.iter("{*}p")), 1)
    for frame in sorted(slide, key=_place):
        if frame not in titles and frame.get(PRESENTATION + "class") not in _RUNNING:
            _read_frame(frame, reader)
    notes = slide.find(PRESENTATION + "notes")
    if notes is not None:
        frames = [frame for frame in notes if frame.get(PRESENTATION + "class") == "notes"]
        said = [inline_text(paragraph) for frame in frames for paragraph in frame.iter("{*}p")]
        words = "\n".join(filter(None, said))
        builder.paragraph(f"Notes:\n{words}" if words else "")
    reader.finish()
    page = builder.page()
    hidden = attribute(slide, DRAW + "style-name") in hidden_styles
    note = "This slide is hidden in its file." if hidden else ""
    if not has_words(page.text):
        note = note or "The slide has no text, only pictures or nothing at all."
    return replace(
        page,
        index=index,
        number=index + 1,
        label=str(index + 1),
        kind="text" if has_words(page.text) else "empty",
        note=note,
        locator_kind="slide",
        unit_starts=(),
        unit_numbers=(),
    )


def _is_in_notes(element: "_Element") -> bool:
    return next(element.iterancestors(PRESENTATION + "notes"), None) is not None


def _read_frame(frame: "_Element", reader: BlockReader) -> None:
    if frame.tag == DRAW + "g":
        for inner in sorted(frame, key=_place):
            _read_frame(inner, reader)
    elif frame.tag.startswith((DRAW, OFFICE)):
        reader.read(frame)


def _place(frame: "_Element") -> tuple[float, float]:
    """Return how far down and right a frame stands, in centimetres; a group stands where its first part does."""
    holder = frame
    while holder.tag == DRAW + "g" and len(holder):
        holder = holder[0]
    sides = {_local_name(name): value for name, value in holder.attrib.items()}
    return _centimetres(sides.get("y") or sides.get("y1")), _centimetres(sides.get("x") or sides.get("x1"))


def _local_name(name: "str | bytes") -> str:
    return str(name).rpartition("}")[2]


def _centimetres(length: "str | bytes | None") -> float:
    match = _LENGTH.fullmatch(str(length or ""))
    return 0.0 if match is None else float(match[1]) * _CENTIMETRES.get(match[2] or "cm", 1.0)
