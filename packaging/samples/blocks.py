"""Reads the plain markup of `sources/*.txt` into blocks, for the PDF and the DOCX writer alike.

A line's first characters say what it is: `~title`, `~subtitle`, `~rule`, `~right`, `~` (centred), `#`, `##`, `- `,
`1. `, `|` (table row), `!figure` and `--- page`; anything else runs on until an empty line. Inside a line, `**strong**`
and `*emphasis*`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

_DIRECTIVES = ("~title", "~subtitle", "~rule", "~right", "!figure", "~", "##", "#", "-")
_NUMBERED = re.compile(r"^(\d+\.)\s+(.*)$")


@dataclass(frozen=True)
class Block:
    """One paragraph-like piece: its kind (a directive, `text`, `number` or `table`), its text, and a table's rows."""

    kind: str
    text: str = ""
    mark: str = ""
    rows: tuple[tuple[str, ...], ...] = field(default=())


def read_pages(path: Path) -> list[list[Block]]:
    """Return the blocks of each page; a source without `--- page` is one page."""
    parts = re.split(r"^--- page\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [_read_blocks(part) for part in parts if part.strip()]


def _read_blocks(text: str) -> list[Block]:
    blocks: list[Block] = []
    for group in re.split(r"\n\s*\n", text.strip("\n")):
        blocks.extend(_read_group(group.split("\n")))
    return blocks


def _read_group(lines: list[str]) -> list[Block]:
    if lines[0].startswith("|"):
        return [Block("table", rows=tuple(_cells(line) for line in lines))]
    blocks: list[Block] = []
    for position, line in enumerate(lines):
        if line.startswith("|"):
            return [*blocks, *_read_group(lines[position:])]
        block = _read_line(line)
        if block.kind == "text" and blocks and blocks[-1].kind == "text":
            block = Block("text", f"{blocks.pop().text} {block.text}")
        blocks.append(block)
    return blocks


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.strip().strip("|").split("|"))


def _read_line(line: str) -> Block:
    if numbered := _NUMBERED.match(line):
        return Block("number", numbered[2], mark=numbered[1])
    for directive in _DIRECTIVES:
        if line == directive or line.startswith(f"{directive} "):
            return Block(directive, line[len(directive) :].strip())
    return Block("text", line)
