"""Chats: saved as they happen, stopped, failed, asked again."""

import threading

import pytest

from inference.api import NoModelLoaded
from rag.errors import EmptyQuestion
from rag.types import AnswerDone, AnswerFailed, AnswerText, AskEvent, Chat, PassagesFound
from tests.rag.answering.conftest import House

FERRY = "The ferry carries twelve passengers. It leaves at noon."
QUESTION = "How many passengers does the ferry carry?"


def ignore(_event: AskEvent) -> None:
    """Take an event and do nothing."""


@pytest.fixture
def chat(house: House) -> Chat:
    collection = house.library.create_collection("Harbour")
    house.add(collection.id, "ferry.pdf", FERRY)
    house.add(collection.id, "crane.pdf", "The crane lifts three tonnes. It never works in a gale.")
    return house.chats.create("Chat", (collection.id,))


def test_question_and_answer_are_stored_with_their_sources(house: House, chat: Chat) -> None:
    house.load()
    events: list[AskEvent] = []
    job = house.conversation.ask(chat.id, QUESTION, events.append)
    answer = job.future.result(30)
    asked, answered = house.chats.messages(chat.id)
    assert (asked.role, asked.text, asked.state) == ("user", QUESTION, "complete")
    assert (answered.id, answered.state, answered.outcome) == (job.message_id, "complete", "answered")
    assert answered.text == answer.text
    assert answered.citations == answer.citations
    assert answered.sentences == answer.sentences
    assert answered.passages == answer.passages
    assert answered.model == "echo"
    assert isinstance(events[0], PassagesFound)
    assert events[-1] == AnswerDone(answer)


def test_question_and_empty_answer_are_stored_before_anything_else(house: House, chat: Chat) -> None:
    house.load()
    house.pace.hold_after = 0
    job = house.conversation.ask(chat.id, QUESTION, ignore)
    assert house.pace.waiting.acquire(timeout=30)
    asked, answered = house.chats.messages(chat.id)
    assert asked.text == QUESTION
    assert answered.state == "streaming"
    assert answered.passages
    house.pace.held.set()
    job.future.result(30)


def test_stopping_keeps_the_partial_text_in_the_chat(house: House, chat: Chat) -> None:
    house.load()
    house.pace.hold_after = 5
    job = house.conversation.ask(chat.id, QUESTION, ignore)
    assert house.pace.waiting.acquire(timeout=30)
    job.cancel()
    house.pace.held.set()
    answer = job.future.result(30)
    stored = house.chats.messages(chat.id)[-1]
    assert (stored.state, stored.outcome) == ("interrupted", "interrupted")
    assert stored.text == answer.text != ""


def test_a_failed_answer_says_why_and_keeps_the_question(house: House, chat: Chat) -> None:
    events: list[AskEvent] = []
    job = house.conversation.ask(chat.id, QUESTION, events.append)
    with pytest.raises(NoModelLoaded):
        job.future.result(30)
    asked, failed = house.chats.messages(chat.id)
    assert asked.text == QUESTION
    assert failed.state == "failed"
    assert failed.problem is not None
    assert failed.problem.code == "no_model_loaded"
    assert isinstance(events[-1], AnswerFailed)
    assert events[-1].remedy


def test_an_empty_question_is_refused_and_not_stored(house: House, chat: Chat) -> None:
    with pytest.raises(EmptyQuestion):
        house.conversation.ask(chat.id, "  ", ignore)
    assert house.chats.messages(chat.id) == []


def test_regenerate_replaces_the_last_answer(house: House, chat: Chat) -> None:
    house.load()
    house.conversation.ask(chat.id, QUESTION, ignore).future.result(30)
    first = house.chats.messages(chat.id)[-1]
    job = house.conversation.regenerate(chat.id, ignore)
    job.future.result(30)
    asked, answered = house.chats.messages(chat.id)
    assert asked.text == QUESTION
    assert answered.id == job.message_id != first.id


def test_there_is_nothing_to_regenerate_in_an_empty_chat(house: House, chat: Chat) -> None:
    with pytest.raises(EmptyQuestion):
        house.conversation.regenerate(chat.id, ignore)


def test_a_second_question_finds_the_first_turn_in_the_cache(house: House, chat: Chat) -> None:
    house.load()
    first = house.conversation.ask(chat.id, QUESTION, ignore).future.result(30)
    second = house.conversation.ask(chat.id, "What does the crane lift?", ignore).future.result(30)
    assert second.timings.cached_tokens >= first.timings.prompt_tokens + first.timings.answer_tokens


def test_a_question_that_leans_on_the_last_one_is_searched_with_its_words(house: House, chat: Chat) -> None:
    house.load()
    house.conversation.ask(chat.id, QUESTION, ignore).future.result(30)
    answer = house.conversation.ask(chat.id, "And when does it leave?", ignore).future.result(30)
    assert answer.passages[0].passage.text == FERRY
    assert answer.question == "And when does it leave?"


def test_detached_collections_are_not_searched(house: House, chat: Chat) -> None:
    house.chats.set_collections(chat.id, ())
    answer = house.conversation.ask(chat.id, QUESTION, ignore).future.result(30)
    assert answer.outcome == "not_found"
    assert answer.passages == ()


def test_shutdown_keeps_what_was_written(house: House, chat: Chat) -> None:
    house.load()
    house.pace.hold_after = 5
    house.conversation.ask(chat.id, QUESTION, ignore)
    assert house.pace.waiting.acquire(timeout=30)
    ending = threading.Thread(target=house.conversation.shutdown)
    ending.start()
    house.pace.held.set()
    ending.join(30)
    stored = house.chats.messages(chat.id)[-1]
    assert stored.text
    assert stored.state in {"interrupted", "complete"}


def test_growing_text_is_saved_at_most_every_half_second(
    house: House, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(10_000))
    monkeypatch.setattr("rag.answering.conversation.time.monotonic", lambda: 0.2 * next(clock))
    saved: list[str] = []
    monkeypatch.setattr(house.chats, "save_partial", lambda _id, text: saved.append(text))
    shown: list[str] = []
    house.load()
    listen = lambda event: shown.append(event.text) if isinstance(event, AnswerText) else None  # noqa: E731
    house.conversation.ask(chat.id, QUESTION, listen).future.result(30)
    assert 0 < len(saved) <= len(shown) / 2
    assert set(saved) <= set(shown)
