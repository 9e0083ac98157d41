"""One question, from its passages to its answer.

Passages are found and shown first. When none of them answers to the question, that is the answer, and the model is not
asked. Otherwise passages and earlier turns are fitted into the model's context, and its text is checked as it streams.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from inference.api import (
    Cancelled,
    CancelToken,
    ChatWorker,
    Finished,
    GenerationRequest,
    PromptProgress,
    Sampling,
    TextDelta,
    Usage,
)
from rag.answering import followups
from rag.answering.citations import CitedAnswer, CitedText
from rag.answering.generation import Generator
from rag.answering.prompts import Prompt, Turn, build_prompt, earlier_turns
from rag.answering.question import check_question
from rag.answering.retrieval import Retriever
from rag.settings import RagSettings
from rag.storage.chats import Chats
from rag.storage.library import Library
from rag.types import (
    Answer,
    AnswerDone,
    AnswerText,
    AskEvent,
    ChatMessage,
    Outcome,
    PassagesFound,
    ReadingPrompt,
    Retrieval,
    SearchScope,
    Sentence,
    Timings,
)

NOT_FOUND = "Not found in these documents."
MOST_FOR_THE_ANSWER = 3
"""In a small context the answer gets at most one part in so many."""
_TINY_MB = 300
_PASSAGES_FOR_A_TINY_MODEL = 1
"""SmolLM2-135M names the right answer for 9 of 24 questions from the best passage alone, and for 4 from three."""
OnEvent = Callable[[AskEvent], None]


@dataclass
class _Generation:
    """What the model said so far."""

    text: str = ""
    cancelled: bool = True
    """Until the model says that it has finished."""
    usage: Usage | None = None


class Answerer:
    """Answers questions from documents. Any thread, several at a time; the model takes them one after another.

    Attributes:
        settings: May be replaced at any time; the next question uses them.
    """

    def __init__(
        self, retriever: Retriever, library: Library, chats: Chats, worker: ChatWorker, settings: RagSettings
    ) -> None:
        self.settings = settings
        self._retriever = retriever
        self._library = library
        self._chats = chats
        self._worker = worker

    @property
    def model_name(self) -> str | None:
        """Name of the model that answers, None while none is loaded."""
        return self._worker.details.ref.name if self._worker.details else None

    def ask(
        self,
        question: str,
        scope: SearchScope,
        history: Sequence[ChatMessage],
        on_event: OnEvent,
        cancel: CancelToken,
        *,
        seed: int | None = None,
        temperature: float | None = None,
    ) -> Answer:
        """Answer a question that belongs to no stored chat; like `answer`, with `AnswerDone` as the last event."""
        answer, _ = self.answer(question, scope, history, on_event, cancel, seed=seed, temperature=temperature)
        on_event(AnswerDone(answer))
        return answer

    def answer(
        self,
        question: str,
        scope: SearchScope,
        history: Sequence[ChatMessage],
        on_event: OnEvent,
        cancel: CancelToken,
        *,
        seed: int | None = None,
        temperature: float | None = None,
    ) -> tuple[Answer, Turn | None]:
        """Answer a question on the calling thread; events come on this thread, the passages first.

        Returns:
            The answer (what there was of it when it was cancelled), and the turn as the model saw it, None when it was
            not asked.

        Raises:
            EmptyQuestion, QuestionTooLong: There is nothing, or too much, to answer.
            ModelError: The model cannot be used.
        """
        question = check_question(question)
        retrieval = self._find(question, scope, history)
        on_event(PassagesFound(retrieval))
        if not retrieval.relevant:
            return self._not_found(retrieval), None
        generator = Generator(self._worker, cancel)
        try:
            prompt = self._prompt(question, retrieval, history, generator)
        except Cancelled:
            return _compose(retrieval, (), CitedAnswer("", (), ()), _Generation(), self.model_name), None
        cited = CitedText(question, [each.passage for each in prompt.passages])
        generation = _Generation()
        request = GenerationRequest(prompt.messages, self._sampling(seed, temperature))
        with contextlib.suppress(Cancelled):  # Raised when the program ends; what was written stays.
            for event in _follow(generator, request, generation, cited):
                on_event(event)
        answer = _compose(retrieval, prompt.left_out, cited.finish(), generation, self.model_name)
        return answer, Turn(prompt.given, generation.text)

    def _find(self, question: str, scope: SearchScope, history: Sequence[ChatMessage]) -> Retrieval:
        k = self.settings.passages_per_answer
        previous = followups.previous_question(history)
        if previous is None:
            return self._retriever.retrieve(question, scope, k)
        together = followups.combined(question, previous)
        if followups.leans_on_previous(question):
            return replace(self._retriever.retrieve(together, scope, k), question=question)
        alone = self._retriever.retrieve(question, scope, k)
        if alone.relevant or not followups.is_short(question):
            return alone
        return replace(self._retriever.retrieve(together, scope, k), question=question)

    def _not_found(self, retrieval: Retrieval) -> Answer:
        sentence = Sentence(NOT_FOUND, 0, len(NOT_FOUND))
        return Answer(
            question=retrieval.question,
            outcome="not_found",
            text=NOT_FOUND,
            sentences=(sentence,),
            citations=(),
            passages=retrieval.results,
            model=self.model_name,
            timings=Timings(retrieval.elapsed_ms),
        )

    def _prompt(
        self, question: str, retrieval: Retrieval, history: Sequence[ChatMessage], generator: Generator
    ) -> Prompt:
        details = generator.details()
        context = details.context_tokens
        room = context - min(self.settings.answer_tokens, context // MOST_FOR_THE_ANSWER)
        most = _PASSAGES_FOR_A_TINY_MODEL if (details.ref.size_mb or _TINY_MB) < _TINY_MB else None
        return build_prompt(
            question, retrieval.results, earlier_turns(history), generator.count_tokens, room, most_passages=most
        )

    def _sampling(self, seed: int | None, temperature: float | None) -> Sampling:
        return Sampling(
            temperature=self.settings.temperature if temperature is None else temperature,
            seed=self.settings.seed if seed is None else seed,
            max_tokens=self.settings.answer_tokens,
        )


def _follow(
    generator: Generator, request: GenerationRequest, generation: _Generation, cited: CitedText
) -> Iterator[AskEvent]:
    """Turn the model's events into the asker's, noting in `generation` what came."""
    shown = ""
    for event in generator.stream(request):
        if isinstance(event, PromptProgress):
            yield ReadingPrompt(event.done_tokens, event.total_tokens)
        elif isinstance(event, TextDelta):
            generation.text += event.text
            cited.feed(event.text)
            if cited.text != shown:
                shown = cited.text
                yield AnswerText(shown)
            if cited.repeats_itself:
                generator.stop()
        elif isinstance(event, Finished):
            generation.usage = event.usage
            generation.cancelled = event.reason == "cancelled" and not cited.repeats_itself


def _compose(
    retrieval: Retrieval, left_out: tuple[str, ...], cited: CitedAnswer, generation: _Generation, model: str | None
) -> Answer:
    outcome: Outcome = "interrupted" if generation.cancelled else "answered"
    return Answer(
        question=retrieval.question,
        outcome=outcome,
        text=cited.text,
        sentences=cited.sentences,
        citations=cited.citations,
        passages=retrieval.results,
        model=model,
        timings=_timings(retrieval, generation.usage),
        left_out=left_out,
    )


def _timings(retrieval: Retrieval, usage: Usage | None) -> Timings:
    if usage is None:
        return Timings(retrieval.elapsed_ms)
    return Timings(
        retrieve_ms=retrieval.elapsed_ms,
        first_token_ms=usage.first_token_ms,
        tokens_per_s=usage.tokens_per_s,
        prompt_tokens=usage.prompt_tokens,
        cached_tokens=usage.cached_tokens,
        answer_tokens=usage.answer_tokens,
    )
