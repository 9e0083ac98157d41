"""The second question of a chat: how much of the first turn, passages and answer included, comes from the cache."""

from __future__ import annotations

from tests.bench.report import Figure, Options, at_least
from tests.bench.sides.child import measure

TARGET = 0.95
_QUESTIONS = ["What was written on the bell that the dredge brought up?", "How old is the tern with the ring FH17?"]


def run(options: Options) -> Figure:
    """Ask two questions in one chat; the second one's cached tokens beside all tokens of the first turn."""
    settings = {"passages_per_answer": 1, "answer_tokens": 16} if options.quick else {}
    first, second = measure("cache_side", {"questions": _QUESTIONS, "settings": settings})["turns"]
    whole = first["prompt_tokens"] + first["answer_tokens"]
    compared = at_least(
        "First turn found in the cache", "tokens", second["cached_tokens"], whole, "prompt and answer", TARGET
    )
    facts = {
        "first turn": _words(first),
        "second turn": _words(second),
    }
    return Figure("cache", "Second question of a chat: what it need not read again", (compared,), facts)


def _words(turn: dict[str, object]) -> str:
    names = ("outcome", "prompt_tokens", "cached_tokens", "answer_tokens", "first_token_ms", "left_out")
    return ", ".join(f"{name} {turn[name]}" for name in names)
