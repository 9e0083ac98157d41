"""Where chat backends are found by name: the built-in ones and those of installed plug-ins.

Each entry is a function that makes the backend, called at the first use, so that listing costs no heavy import.
A plug-in enters by an entry point in the group `carrel.chat_backends`; embedders have a catalogue of their own.
"""

import functools
from collections.abc import Callable
from importlib import metadata
from typing import Generic, TypeVar

from inference.errors import UnknownBackend
from inference.types import ChatBackend

CHAT_BACKENDS_GROUP = "carrel.chat_backends"

Entry = TypeVar("Entry")


class Registry(Generic[Entry]):
    """Named factories; what they make is kept, so that one name is one object. Any thread after it is filled.

    Attributes:
        kind: What the entries are, for messages: `chat backend`.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._factories: dict[str, Callable[[], Entry]] = {}
        self._made: dict[str, Entry] = {}

    def register(self, name: str, factory: Callable[[], Entry]) -> None:
        """Add an entry, or replace the one of that name."""
        self._factories[name] = factory
        self._made.pop(name, None)

    def register_plugins(self, group: str) -> None:
        """Add what installed packages offer; a plug-in never replaces a name that is taken."""
        for point in metadata.entry_points(group=group):
            if point.name not in self._factories:
                self.register(point.name, functools.partial(self._load, point))

    @staticmethod
    def _load(point: metadata.EntryPoint) -> Entry:
        made: Entry = point.load()()
        return made

    def names(self) -> list[str]:
        return sorted(self._factories)

    def get(self, name: str) -> Entry:
        """Return the entry, making it at the first call; raises `UnknownBackend`."""
        if name not in self._factories:
            known = ", ".join(self.names())
            message = f"There is no {self.kind} named {name!r}."
            raise UnknownBackend(message, remedy=f"Choose one of these: {known}; or install its package.")
        if name not in self._made:
            self._made[name] = self._factories[name]()
        return self._made[name]


def default_registry() -> Registry[ChatBackend]:
    """Return a registry with the chat backends of the program and of its plug-ins."""
    registry: Registry[ChatBackend] = Registry("chat backend")
    registry.register("llama_cpp", _llama_cpp)
    registry.register("echo", _echo)
    registry.register_plugins(CHAT_BACKENDS_GROUP)
    return registry


def _llama_cpp() -> ChatBackend:
    from inference.backends.llama_cpp.backend import LlamaCppBackend

    return LlamaCppBackend()


def _echo() -> ChatBackend:
    from inference.backends.echo import EchoBackend

    return EchoBackend()
