"""Sets pages of blocks as a PDF with page labels, outline and metadata.

One page of the source is one page of the PDF, checked: a page that overflows is an error, since questions name pages.
`invariant` and a fixed date keep the bytes the same from run to run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blocks import Block, read_pages
from figures import figure
from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY, TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Frame, HRFlowable, Paragraph, Spacer, Table, TableStyle


@dataclass(frozen=True)
class LabelRange:
    """Labels from one page on: the page (from 1), the numbering (`ROMAN_LOWER`, `ARABIC` or none), a prefix."""

    first_page: int
    style: str | None
    prefix: str = ""


@dataclass(frozen=True)
class Book:
    """What the writer needs to know of one PDF: words for its metadata, its paper, fonts and page labels."""

    source: str
    file_name: str
    title: str
    author: str
    subject: str
    keywords: str
    paper: tuple[float, float]
    margin: float
    font: str
    size: float
    running_head: str
    labels: tuple[LabelRange, ...]

    def label(self, page: int) -> str:
        """Return the printed label of a page counted from 1."""
        span = [labels for labels in self.labels if labels.first_page <= page][-1]
        number = page - span.first_page + 1
        if span.style == "ROMAN_LOWER":
            return span.prefix + ("i", "ii", "iii", "iv", "v", "vi")[number - 1]
        return span.prefix + (str(number) if span.style else "")


def write_pdf(book: Book, sources: Path, folder: Path) -> Path:
    """Set `book` from its source into `folder` and return the file."""
    path = folder / book.file_name
    canvas = Canvas(str(path), pagesize=book.paper, invariant=1, pageCompression=1, lang="en-GB")
    for set_word, word in ((canvas.setTitle, book.title), (canvas.setAuthor, book.author)):
        set_word(word)
    canvas.setSubject(book.subject)
    canvas.setKeywords(book.keywords)
    canvas.setCreator("")
    canvas.setProducer("")
    canvas.showOutline()
    for labels in book.labels:
        canvas.addPageLabel(labels.first_page - 1, style=labels.style, start=1, prefix=labels.prefix or None)
    for number, blocks in enumerate(read_pages(sources / book.source), start=1):
        _set_page(canvas, book, number, blocks)
    canvas.save()
    return path


def _set_page(canvas: Canvas, book: Book, number: int, blocks: list[Block]) -> None:
    width, height = book.paper
    styles = _styles(book)
    cover = blocks[0].kind == "~title"
    story: list[Flowable] = [Spacer(1, height * 0.12)] if cover else []
    for block in blocks:
        story.extend(_flowables(block, styles, width - 2 * book.margin, canvas, number))
    frame = Frame(book.margin, book.margin, width - 2 * book.margin, height - 2 * book.margin, 0, 0, 0, 0)
    frame.addFromList(story, canvas)
    if story:
        raise ValueError(f"{book.source}: page {number} is too full; {len(story)} blocks are left over")
    if not cover:
        _furnish(canvas, book, number)
    canvas.showPage()


def _furnish(canvas: Canvas, book: Book, number: int) -> None:
    width, height = book.paper
    canvas.setFillColor(colors.HexColor("#6b655c"))
    canvas.setFont(f"{_family(book)[1]}", 8.5)
    canvas.drawCentredString(width / 2, height - book.margin * 0.6, book.running_head)
    canvas.setFont(_family(book)[0], 9)
    canvas.drawCentredString(width / 2, book.margin * 0.5, book.label(number))


def _family(book: Book) -> tuple[str, str, str]:
    """Return the regular, slanted and bold fonts of the standard fourteen, which every PDF reader brings along."""
    if book.font == "Helvetica":
        return "Helvetica", "Helvetica-Oblique", "Helvetica-Bold"
    return "Times-Roman", "Times-Italic", "Times-Bold"


def _styles(book: Book) -> dict[str, ParagraphStyle]:
    regular, slanted, bold = _family(book)
    size = book.size
    body = ParagraphStyle("body", fontName=regular, fontSize=size, leading=size * 1.36, spaceAfter=size * 0.62)
    body.alignment = TA_JUSTIFY

    def style(name: str, **changes: Any) -> ParagraphStyle:
        return ParagraphStyle(name, parent=body, **changes)

    listed = {"leftIndent": size * 1.7, "bulletIndent": size * 0.3, "spaceAfter": size * 0.35}
    return {
        "text": body,
        "~title": style("title", fontName=bold, fontSize=size * 2.2, leading=size * 2.7, alignment=TA_CENTER),
        "~subtitle": style("subtitle", fontName=slanted, fontSize=size * 1.15, leading=size * 1.6, alignment=TA_CENTER),
        "~": style("centred", alignment=TA_CENTER, spaceAfter=size * 0.2),
        "~right": style("right", alignment=TA_RIGHT),
        "#": style("h1", fontName=bold, fontSize=size * 1.4, leading=size * 1.8, spaceBefore=size * 0.6, alignment=0),
        "##": style("h2", fontName=bold, fontSize=size * 1.12, leading=size * 1.5, spaceBefore=size * 0.4, alignment=0),
        "-": style("bullet", **listed),
        "number": style("number", **listed),
        "cell": style("cell", fontSize=size * 0.94, leading=size * 1.2, spaceAfter=0, alignment=0),
        "head": style("head", fontName=bold, fontSize=size * 0.94, leading=size * 1.2, spaceAfter=0, alignment=0),
    }


def _flowables(
    block: Block, styles: dict[str, ParagraphStyle], width: float, canvas: Canvas, page: int
) -> list[Flowable]:
    if block.kind == "table":
        return [_table(block, styles, width), Spacer(1, styles["text"].fontSize * 0.7)]
    if block.kind == "!figure":
        return [figure(block.text), Spacer(1, 6 * mm)]
    if block.kind == "~rule":
        return [HRFlowable(width="30%", thickness=0.8, color=colors.HexColor("#8a8377"), spaceBefore=30, spaceAfter=12)]
    if block.kind in ("#", "##", "~title"):
        _add_outline_entry(canvas, block, page)
    bullet = {"-": "•", "number": block.mark}.get(block.kind)
    paragraph = Paragraph(_inline(block.text), styles[block.kind], bulletText=bullet)
    space = [Spacer(1, 26)] if block.kind == "~subtitle" else []
    return [paragraph, *space]


def _add_outline_entry(canvas: Canvas, block: Block, page: int) -> None:
    key = f"{page}-{block.text}"
    canvas.bookmarkPage(key)
    canvas.addOutlineEntry(block.text, key, level=1 if block.kind == "##" else 0)


def _inline(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", text)
    return re.sub(r"\*(.+?)\*", r"<i>\1</i>", text)


def _table(block: Block, styles: dict[str, ParagraphStyle], width: float) -> Table:
    cells = [
        [Paragraph(_inline(cell), styles["head" if row == 0 else "cell"]) for cell in line]
        for row, line in enumerate(block.rows)
    ]
    longest = [max(12, *(len(line[column]) for line in block.rows)) for column in range(len(block.rows[0]))]
    widths = [width * length / sum(longest) for length in longest]
    table = Table(cells, colWidths=widths, repeatRows=1)
    rule = colors.HexColor("#8a8377")
    table.setStyle(
        TableStyle(
            [
                ("LINEABOVE", (0, 0), (-1, 0), 0.9, rule),
                ("LINEBELOW", (0, 0), (-1, 0), 0.5, rule),
                ("LINEBELOW", (0, -1), (-1, -1), 0.9, rule),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("TOPPADDING", (0, 0), (-1, -1), 2.2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2.8),
            ]
        )
    )
    return table
