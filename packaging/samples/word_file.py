"""Sets blocks as a DOCX with real headings, lists and tables, the same bytes each time."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path

import docx
from blocks import Block, read_pages
from docx.document import Document
from docx.text.paragraph import Paragraph

_STYLES = {"#": "Heading 1", "##": "Heading 2", "-": "List Bullet", "number": "List Number", "~title": "Title"}
_ZIP_DATE = (2024, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class WordFile:
    """One DOCX: its source, its name and the words of its properties."""

    source: str
    file_name: str
    title: str
    author: str
    written: datetime


def write_docx(word_file: WordFile, sources: Path, folder: Path) -> Path:
    """Set `word_file` from its source into `folder` and return the file."""
    document = docx.Document()
    _describe(document, word_file)
    for blocks in read_pages(sources / word_file.source):
        for block in blocks:
            _add(document, block)
    buffer = BytesIO()
    document.save(buffer)
    path = folder / word_file.file_name
    _write_undated(buffer, path)
    return path


def _describe(document: Document, word_file: WordFile) -> None:
    properties = document.core_properties
    properties.title, properties.author = word_file.title, word_file.author
    properties.created = properties.modified = word_file.written
    properties.last_modified_by, properties.comments = word_file.author, ""


def _add(document: Document, block: Block) -> None:
    if block.kind == "table":
        _add_table(document, block)
        return
    paragraph = document.add_paragraph(style=_STYLES.get(block.kind, "Normal"))
    if block.kind == "~subtitle":
        paragraph.style = document.styles["Subtitle"]
    _add_runs(paragraph, block.text)


def _add_table(document: Document, block: Block) -> None:
    rows = [row for row in block.rows if any(row)]
    table = document.add_table(rows=len(rows), cols=len(rows[0]), style="Table Grid")
    headed = len(rows) == len(block.rows)
    for row, line in enumerate(rows):
        for column, text in enumerate(line):
            cell = table.cell(row, column).paragraphs[0]
            _add_runs(cell, f"**{text}**" if headed and row == 0 and text else text)
    document.add_paragraph()


def _add_runs(paragraph: Paragraph, text: str) -> None:
    for piece in re.split(r"(\*\*.+?\*\*|\*.+?\*)", text):
        if piece.startswith("**"):
            paragraph.add_run(piece[2:-2]).bold = True
        elif piece.startswith("*"):
            paragraph.add_run(piece[1:-1]).italic = True
        elif piece:
            paragraph.add_run(piece)


def _write_undated(buffer: BytesIO, path: Path) -> None:
    """Copy the archive with one date on every member: python-docx writes the time of the run."""
    with zipfile.ZipFile(buffer) as dated, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as undated:
        for name in dated.namelist():
            member = zipfile.ZipInfo(name, _ZIP_DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            undated.writestr(member, dated.read(name))
