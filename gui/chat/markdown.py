"""Answers as HTML: Markdown with highlighted code, in the theme's colours, with citation markers as links.

Raw HTML in an answer is shown as text and pictures are never fetched: an answer is written by a model that has read
documents from anywhere.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from gui.theme.tokens import FONT_PX, LINE_HEIGHT_PERCENT, SPACE_4, SPACE_8, SPACE_12, Palette

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

CITATION_SCHEME = "citation"
_MARKER = re.compile(r"\[(\d{1,3})\](?!\()")
_CODE_SPAN = re.compile(r"(<pre.*?</pre>|<code.*?</code>|<[^>]+>)", re.DOTALL)


def answer_html(text: str, palette: Palette) -> str:
    """Return the body of an answer; markers `[n]` become links `citation:n`."""
    return _with_markers(_parser(palette).render(text))


def document_css(palette: Palette, code_family: str) -> str:
    """Return the style sheet of the text document that shows answers."""
    return f"""
        p, li {{ line-height: {LINE_HEIGHT_PERCENT}%; margin-top: 0; margin-bottom: {SPACE_8}px; }}
        h1, h2, h3, h4 {{ font-size: medium; font-weight: 600; margin-top: {SPACE_12}px; margin-bottom: {SPACE_4}px; }}
        a {{ color: {palette.accent}; text-decoration: none; }}
        code {{ font-family: "{code_family}"; font-size: {FONT_PX}px; background-color: {palette.hover}; }}
        pre {{ font-family: "{code_family}"; font-size: {FONT_PX}px; margin: 0; }}
        blockquote {{ color: {palette.muted}; margin-left: {SPACE_12}px; }}
        th, td {{ padding: {SPACE_4}px {SPACE_8}px; }}
    """


def _with_markers(body: str) -> str:
    parts = _CODE_SPAN.split(body)
    # Odd parts are tags and code, which keep what they hold.
    return "".join(part if index % 2 else _MARKER.sub(_marker_link, part) for index, part in enumerate(parts))


def _marker_link(match: re.Match[str]) -> str:
    number = match.group(1)
    return f'<a href="{CITATION_SCHEME}:{number}"><b>[{number}]</b></a>'


@lru_cache(maxsize=4)
def _parser(palette: Palette) -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False})
    parser.enable(["table", "strikethrough"]).disable("image")

    def fence(_self: object, tokens: list[object], index: int, _options: object, _env: object) -> str:
        token = tokens[index]
        language = str(getattr(token, "info", "")).split(" ")[0]
        return code_html(str(getattr(token, "content", "")), language, palette)

    parser.add_render_rule("fence", fence)
    parser.add_render_rule("code_block", fence)
    return parser


def code_html(code: str, language: str, palette: Palette) -> str:
    """Return a block of code, highlighted where its language is known."""
    inner = _highlighted(code.rstrip("\n"), language, palette)
    return (
        f'<table width="100%" cellpadding="{SPACE_12}" cellspacing="0" bgcolor="{palette.hover}">'
        f"<tr><td><pre>{inner}</pre></td></tr></table><p></p>"
    )


def _highlighted(code: str, language: str, palette: Palette) -> str:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name(language) if language else None
    except ClassNotFound:
        lexer = None
    if lexer is None:
        return html.escape(code)
    return "".join(_span(str(kind), text, palette) for kind, text in lexer.get_tokens(code)).rstrip("\n")


def _span(kind: str, text: str, palette: Palette) -> str:
    escaped = html.escape(text)
    colour = _token_colour(kind, palette)
    return f'<span style="color:{colour}">{escaped}</span>' if colour else escaped


def _token_colour(kind: str, palette: Palette) -> str:
    if kind.startswith("Token.Comment"):
        return palette.muted
    if kind.startswith(("Token.Keyword", "Token.Name.Tag", "Token.Operator.Word")):
        return palette.accent
    if kind.startswith("Token.Literal.String"):
        return palette.good
    if kind.startswith(("Token.Literal.Number", "Token.Name.Decorator", "Token.Name.Constant")):
        return palette.warning
    return ""
