"""A chat model without a model: answers with words of the question, always the same. It tests the wiring.

Where the question brings numbered passages (lines that begin with `[1]`), the answer is the first sentence of each of
the first two, with its marker; otherwise it repeats the question. A word counts as a token.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence

from inference.errors import Cancelled, PromptTooLong
from inference.types import (
    CancelToken,
    Device,
    Finished,
    FinishReason,
    GenerationRequest,
    LoadProgress,
    LoadSettings,
    Message,
    ModelDetails,
    ModelRef,
    PromptProgress,
    StreamEvent,
    TextDelta,
    Usage,
)

_CONTEXT_TOKENS = 8192
_PASSAGE = re.compile(r"^\[(\d+)\][^\S\n]*(.*(?:\n(?!\[\d+\]|\s*\n).*)*)", re.MULTILINE)
_SENTENCE = re.compile(r"\S.*?(?:[.!?](?=\s|$)|$)", re.DOTALL)
_WORD = re.compile(r"\s*\S+")


class EchoBackend:
    """Implements `ChatBackend`.

    Args:
        before_word: Called before each word of an answer: tests hold an answer here, on an event of theirs.
    """

    def __init__(self, before_word: Callable[[], None] = lambda: None) -> None:
        self._before_word = before_word

    def load(
        self, ref: ModelRef, settings: LoadSettings, on_progress: LoadProgress, cancel: CancelToken
    ) -> "EchoModel":
        on_progress(1.0)
        if cancel.cancelled:
            raise Cancelled
        context = settings.context_tokens or _CONTEXT_TOKENS
        device = Device("cpu", "none", reason="the echo model computes nothing")
        return EchoModel(ModelDetails(ref, "echo", context, device), self._before_word)


class EchoModel:
    """Implements `ChatModel`."""

    def __init__(self, details: ModelDetails, before_word: Callable[[], None]) -> None:
        self.details = details
        self._before_word = before_word
        self._live: list[str] = []

    def count_tokens(self, messages: Sequence[Message]) -> int:
        return len(_words(messages))

    def generate(self, request: GenerationRequest, cancel: CancelToken) -> Iterator[StreamEvent]:
        started = time.perf_counter()
        prompt = _words(request.messages)
        self._check_length(len(prompt))
        cached = _shared(self._live, prompt)
        yield PromptProgress(cached, len(prompt), cached)
        yield PromptProgress(len(prompt), len(prompt), cached)
        prompt_ms = (time.perf_counter() - started) * 1000
        self._live = prompt
        words, limit = _WORD.findall(_answer(request.messages)), request.sampling.max_tokens
        reason: FinishReason = "length" if len(words) > limit else "stop"
        said = 0
        for word in words[:limit]:
            self._before_word()
            if cancel.cancelled:
                reason = "cancelled"
                break
            said += 1
            yield TextDelta(word)
        self._live = prompt + [word.strip() for word in words[:said]]
        yield Finished(reason, Usage(len(prompt), cached, said, prompt_ms, prompt_ms if said else None, None))

    def close(self) -> None:
        self._live = []

    def _check_length(self, tokens: int) -> None:
        context = self.details.context_tokens
        if tokens < context:
            return
        message = f"The question with its passages is {tokens} tokens long; the model takes {context}."
        remedy = "Ask a shorter question, or load the model with a larger context."
        raise PromptTooLong(message, remedy=remedy, prompt_tokens=tokens, context_tokens=context)


def _words(messages: Sequence[Message]) -> list[str]:
    return [word for message in messages for word in message.text.split()]


def _shared(first: list[str], second: list[str]) -> int:
    pairs = zip(first, second, strict=False)
    return next((index for index, (a, b) in enumerate(pairs) if a != b), min(len(first), len(second)))


def _answer(messages: Sequence[Message]) -> str:
    question = next((each.text for each in reversed(messages) if each.role == "user"), "")
    passages = [(number, text) for number, text in _PASSAGE.findall(question) if text.strip()]
    if not passages:
        return f"You said: {question.strip()}"
    return " ".join(f"{_first_sentence(text)} [{number}]" for number, text in passages[:2])


def _first_sentence(text: str) -> str:
    found = _SENTENCE.search(text)
    return " ".join(found[0].split()) if found else ""
