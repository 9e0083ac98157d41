"""Short forms for asking a model in tests."""

from dataclasses import dataclass

from inference.api import (
    CancelToken,
    ChatModel,
    Finished,
    GenerationRequest,
    Message,
    PromptProgress,
    Role,
    Sampling,
    StreamEvent,
    TextDelta,
)


@dataclass(frozen=True)
class Answer:
    events: list[StreamEvent]

    @property
    def text(self) -> str:
        return "".join(self.deltas)

    @property
    def deltas(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, TextDelta)]

    @property
    def progress(self) -> list[PromptProgress]:
        return [event for event in self.events if isinstance(event, PromptProgress)]

    @property
    def finished(self) -> Finished:
        last = self.events[-1]
        assert isinstance(last, Finished)
        return last


def conversation(*texts: str, system: str = "You are a helpful AI assistant.") -> tuple[Message, ...]:
    """Return a system turn and then, in turns, questions and answers."""
    roles: tuple[Role, Role] = ("user", "assistant")
    turns = (Message(roles[index % 2], text) for index, text in enumerate(texts))
    return (Message("system", system), *turns)


def request(*texts: str, sampling: Sampling | None = None) -> GenerationRequest:
    return GenerationRequest(conversation(*texts), sampling or Sampling(max_tokens=8))


def ask(model: ChatModel, asked: GenerationRequest) -> Answer:
    return Answer(list(model.generate(asked, CancelToken())))
