"""Prompts fit the context, grow at their end only, and name what was left out."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.api import Message
from rag.answering.prompts import LEAST_ROOM_FOR_PASSAGES, Prompt, Turn, build_prompt, earlier_turns, user_turn
from rag.errors import QuestionTooLong
from rag.types import ChatMessage
from tests.rag.answering.builders import ranked


def count_words(messages: Sequence[Message]) -> int:
    return sum(4 + len(message.text.split()) for message in messages)


def words(number: int, word: str = "word") -> str:
    return " ".join([word] * number)


def ask(question: str, passages: int, turns: Sequence[Turn] = (), room: int = 2000) -> Prompt:
    found = ranked(*[words(60, f"passage{n}") for n in range(1, passages + 1)])
    return build_prompt(question, found, turns, count_words, room)


def test_passages_are_numbered_with_their_document_and_page() -> None:
    turn = user_turn("Why?", ranked("First text.", "Second text."))
    assert "[1] file1.pdf, page 4\nFirst text." in turn
    assert "[2] file2.pdf, page 4\nSecond text." in turn
    assert turn.endswith("Question: Why?")


def test_a_prompt_that_fits_leaves_nothing_out() -> None:
    prompt = ask("Why?", 3)
    assert len(prompt.passages) == 3
    assert prompt.left_out == ()
    assert prompt.messages[0].role == "system"
    assert prompt.messages[-1].text == prompt.given


def test_passages_that_do_not_fit_are_named() -> None:
    prompt = ask("Why?", 6, room=330)
    assert 0 < len(prompt.passages) < 6
    assert prompt.left_out == (f"passages {len(prompt.passages) + 1}-6",)


def test_earlier_turns_that_do_not_fit_are_named() -> None:
    turns = [Turn(words(100), words(20)) for _ in range(5)]
    prompt = ask("Why?", 2, turns, room=600)
    assert prompt.left_out[0].endswith("earlier turns")
    assert len(prompt.passages) == 2


def test_the_next_prompt_begins_with_the_last_one() -> None:
    turns: list[Turn] = []
    sent: tuple[Message, ...] = ()
    for number in range(4):
        prompt = ask(f"Question {number}?", 3, turns)
        assert prompt.messages[: len(sent)] == sent
        turns.append(Turn(prompt.given, f"Answer {number}."))
        sent = (*prompt.messages, Message("assistant", f"Answer {number}."))


def test_turns_are_dropped_many_at_once_so_that_prompts_keep_their_beginning() -> None:
    turns: list[Turn] = []
    beginnings: list[str] = []
    for number in range(40):
        prompt = ask(f"Question {number}?", 2, turns, room=1500)
        beginnings.append(prompt.messages[1].text)
        turns.append(Turn(prompt.given, words(20)))
    changes = sum(first != second for first, second in pairwise(beginnings))
    assert 1 <= changes <= len(beginnings) / 2


def test_a_question_longer_than_the_context_is_refused_with_a_length_that_fits() -> None:
    with pytest.raises(QuestionTooLong) as caught:
        ask(words(5000), 2)
    fitting = int(caught.value.remedy.split(" characters")[0].rsplit(" ", 1)[1].replace(",", ""))
    assert ask(words(5000)[:fitting], 2).passages


def test_turns_come_back_from_the_stored_messages() -> None:
    turn = Turn('given "text" 东京', "said [1]")
    now = datetime.now(UTC)
    history = [
        ChatMessage(1, 1, "user", "q", "complete", now),
        ChatMessage(2, 1, "assistant", "a", "complete", now, prompt_text=turn.dumps()),
        ChatMessage(3, 1, "user", "q2", "complete", now),
        ChatMessage(4, 1, "assistant", "Not found in these documents.", "complete", now, outcome="not_found"),
    ]
    assert earlier_turns(history) == [turn]


@given(
    st.integers(1, 400),
    st.lists(st.integers(1, 400), max_size=8),
    st.lists(st.tuples(st.integers(1, 400), st.integers(0, 200)), max_size=8),
    st.integers(LEAST_ROOM_FOR_PASSAGES, 2500),
)
def test_no_prompt_is_longer_than_its_room(
    question: int, passages: list[int], turns: list[tuple[int, int]], room: int
) -> None:
    found = ranked(*[words(size) for size in passages])
    earlier = [Turn(words(given_words), words(said)) for given_words, said in turns]
    try:
        prompt = build_prompt(words(question), found, earlier, count_words, room)
    except QuestionTooLong:
        return
    assert count_words(prompt.messages) <= room
    assert prompt.passages == found[: len(prompt.passages)]
    everything = len(prompt.passages) == len(found) and len(prompt.messages) == 2 + 2 * len(earlier)
    assert everything == (not prompt.left_out)


def test_a_model_that_reads_few_passages_well_gets_the_best_and_the_others_are_named() -> None:
    prompt = build_prompt("What?", ranked("alpha", "beta", "gamma"), (), count_words, 1000, most_passages=1)
    assert [each.passage.text for each in prompt.passages] == ["alpha"]
    assert "beta" not in prompt.given
    assert prompt.left_out == ("passages 2-3",)
