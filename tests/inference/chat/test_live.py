"""Reusing token ids between turns, with a vocabulary that puts a blank before whatever it takes for the start."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from inference.api import CancelToken, LlamaCppBackend, LoadSettings, model_at
from inference.backends.llama_cpp.bindings import Vocabulary
from inference.backends.llama_cpp.live import LiveText, opening, prepare
from inference.backends.llama_cpp.model import LlamaCppModel
from tests.inference.chat.asking import ask, request
from tests.inference.chat.tiny_gguf import write_model

VICUNA = (
    "{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant:{% endif %}"
)


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[LlamaCppModel]:
    ref = model_at(write_model(tmp_path / "tiny.gguf", template=VICUNA))
    model = LlamaCppBackend().load(ref, LoadSettings(), lambda _share: None, CancelToken())
    assert isinstance(model, LlamaCppModel)
    yield model
    model.close()


@pytest.fixture
def vocabulary(tiny: LlamaCppModel) -> Vocabulary:
    return tiny._vocabulary


def test_a_prompt_has_exactly_one_opening_token(vocabulary: Vocabulary) -> None:
    for text in ("where", "<s>where", "<s><s>where"):
        assert opening(vocabulary, text).count(vocabulary.bos) == 1


def test_reused_ids_spell_the_new_prompt(vocabulary: Vocabulary) -> None:
    live = prepare(vocabulary, LiveText(), "user: where is it\nassistant:")
    for token in vocabulary.tokenize(" in the tower"):
        live.add(token, vocabulary.piece(token).decode(), whole=True)
    text = live.text + "\nuser: which tower\nassistant:"
    made = prepare(vocabulary, live, text)
    assert made.ids[: len(live.ids)] == live.ids
    spelt = vocabulary.text_of([token for token in made.ids if token != vocabulary.bos])
    assert spelt.lstrip() == text


def test_an_answer_that_was_shortened_is_reused_up_to_where_it_was_cut(vocabulary: Vocabulary) -> None:
    live = prepare(vocabulary, LiveText(), "user: where\nassistant:")
    prompt = len(live.ids)
    for token in vocabulary.tokenize("in the tower"):
        live.add(token, vocabulary.piece(token).decode(), whole=True)
    made = prepare(vocabulary, live, "user: where\nassistant: in the\nuser: why")
    shared = next(n for n, (a, b) in enumerate(zip(made.ids, live.ids, strict=False)) if a != b)
    assert prompt < shared < len(live.ids)


def test_a_different_conversation_shares_nothing_it_should_not(vocabulary: Vocabulary) -> None:
    live = prepare(vocabulary, LiveText(), "user: where is it\nassistant:")
    made = prepare(vocabulary, live, "system: cite\nuser: where is it\nassistant:")
    assert made.ids == opening(vocabulary, "system: cite\nuser: where is it\nassistant:")


def test_turns_of_a_chat_reuse_the_cache(tiny: LlamaCppModel) -> None:
    first = ask(tiny, request("where is the lamp"))
    second = ask(tiny, request("where is the lamp", first.text, "and why"))
    turn = first.finished.usage.prompt_tokens + first.finished.usage.answer_tokens
    # Random weights write half characters at times, which end the reuse; the prompt is reused in any case.
    assert second.finished.usage.cached_tokens >= first.finished.usage.prompt_tokens
    assert second.finished.usage.cached_tokens <= turn
