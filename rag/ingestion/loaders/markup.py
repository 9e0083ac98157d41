"""reStructuredText, Org, AsciiDoc and LaTeX: the text stays the source, only headings are told. Located by lines."""

import re
from collections.abc import Iterator
from pathlib import Path

from rag.ingestion.loaders.base import readable_title
from rag.ingestion.loaders.plain_text import PlainTextLoader
from rag.types import Heading, Page

_UNDERLINED = re.compile(
    r"^(?:(?P<over>([!-/:-@\[-`{-~])\2{2,})[ \t]*\n)?(?P<title>[^\s][^\n]*|[ \t]+[^\s][^\n]*)\n"
    r"(?P<under>([!-/:-@\[-`{-~])\5{2,})[ \t]*$",
    re.MULTILINE,
)
_ORG_HEADING = re.compile(
    r"^(?P<level>\*{1,12})[ \t]+(?:(?:TODO|DONE|NEXT|WAITING|CANCELLED)[ \t]+)?(?:\[#[A-Z]\][ \t]+)?"
    r"(?P<title>[^\n]*?)(?:[ \t]+:[\w@:]+:)?[ \t]*$",
    re.MULTILINE,
)
_ASCIIDOC_HEADING = re.compile(r"^(?P<level>={1,6})[ \t]+(?P<title>[^\n]+?)(?:[ \t]+=+)?[ \t]*$", re.MULTILINE)
_LATEX_HEADING = re.compile(
    r"^[^\n%]*?\\(?P<level>part|chapter|section|subsection|subsubsection|paragraph)\*?[ \t]*"
    r"(?:\[[^\]\n]*\])?\{(?P<title>(?:[^{}\n]|\{[^{}\n]*\})*)\}[^\n]*$",
    re.MULTILINE,
)
_LATEX_LEVELS = ("part", "chapter", "section", "subsection", "subsubsection", "paragraph")
_LATEX_TITLE = re.compile(r"^[^\n%]*?\\title(?:\[[^\]\n]*\])?\{((?:[^{}]|\{[^{}]*\})*)\}", re.MULTILINE)
_ORG_TITLE = re.compile(r"^#\+TITLE:[ \t]*(\S[^\n]*)$", re.MULTILINE | re.IGNORECASE)


class RstLoader(PlainTextLoader):
    name = "rst"
    version = 1
    suffixes = frozenset({".rst", ".rest"})

    def find_headings(self, text: str) -> tuple[Heading, ...]:
        """Return lines that are underlined over their whole length; levels are in the order of their first use."""
        return tuple(_underlined(text))

    def title(self, path: Path, first: Page) -> str:
        return readable_title(first.headings[0].title if first.headings else None, path)


class OrgLoader(PlainTextLoader):
    name = "org"
    version = 1
    suffixes = frozenset({".org"})

    def find_headings(self, text: str) -> tuple[Heading, ...]:
        return tuple(
            Heading(match.start(), match.end(), len(match["level"]), match["title"])
            for match in _ORG_HEADING.finditer(text)
            if match["title"]
        )

    def title(self, path: Path, first: Page) -> str:
        named = _ORG_TITLE.search(first.text)
        return readable_title(named[1] if named else None, path)


class AsciiDocLoader(PlainTextLoader):
    name = "asciidoc"
    version = 1
    suffixes = frozenset({".adoc", ".asciidoc"})

    def find_headings(self, text: str) -> tuple[Heading, ...]:
        return tuple(
            Heading(match.start(), match.end(), len(match["level"]), match["title"])
            for match in _ASCIIDOC_HEADING.finditer(text)
        )

    def title(self, path: Path, first: Page) -> str:
        return readable_title(next((each.title for each in first.headings if each.level == 1), None), path)


class LatexLoader(PlainTextLoader):
    name = "latex"
    version = 1
    suffixes = frozenset({".tex", ".latex", ".ltx"})

    def find_headings(self, text: str) -> tuple[Heading, ...]:
        return tuple(
            Heading(match.start(), match.end(), 1 + _LATEX_LEVELS.index(match["level"]), title)
            for match in _LATEX_HEADING.finditer(text)
            if (title := _without_commands(match["title"]))
        )

    def title(self, path: Path, first: Page) -> str:
        named = _LATEX_TITLE.search(first.text)
        return readable_title(_without_commands(named[1]) if named else None, path)


def _underlined(text: str) -> Iterator[Heading]:
    levels: list[str] = []
    for match in _UNDERLINED.finditer(text):
        title = match["title"].strip()
        over = match["over"]
        is_line_itself = re.fullmatch(r"([!-/:-@\[-`{-~])\1*", title) is not None
        if is_line_itself or len(match["under"]) < len(title) or (over and over[0] != match["under"][0]):
            continue
        style = match["under"][0] * (2 if over else 1)
        if style not in levels:
            levels.append(style)
        yield Heading(match.start(), match.end(), 1 + levels.index(style), title)


def _without_commands(title: str) -> str:
    """Strip commands from a heading, and keep what they are applied to."""
    plain = re.sub(r"\\(?:label|index|footnote|thanks)\{[^{}]*\}", "", title)
    plain = re.sub(r"\\\\(?:\[[^\]]*\])?", " ", plain)
    return " ".join(re.sub(r"\\[A-Za-z]+\*?|[{}]", "", plain).replace("~", " ").split())
