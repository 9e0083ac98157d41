"""A loaded GGUF model: our own loop over llama.cpp's C calls.

The package's high-level loop decodes the whole answer again at each token and offers no stop inside a prompt. Here one
token costs one evaluation, one choice and one look at its bytes.
"""

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field

from inference.backends.llama_cpp.bindings import Vocabulary, api
from inference.backends.llama_cpp.context import Context
from inference.backends.llama_cpp.live import LiveText, opening, prepare, shared
from inference.backends.llama_cpp.prompt import ChatTemplate
from inference.backends.llama_cpp.sampling import Sampler
from inference.backends.llama_cpp.streaming import CharacterStream, StopStrings
from inference.errors import PromptTooLong
from inference.types import (
    CancelToken,
    Finished,
    FinishReason,
    GenerationRequest,
    Message,
    ModelDetails,
    PromptProgress,
    Sampling,
    StreamEvent,
    TextDelta,
    Usage,
)


@dataclass
class _Clock:
    """Figures of one answer, gathered as it goes."""

    started: float = field(default_factory=time.perf_counter)
    prompt_tokens: int = 0
    cached_tokens: int = 0
    answer_tokens: int = 0
    prompt_ms: float = 0.0
    first_at: float | None = None
    last_at: float = 0.0

    def prompt_done(self) -> None:
        self.prompt_ms = (time.perf_counter() - self.started) * 1000

    def token(self) -> None:
        self.last_at = time.perf_counter()
        self.answer_tokens += 1
        if self.first_at is None:
            self.first_at = self.last_at

    def usage(self) -> Usage:
        first_ms = None if self.first_at is None else (self.first_at - self.started) * 1000
        spent = self.last_at - (self.first_at or 0.0)
        speed = (self.answer_tokens - 1) / spent if self.answer_tokens > 1 and spent > 0 else None
        return Usage(self.prompt_tokens, self.cached_tokens, self.answer_tokens, self.prompt_ms, first_ms, speed)


class LlamaCppModel:
    """Implements `ChatModel`; every call comes on the thread that loaded it.

    Attributes:
        details: Facts of the model as it was loaded.
    """

    def __init__(
        self, details: ModelDetails, model: int, context: Context, vocabulary: Vocabulary, template: ChatTemplate
    ) -> None:
        self.details = details
        self._model = model
        self._context = context
        self._vocabulary = vocabulary
        self._template = template
        self._live = LiveText()
        self._evaluated = 0

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the length of the rendered prompt, the opening of the answer included."""
        return len(opening(self._vocabulary, self._template.render(messages)))

    def generate(self, request: GenerationRequest, cancel: CancelToken) -> Iterator[StreamEvent]:
        """Yield progress, text and one `Finished`; raises `PromptTooLong` or `GrammarInvalid` before any text."""
        clock = _Clock()
        prompt = prepare(self._vocabulary, self._live, self._template.render(request.messages))
        self._check_length(len(prompt.ids))
        sampler = Sampler(self._vocabulary, request.sampling, prompt.ids, self._context.size)
        self._context.switch.arm(cancel)
        try:
            done = yield from self._read(prompt, clock, cancel)
            reason: FinishReason = "cancelled"
            if done:
                reason = yield from self._write(request.sampling, sampler, clock, cancel)
        finally:
            self._context.switch.disarm()
            sampler.close()
        yield Finished(reason, clock.usage())

    def close(self) -> None:
        """Free the memory; safe to call twice."""
        self._context.close()
        if self._model:
            api.llama_model_free(self._model)
            self._model = 0

    def _check_length(self, tokens: int) -> None:
        if tokens < self._context.size:
            return
        message = f"The question with its passages is {tokens} tokens long; the model takes {self._context.size}."
        raise PromptTooLong(
            message,
            remedy="Ask a shorter question, or load the model with a larger context.",
            path=self.details.ref.path,
            prompt_tokens=tokens,
            context_tokens=self._context.size,
        )

    def _read(self, prompt: LiveText, clock: _Clock, cancel: CancelToken) -> Generator[PromptProgress, None, bool]:
        """Evaluate what the cache lacks of the prompt; returns False if stopped."""
        total = len(prompt.ids)
        # At least the last token is evaluated again: the first token of the answer is chosen from what it gives.
        done = cached = self._forget_after(min(shared(self._live.ids, prompt.ids), self._evaluated, total - 1))
        self._live = prompt
        clock.prompt_tokens, clock.cached_tokens = total, cached
        yield PromptProgress(done, total, cached)
        while done < total:
            batch = prompt.ids[done : done + self._context.step]
            if cancel.cancelled or not self._context.evaluate(batch):
                self._forget_after(done)
                clock.prompt_done()
                return False
            done = self._evaluated = done + len(batch)
            yield PromptProgress(done, total, cached)
        clock.prompt_done()
        return True

    def _forget_after(self, count: int) -> int:
        self._evaluated = self._context.keep(count)
        return self._evaluated

    def _write(
        self, sampling: Sampling, sampler: Sampler, clock: _Clock, cancel: CancelToken
    ) -> Generator[TextDelta, None, FinishReason]:
        """Choose and evaluate tokens until something ends the answer; returns what it was."""
        stops, characters = StopStrings(sampling.stop), CharacterStream()
        reason: FinishReason = "length"
        for token in self._tokens(sampling.max_tokens, sampler, cancel):
            if token is None:
                reason = "cancelled" if cancel.cancelled else "stop"
                break
            clock.token()
            text = characters.feed(self._vocabulary.piece(token))
            self._live.add(token, text, whole=characters.whole)
            if passed := stops.feed(text):
                yield TextDelta(passed)
            if stops.stopped:
                reason = "stop"
                break
        if rest := stops.rest():
            yield TextDelta(rest)
        return reason

    def _tokens(self, limit: int, sampler: Sampler, cancel: CancelToken) -> Iterator[int | None]:
        """Yield chosen tokens, each evaluated only when the next is wanted; None at the answer's own end."""
        step, context, is_end = self._context.stepper(), self._context.pointer, self._vocabulary.is_end
        room = self._context.size - self._evaluated
        for index in range(min(limit, room)):
            token = sampler.sample(context)
            if cancel.cancelled or is_end(token):
                yield None
                return
            yield token
            if index + 1 == min(limit, room):
                return
            if not step(token):
                self._forget_after(self._evaluated)
                yield None
                return
            self._evaluated += 1
