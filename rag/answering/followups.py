"""What to search for when a question leans on the one before it ("And in 2019?", "Who wrote it?")."""

import re
from collections.abc import Sequence

from rag.answering.words import content_words, split_words
from rag.types import ChatMessage

SHORT_QUESTION_WORDS = 3
_LEANING_WORDS = """
    it its they them their theirs he him his she her hers this that these those there former latter same such one
    er sie es ihn ihm ihr ihre ihren dessen deren dies diese dieser dieses jene il elle ils elles lui leur ceci cela
    esto eso ello ella ellos
"""
_LEANING = frozenset(_LEANING_WORDS.split())
_LEANING_OPENING = re.compile(
    r"^\s*(?:and|or|but|so|also|then|what about|how about|why|und|aber|warum|wieso|et|y|e)\b", re.IGNORECASE
)


def previous_question(history: Sequence[ChatMessage]) -> str | None:
    """Return the user's last question in `history`."""
    return next((each.text for each in reversed(history) if each.role == "user"), None)


def leans_on_previous(question: str) -> bool:
    """Tell whether a question cannot stand alone: it begins like a continuation, or is short and has a pronoun."""
    words = [word.folded for word in split_words(question)]
    if _LEANING_OPENING.match(question) and len(content_words(question)) <= 2 * SHORT_QUESTION_WORDS:
        return True
    return len(words) <= 12 and any(word in _LEANING for word in words)


def is_short(question: str) -> bool:
    """Tell whether a question is so short that it may lean on the one before without showing it."""
    return len(content_words(question)) <= SHORT_QUESTION_WORDS


def combined(question: str, previous: str) -> str:
    """Return a search text with the content words of both questions, the new one's first."""
    present = set(content_words(question))
    return " ".join([question, *(word for word in content_words(previous) if word not in present)])
