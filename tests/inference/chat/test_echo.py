"""The echo model, which other tests stand on."""

import pytest

from inference.api import CancelToken, ChatModel, LoadSettings, Message, ModelRef, PromptTooLong, Sampling
from inference.backends.echo import EchoBackend
from tests.inference.chat.asking import ask, request


@pytest.fixture
def echo() -> ChatModel:
    return EchoBackend().load(
        ModelRef("echo", "echo"), LoadSettings(context_tokens=100), lambda _share: None, CancelToken()
    )


def test_it_answers_with_the_first_sentences_of_passages_and_their_markers(echo: ChatModel) -> None:
    question = "[1] The lamp broke. It was old.\n[2] The fog\ncame in. Nobody saw.\n[3] More.\n\nWhat broke?"
    answer = ask(echo, request(question, sampling=Sampling()))
    assert answer.text == "The lamp broke. [1] The fog came in. [2]"
    assert answer.finished.reason == "stop"


def test_it_keeps_to_the_limit_and_to_the_context(echo: ChatModel) -> None:
    answer = ask(echo, request("one two three", sampling=Sampling(max_tokens=2)))
    assert answer.text == "You said:"
    assert answer.finished.reason == "length"
    with pytest.raises(PromptTooLong):
        ask(echo, request("word " * 200))


def test_it_counts_words_and_reuses_earlier_turns(echo: ChatModel) -> None:
    assert echo.count_tokens([Message("user", "three words here")]) == 3
    first = ask(echo, request("one two", sampling=Sampling()))
    second = ask(echo, request("one two", first.text, "and now?"))
    assert second.finished.usage.cached_tokens == first.finished.usage.prompt_tokens + 4
