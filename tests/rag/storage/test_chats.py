"""Chats and their messages, stored as they happen."""

import os
from pathlib import Path

import pytest

from rag.storage.chats import Chats
from rag.storage.library import Library
from rag.types import Answer, Citation, FileProblem, Locator, RankedPassage, Sentence, StoredPassage, Timings

PATH = Path(os.fsdecode(b"/docs/caf\xc3\xa9 \xf0\x9f\x98\x80.pdf"))
PASSAGE = StoredPassage(
    7, 3, PATH.name, PATH, 0, 4, 5, "iii", 10, 20, "The text.", "Part II", Locator("page", "5"), "Title"
)
RANKED = RankedPassage(1, 0.9, PASSAGE, 0.5, 0.4)
ANSWER = Answer(
    question="What?",
    outcome="answered",
    text="That [1].",
    sentences=(Sentence("That [1].", 0, 9, (1,)),),
    citations=(Citation(1, PATH.name, PATH, 5, "iii", Locator("page", "5"), "The text.", 3, 4, 10, 20),),
    passages=(RANKED,),
    model="echo",
    timings=Timings(12.5, 80.0, 33.3, 100, 20, 5),
    left_out=("2 earlier turns",),
)


def test_chats_are_listed_by_last_use(chats: Chats) -> None:
    first, second = chats.create("First"), chats.create("Second")
    assert chats.list() == [second, first]
    chats.add_user_message(first.id, "A question")
    assert [chat.id for chat in chats.list()] == [first.id, second.id]


def test_chats_are_renamed_and_deleted(chats: Chats) -> None:
    chat = chats.create("First \ud800", model="a")
    chats.rename(chat.id, "Renamed")
    chats.set_model(chat.id, "b")
    changed = chats.get(chat.id)
    assert changed is not None
    assert (changed.title, changed.model) == ("Renamed", "b")
    chats.add_user_message(chat.id, "A question")
    chats.delete(chat.id)
    assert chats.get(chat.id) is None
    assert chats.messages(chat.id) == []


def test_collections_are_attached_in_order(chats: Chats, library: Library) -> None:
    ids = [library.create_collection(name).id for name in "ABC"]
    chat = chats.create("Chat", [ids[2], ids[0]])
    assert chat.collection_ids == (ids[2], ids[0])
    chats.set_collections(chat.id, [ids[1], ids[0], ids[1], 99])
    library.delete_collection(ids[0])
    attached = chats.get(chat.id)
    assert attached is not None
    assert attached.collection_ids == (ids[1],)


def test_an_answer_comes_back_whole(chats: Chats) -> None:
    chat = chats.create("Chat")
    question = chats.add_user_message(chat.id, "What?")
    started = chats.start_answer(chat.id, "echo")
    assert (started.state, started.text, started.model) == ("streaming", "", "echo")
    chats.save_passages(started.id, [RANKED])
    chats.save_partial(started.id, "Tha")
    partial = chats.message(started.id)
    assert partial is not None
    assert (partial.text, partial.state, partial.passages) == ("Tha", "streaming", (RANKED,))
    chats.finish_answer(started.id, ANSWER, "prompt")
    stored_question, message = chats.messages(chat.id)
    assert stored_question == question
    assert (question.role, question.state, question.text) == ("user", "complete", "What?")
    assert (message.state, message.outcome, message.text) == ("complete", "answered", ANSWER.text)
    assert (message.sentences, message.citations) == (ANSWER.sentences, ANSWER.citations)
    assert (message.passages, message.timings, message.left_out) == (ANSWER.passages, ANSWER.timings, ANSWER.left_out)
    assert (message.prompt_text, message.model, message.problem) == ("prompt", "echo", None)


def test_names_that_are_no_unicode_are_kept_with_the_sources(chats: Chats) -> None:
    path = Path(os.fsdecode(b"/docs/\xe9.txt"))
    citation = Citation(1, path.name, path, None, None, Locator("lines", "1"), "quote")
    answer = Answer("q", "answered", "a", (), (citation,), (), None, Timings(1.0))
    message = chats.start_answer(chats.create("Chat").id, None)
    chats.finish_answer(message.id, answer)
    stored = chats.message(message.id)
    assert stored is not None
    assert stored.citations == (citation,)


def test_a_stopped_answer_is_interrupted(chats: Chats) -> None:
    chat = chats.create("Chat")
    first, second = chats.start_answer(chat.id, "echo"), chats.start_answer(chat.id, "echo")
    chats.interrupt_answer(first.id, "half")
    chats.finish_answer(second.id, Answer("q", "interrupted", "part", (), (), (), "echo", Timings(1.0)))
    assert [(message.state, message.outcome, message.text) for message in chats.messages(chat.id)] == [
        ("interrupted", "interrupted", "half"),
        ("interrupted", "interrupted", "part"),
    ]


def test_a_failed_answer_says_why(chats: Chats) -> None:
    problem = FileProblem("model_crashed", "It crashed.", "Choose another.", Path("/models/a.gguf"))
    message = chats.start_answer(chats.create("Chat").id, "echo")
    chats.fail_answer(message.id, "half", problem)
    failed = chats.message(message.id)
    assert failed is not None
    assert (failed.state, failed.text, failed.problem) == ("failed", "half", problem)


def test_answers_cut_off_by_a_crash_are_found_once(chats: Chats) -> None:
    chat = chats.create("Chat")
    message = chats.start_answer(chat.id, "echo")
    chats.save_partial(message.id, "half an ans")
    done = chats.start_answer(chat.id, "echo")
    chats.finish_answer(done.id, ANSWER)
    (recovered,) = chats.recover_interrupted()
    assert (recovered.id, recovered.state, recovered.text, recovered.model) == (
        message.id,
        "interrupted",
        "half an ans",
        "echo",
    )
    assert chats.recover_interrupted() == []


def test_later_messages_are_deleted_for_a_new_answer(chats: Chats) -> None:
    chat, other = chats.create("Chat"), chats.create("Other")
    question = chats.add_user_message(chat.id, "What?")
    answer = chats.start_answer(chat.id, None)
    chats.add_user_message(chat.id, "And?")
    kept = chats.add_user_message(other.id, "Elsewhere")
    chats.delete_messages_from(chat.id, answer.id)
    assert chats.messages(chat.id) == [question]
    assert chats.messages(other.id) == [kept]


def test_a_deleted_chat_takes_no_messages(chats: Chats) -> None:
    chat = chats.create("Chat")
    message = chats.start_answer(chat.id, None)
    chats.delete(chat.id)
    with pytest.raises(LookupError):
        chats.add_user_message(chat.id, "What?")
    chats.set_collections(chat.id, [1])
    chats.save_partial(message.id, "half")
    chats.finish_answer(message.id, ANSWER)
    assert chats.message(message.id) is None
