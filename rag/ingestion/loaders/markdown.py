"""Markdown: the text stays the source, so offsets are exact; only headings are parsed. Located by lines."""

import re
from itertools import pairwise
from pathlib import Path

from rag.ingestion.loaders.base import readable_title
from rag.ingestion.loaders.decoding import line_starts
from rag.ingestion.loaders.plain_text import PlainTextLoader
from rag.types import Heading, Page

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TITLE_LINE = re.compile(r"^title:[ \t]*[\"']?(.*?)[\"']?[ \t]*$", re.MULTILINE)


class MarkdownLoader(PlainTextLoader):
    name = "markdown"
    version = 2
    suffixes = frozenset({".md", ".markdown", ".mkd", ".mdx", ".qmd", ".rmd", ".mdown"})

    def find_headings(self, text: str) -> tuple[Heading, ...]:
        return _headings(text, line_starts(text))

    def title(self, path: Path, first: Page) -> str:
        return _title(first.text, first.headings, path)


def _headings(text: str, starts: tuple[int, ...]) -> tuple[Heading, ...]:
    from markdown_it import MarkdownIt

    front = _FRONT_MATTER.match(text)
    # Front matter would be taken for an underlined heading; its lines stay, emptied, so that line numbers stay too.
    source = re.sub(r"[^\n]", "", text[: front.end()]) + text[front.end() :] if front else text
    tokens = MarkdownIt("commonmark").parse(source)
    headings = []
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open" and opening.map and opening.level == 0:
            start, end = starts[opening.map[0]], _line_end(text, starts, opening.map[1])
            headings.append(Heading(start, end, int(opening.tag[1]), _plain(inline.content)))
    return tuple(headings)


def _line_end(text: str, starts: tuple[int, ...], next_line: int) -> int:
    end = starts[next_line] if next_line < len(starts) else len(text)
    while end > 0 and text[end - 1] == "\n":
        end -= 1
    return end


def _plain(source: str) -> str:
    """Strip emphasis, code marks and link targets from a heading."""
    without_links = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", source)
    return re.sub(r"[*`]|(?<!\w)_|_(?!\w)", "", without_links).replace("\n", " ").strip()


def _title(text: str, headings: tuple[Heading, ...], path: Path) -> str:
    front = _FRONT_MATTER.match(text)
    named = _TITLE_LINE.search(front[1]) if front else None
    if named:
        return readable_title(named[1], path)
    first = next((heading.title for heading in headings if heading.level == 1), None)
    return readable_title(first, path)
