"""What the model is given: one system message, then the turns, each question with the passages found for it.

The prompt only ever grows at its end: a turn is given to the model again word for word as it was at its time, so the
model's cache serves everything but the newest question. What does not fit is left out whole, oldest turns and lowest
ranked passages first, and named. When turns must go, as many go at once that the next few questions need not drop any:
otherwise each question would begin differently and nothing would come from the cache.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inference.api import Message
from rag.answering.running_lines import without_running_lines
from rag.errors import QuestionTooLong
from rag.types import ChatMessage, RankedPassage

SYSTEM = (
    "You answer questions about the user's documents. Use only the numbered passages. "
    "Answer in one to three short sentences, and after each sentence write the number of the passage "
    "it comes from, like [1]. If the passages do not hold the answer, say so."
)
LEAST_ROOM_FOR_PASSAGES = 160
"""Tokens that a question leaves to passages at least; a longer question is refused."""
CountTokens = Callable[[Sequence[Message]], int]


@dataclass(frozen=True)
class Turn:
    """An earlier question as the model was given it, and what it said."""

    given: str
    said: str

    @property
    def messages(self) -> tuple[Message, Message]:
        return Message("user", self.given), Message("assistant", self.said)

    def dumps(self) -> str:
        """Return the turn as it is kept with the stored answer (`ChatMessage.prompt_text`)."""
        return json.dumps([self.given, self.said], ensure_ascii=False)

    @staticmethod
    def loads(text: str) -> "Turn":
        given, said = json.loads(text)
        return Turn(given, said)


@dataclass(frozen=True)
class Prompt:
    """A prompt that fits, and what it holds.

    Attributes:
        messages: What the model gets.
        given: The last user message: the question with its passages.
        passages: The passages in it, in the order of their numbers.
        left_out: What did not fit, in plain words.
    """

    messages: tuple[Message, ...]
    given: str
    passages: tuple[RankedPassage, ...]
    left_out: tuple[str, ...]


def earlier_turns(history: Sequence[ChatMessage]) -> list[Turn]:
    """Return the turns of a chat that the model took part in; questions that found nothing are not among them."""
    return [Turn.loads(each.prompt_text) for each in history if each.role == "assistant" and each.prompt_text]


def user_turn(question: str, passages: Sequence[RankedPassage]) -> str:
    """Return a question with its numbered passages, as the model reads it."""
    if not passages:
        return f"Question: {question.strip()}"
    texts = without_running_lines([each.passage for each in passages])
    blocks = [
        f"[{n}] {_source(each)}\n{text}" for n, (each, text) in enumerate(zip(passages, texts, strict=True), start=1)
    ]
    return "Passages:\n\n" + "\n\n".join(blocks) + f"\n\nQuestion: {question.strip()}"


def build_prompt(
    question: str,
    found: Sequence[RankedPassage],
    turns: Sequence[Turn],
    count: CountTokens,
    room: int,
    most_passages: int | None = None,
) -> Prompt:
    """Return the prompt for a question in at most `room` tokens.

    Args:
        question: As the user wrote it.
        found: Passages, best first.
        turns: Earlier turns, oldest first.
        count: Counts the tokens of a whole prompt.
        room: Tokens that the prompt may take: the context without the answer.
        most_passages: As many as the model reads well, None for all that fit.

    Raises:
        QuestionTooLong: The question alone leaves no room for passages.
    """
    bare = count(_messages((), user_turn(question, ())))
    if bare + LEAST_ROOM_FOR_PASSAGES > room:
        raise _too_long(question, bare, room)
    readable = found[:most_passages]
    whole = _messages(turns, user_turn(question, readable))
    if count(whole) <= room:
        return Prompt(whole, whole[-1].text, tuple(readable), _named(0, len(readable), len(found)))
    kept = _turns_that_fit(turns, count, room // 2)
    if count(_messages(kept, user_turn(question, ()))) + LEAST_ROOM_FOR_PASSAGES > room:
        kept = ()
    passages = _passages_that_fit(question, readable, kept, count, room)
    messages = _messages(kept, user_turn(question, passages))
    left_out = _named(len(turns) - len(kept), len(passages), len(found))
    return Prompt(messages, messages[-1].text, tuple(passages), left_out)


def _messages(turns: Sequence[Turn], given: str) -> tuple[Message, ...]:
    earlier = [message for turn in turns for message in turn.messages]
    return (Message("system", SYSTEM), *earlier, Message("user", given))


def _source(result: RankedPassage) -> str:
    passage = result.passage
    name = passage.document
    if passage.page is not None:
        name += f", page {passage.page_label or passage.page}"
    return f"{name}, {passage.section}" if passage.section else name


def _turns_that_fit(turns: Sequence[Turn], count: CountTokens, room: int) -> Sequence[Turn]:
    """Return the last turns that fit into `room`, as dropping them turn by turn since the beginning leaves them.

    Replaying the whole chat makes the choice the same at each question until the room is used up again.
    """
    sizes = [count(turn.messages) for turn in turns]
    first = 0
    for last in range(len(turns)):
        if sum(sizes[first : last + 1]) > room:
            while first <= last and sum(sizes[first : last + 1]) > room // 2:
                first += 1
    return turns[first:]


def _passages_that_fit(
    question: str, found: Sequence[RankedPassage], turns: Sequence[Turn], count: CountTokens, room: int
) -> Sequence[RankedPassage]:
    fits, too_many = 0, len(found) + 1
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if count(_messages(turns, user_turn(question, found[:middle]))) <= room:
            fits = middle
        else:
            too_many = middle
    return found[:fits]


def _named(turns: int, passages: int, found: int) -> tuple[str, ...]:
    names: list[str] = []
    if turns:
        names.append("1 earlier turn" if turns == 1 else f"{turns} earlier turns")
    if passages < found:
        names.append(f"passage {found}" if passages + 1 == found else f"passages {passages + 1}-{found}")
    return tuple(names)


def _too_long(question: str, tokens: int, room: int) -> QuestionTooLong:
    characters = max(0, int(len(question) * (room - LEAST_ROOM_FOR_PASSAGES) / tokens * 0.9)) // 100 * 100
    return QuestionTooLong(
        f"The question has {len(question):,} characters ({tokens:,} tokens); the model reads {room:,} tokens "
        "at once, and passages must fit in as well.",
        remedy=f"Shorten it to about {characters:,} characters, or put the long text into a document and ask about it.",
    )
