"""Turns a conversation into the one text that the model was trained to continue.

The template comes from the model file, so it is foreign code: it runs in a sandbox. Templates differ in what they
accept (some refuse a system turn, some insist on alternation, some want lists for contents), so several shapes of one
conversation are tried. Text from users and documents must not be able to end a turn: control tokens written in it are
broken up before it meets the template.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NoReturn

from jinja2 import nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from inference.errors import TemplateUnusable
from inference.types import Message

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
PLAIN = (
    "{% for message in messages %}{{ message.role | capitalize }}: {{ message.content }}\n\n{% endfor %}"
    "{% if add_generation_prompt %}Assistant:{% endif %}"
)
_Turn = dict[str, object]


class _GenerationTag(Extension):
    """`{% generation %}` marks the answers for training; here it only passes its contents on."""

    tags = {"generation"}  # noqa: RUF012 - declared so by jinja2

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class TextGuard:
    """Breaks up whatever would be read as a control token, so that it stays plain text."""

    def __init__(self, tokens: Mapping[str, bool], template: str) -> None:
        dangerous = {text for text, control in tokens.items() if _is_markup(text, control=control, template=template)}
        longest_first = sorted(dangerous, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def clean(self, text: str) -> str:
        """Return the text with a space after the first character of each control token written in it."""
        # A lone surrogate has no bytes to give to the tokenizer.
        text = text.encode("utf-8", "replace").decode()
        while self._pattern is not None and self._pattern.search(text):
            text = self._pattern.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)
        return text


def _is_markup(text: str, *, control: bool, template: str) -> bool:
    if len(text) < 3 or text.isspace() or not text.strip("▁ "):
        return False
    if control:
        return True
    # User-defined tokens are often plain pieces of text (runs of blanks, HTML tags): those are left alone.
    return "|" in text or (text in template and not text.isalnum())


class ChatTemplate:
    """Renders conversations; called on the llm thread.

    Args:
        source: The Jinja template of the model.
        bos: Text of the token that opens a prompt.
        eos: Text of the token that ends a turn.
        now: Read once, so that a prompt does not change at midnight and lose the model's cache.
    """

    def __init__(self, source: str, bos: str, eos: str, now: datetime, guard: TextGuard) -> None:
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=[_GenerationTag, loopcontrols]
        )
        environment.filters["tojson"] = _to_json
        environment.globals["raise_exception"] = _raise_exception
        environment.globals["strftime_now"] = now.strftime
        self._names: dict[str, object] = {"bos_token": bos, "eos_token": eos, "enable_thinking": False}
        self._guard = guard
        try:
            self._template = environment.from_string(source)
        except Exception as exc:  # Foreign code: it may fail in any way.
            raise _unusable(exc) from exc

    def render(self, messages: Sequence[Message]) -> str:
        """Return the prompt, ending where the answer begins; raises `TemplateUnusable`."""
        turns = _merged([Message(each.role, self._guard.clean(each.text)) for each in messages])
        failure: Exception | None = None
        for shape in _SHAPES:
            try:
                text = self._template.render(messages=shape(turns), add_generation_prompt=True, **self._names)
            except Exception as exc:  # noqa: BLE001 - foreign code: it may fail in any way.
                failure = exc
                continue
            if _says_all(text, turns):
                return text
        raise _unusable(failure)


def _unusable(cause: Exception | None) -> TemplateUnusable:
    why = f" ({cause})" if cause else ""
    message = f"The chat template of the model fails on an ordinary conversation{why}."
    return TemplateUnusable(message, remedy="Choose another model, or another edition of this one.")


def _merged(messages: Iterable[Message]) -> list[Message]:
    merged: list[Message] = []
    for message in messages:
        if merged and merged[-1].role == message.role:
            merged[-1] = Message(message.role, f"{merged[-1].text}\n\n{message.text}")
        else:
            merged.append(message)
    return merged


def _folded(turns: list[Message]) -> list[Message]:
    """Put the system's text at the head of the first question."""
    if len(turns) < 2 or turns[0].role != "system" or turns[1].role != "user":
        return turns
    return [Message("user", f"{turns[0].text}\n\n{turns[1].text}"), *turns[2:]]


def _plain(turns: list[Message]) -> list[_Turn]:
    return [{"role": each.role, "content": each.text} for each in turns]


def _listed(turns: list[Message]) -> list[_Turn]:
    return [{"role": each.role, "content": [{"type": "text", "text": each.text}]} for each in turns]


_SHAPES: tuple[Callable[[list[Message]], list[_Turn]], ...] = (
    _plain,
    lambda turns: _plain(_folded(turns)),
    _listed,
    lambda turns: _listed(_folded(turns)),
)


def _says_all(text: str, turns: list[Message]) -> bool:
    # Some templates leave out what they do not know, a system turn most often, without a word.
    needed = [each for each in turns if each.role != "assistant"]
    return all(each.text.strip() in text for each in needed)


def _raise_exception(message: str) -> NoReturn:
    raise ValueError(message)


def _to_json(value: object, indent: int | None = None, **_options: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)
