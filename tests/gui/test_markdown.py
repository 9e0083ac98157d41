"""Answers as HTML."""

from gui.chat.markdown import answer_html, code_html
from gui.theme.tokens import LIGHT


def test_a_marker_becomes_a_link() -> None:
    assert '<a href="citation:2"><b>[2]</b></a>' in answer_html("Nine hundred crowns [2].", LIGHT)


def test_a_marker_in_code_stays_text() -> None:
    body = answer_html("`row[1]` and\n\n```python\nrow[1]\n```", LIGHT)
    assert "citation:" not in body


def test_raw_html_and_pictures_are_not_let_in() -> None:
    body = answer_html("<script>alert(1)</script> ![x](https://example.org/x.png)", LIGHT)
    assert "<script" not in body
    assert "<img" not in body


def test_code_is_highlighted_in_the_colours_of_the_theme() -> None:
    body = code_html("def f():\n    return 'x'  # why", "python", LIGHT)
    assert LIGHT.accent in body
    assert LIGHT.good in body
    assert LIGHT.muted in body


def test_code_of_an_unknown_language_is_shown_as_it_is() -> None:
    assert "a &lt; b" in code_html("a < b", "nonesuch", LIGHT)


def test_lists_and_tables_are_rendered() -> None:
    body = answer_html("- one\n- two\n\n|a|b|\n|-|-|\n|1|2|", LIGHT)
    assert "<li>" in body
    assert "<table>" in body
