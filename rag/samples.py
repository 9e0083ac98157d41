"""The sample documents that come with the program, and questions to ask about them."""

import json
from functools import cache
from pathlib import Path

from resources import root

KEY = "samples"


def folder() -> Path:
    return root() / "samples" / "documents"


def name() -> str:
    return str(_description()["collection"])


def questions() -> list[str]:
    """Return the questions that the program offers; the first one is ready to send."""
    described = _description()
    suggestions = described["suggestions"]
    assert isinstance(suggestions, list)
    return [str(described["first_question"]), *map(str, suggestions)]


@cache
def _description() -> dict[str, object]:
    text = (root() / "samples" / "samples.json").read_text("utf-8")
    described = json.loads(text)
    assert isinstance(described, dict)
    return described
