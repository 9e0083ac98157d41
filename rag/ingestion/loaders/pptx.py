"""PowerPoint: each slide is a page: title, text from top to bottom, tables and charts, and the speaker's notes."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from rag.ingestion.loaders import progress
from rag.ingestion.loaders.base import damaged_document, empty_document, has_words, loader_identity, readable_title
from rag.ingestion.loaders.contents import Contents
from rag.ingestion.loaders.packages import check_package, parse_xml
from rag.ingestion.loaders.text_builder import TextBuilder
from rag.types import LoadedDocument, Page

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_ALTERNATE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
_CHOICE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Choice"
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_UNSOUND = (
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RecursionError),
    *(
        KeyError,
        ValueError,
        AttributeError,
        TypeError,
        IndexError,
    ),  # What python-pptx raises for parts unlike it expects.
)
_KIND = "a presentation"
_RUNNING = {"DATE", "FOOTER", "SLIDE_NUMBER", "HEADER"}
"""Placeholders that say the same on every slide."""
_MOST_POINTS = 200


class PptxLoader:
    name = "pptx"
    version = 1
    suffixes = frozenset({".pptx", ".pptm", ".potx", ".potm", ".ppsx", ".ppsm"})
    described_as = "a PowerPoint presentation"

    def recognises(self, contents: Contents) -> bool:
        return contents.has_member("ppt/presentation.xml")

    def load(self, path: Path, password: str | None = None) -> LoadedDocument:
        """Return the slides, hidden ones with a note; protected presentations never come here."""
        del password
        return self.read(path.read_bytes(), path)

    def read(self, data: bytes, path: Path) -> LoadedDocument:
        """Return the slides of a presentation in memory; `path` is for names."""
        check_package(data, path, self.described_as)
        presentation = _opened(data, path)
        try:
            slides = list(presentation.slides)
        except _UNSOUND as exc:
            raise damaged_document(path, self.described_as) from exc
        pages = tuple(_page(slide, index, len(slides), path) for index, slide in enumerate(slides))
        if not any(has_words(page.text) for page in pages):
            raise empty_document(path)
        said = _properties(presentation)
        titles = [(1, page.headings[0].title, page.index) for page in pages if page.headings and page.headings[0].title]
        return LoadedDocument(
            readable_title(said.title or (titles[0][1] if titles else None), path),
            self.name,
            loader_identity(self),
            pages,
            author=said.author or None,
            created=said.created,
            outline=tuple(titles),
        )


def _opened(data: bytes, path: Path) -> Any:
    import pptx
    from lxml.etree import LxmlError
    from pptx.exc import PythonPptxError

    try:
        return pptx.Presentation(io.BytesIO(data))
    except (PythonPptxError, LxmlError, OSError, *_UNSOUND) as exc:
        raise damaged_document(path, "a PowerPoint presentation") from exc


@dataclass(frozen=True)
class _Properties:
    title: str = ""
    author: str = ""
    created: datetime | None = None


def _properties(presentation: Any) -> _Properties:
    """Return what a presentation says of itself; nothing where that part is damaged, which costs no slide."""
    try:
        said = presentation.core_properties
        return _Properties(said.title, said.author, said.created)
    except _UNSOUND:
        return _Properties()


def _page(slide: Any, index: int, count: int, path: Path) -> Page:
    from lxml.etree import LxmlError

    progress.step(index, count)
    number = index + 1
    builder = TextBuilder()
    try:
        _read_slide(slide, builder, path)
    except (LxmlError, *_UNSOUND):
        note = "A part of this slide could not be read." if builder.page().text else "This slide could not be read."
    else:
        note = "This slide is hidden in its file." if slide.element.get("show") in {"0", "false"} else ""
    page = builder.page()
    kind = page.kind
    if not has_words(page.text):
        kind = "failed" if "could not" in note else "empty"
        note = note or "The slide has no text, only pictures or nothing at all."
    return replace(
        page,
        index=index,
        number=number,
        label=str(number),
        kind=kind,
        note=note,
        locator_kind="slide",
        unit_starts=(),
        unit_numbers=(),
    )


def _read_slide(slide: Any, builder: TextBuilder, path: Path) -> None:
    title = slide.shapes.title
    if title is not None:
        builder.heading(_plain(title.text_frame.text), 1)
    for shape in _in_reading_order(slide.shapes):
        if title is None or shape.shape_id != title.shape_id:
            _read_shape(shape, builder, path)
    for alternate in slide.element.iter(_ALTERNATE):
        choice = alternate.find(_CHOICE)
        if choice is not None:
            builder.paragraph(_drawn_text(choice))
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        notes = _plain(slide.notes_slide.notes_text_frame.text).strip()
        if notes:
            builder.paragraph(f"Notes:\n{notes}")


def _in_reading_order(shapes: Any) -> list[Any]:
    """Return shapes from top to bottom, those of one line from left to right."""
    return sorted(shapes, key=lambda shape: (shape.top or 0, shape.left or 0))


def _read_shape(shape: Any, builder: TextBuilder, path: Path) -> None:
    if shape.is_placeholder and getattr(shape.placeholder_format.type, "name", "") in _RUNNING:
        return
    if hasattr(shape, "shapes"):
        for inner in _in_reading_order(shape.shapes):
            _read_shape(inner, builder, path)
    elif getattr(shape, "has_table", False):
        _read_table(shape.table, builder)
    elif getattr(shape, "has_chart", False):
        _read_chart(shape.chart, builder)
    elif shape.has_text_frame:
        builder.paragraph("\n".join(_paragraphs(shape.text_frame)))
    else:
        builder.paragraph(_diagram_text(shape, path))


def _paragraphs(frame: Any) -> Iterator[str]:
    for paragraph in frame.paragraphs:
        text = _plain(paragraph.text).strip()
        if text:
            yield f"{'  ' * paragraph.level}- {text}" if paragraph.level else text


def _plain(text: str) -> str:
    return text.replace("\v", "\n").replace("\x0b", "\n")


def _read_table(table: Any, builder: TextBuilder) -> None:
    rows = [["" if cell.is_spanned else _plain(cell.text) for cell in row.cells] for row in table.rows]
    builder.table(rows, has_header=bool(table.first_row))


def _read_chart(chart: Any, builder: TextBuilder) -> None:
    """Write a chart's title, and its values as a table of categories by series."""
    if chart.has_title and chart.chart_title.has_text_frame:
        builder.paragraph(_plain(chart.chart_title.text_frame.text))
    for plot in chart.plots:
        series = list(plot.series)[:20]
        categories = [str(category) for category in plot.categories][:_MOST_POINTS]
        values = [list(each.values)[:_MOST_POINTS] for each in series]
        rows = [["", *(each.name or "" for each in series)]]
        rows += [
            [category, *(_value(column[at]) if at < len(column) else "" for column in values)]
            for at, category in enumerate(categories)
        ]
        builder.table(rows, has_header=True)


def _value(value: float | None) -> str:
    from rag.ingestion.loaders.cell_values import number_text

    return "" if value is None else number_text(float(value))


def _diagram_text(shape: Any, path: Path) -> str:
    """Return what stands in a SmartArt drawing, whose words lie in a part of their own."""
    reference = next(shape.element.iter(_DIAGRAM + "relIds"), None)
    if reference is None:
        return ""
    part = shape.part.related_part(reference.get(_RELATION + "dm"))
    points = parse_xml(part.blob, path, _KIND).iter(_DIAGRAM + "pt")
    return "\n".join(text for point in points if (text := _drawn_text(point)))


def _drawn_text(element: Any) -> str:
    paragraphs = ("".join(text.text or "" for text in paragraph.iter(_A + "t")) for paragraph in element.iter(_A + "p"))
    return "\n".join(filter(None, paragraphs))
