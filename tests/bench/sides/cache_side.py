"""Two questions in one chat on the sample documents; what the second one found in the model's cache."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from rag.api import Answer, AnswerDone, AnswerFailed, AskEvent, Workspace
from tests.bench.sides.child import answer
from tests.bench.sides.core import workspace


def work(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the timings of each turn of a chat."""
    with workspace(**arguments["settings"]) as opened:
        collection = opened.sample_collection()
        opened.wait_until(collection.id, "ready")
        opened.load_model().result()
        chat = opened.create_chat(collection_ids=(collection.id,))
        return {"turns": [_turn(ask(opened, chat.id, question)) for question in arguments["questions"]]}


def ask(opened: Workspace, chat_id: int, question: str) -> Answer:
    """Ask in a chat and wait for the whole answer."""
    done: Future[Answer] = Future()

    def listen(event: AskEvent) -> None:
        if isinstance(event, AnswerDone):
            done.set_result(event.answer)
        elif isinstance(event, AnswerFailed):
            done.set_exception(RuntimeError(event.message))

    opened.ask(chat_id, question, listen)
    return done.result(timeout=600)


def _turn(given: Answer) -> dict[str, Any]:
    timings = given.timings
    return {
        "outcome": given.outcome,
        "prompt_tokens": timings.prompt_tokens,
        "cached_tokens": timings.cached_tokens,
        "answer_tokens": timings.answer_tokens,
        "first_token_ms": timings.first_token_ms,
        "left_out": list(given.left_out),
    }


if __name__ == "__main__":
    answer(work)
