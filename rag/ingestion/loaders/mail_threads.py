"""Which messages answer to one another: by what they refer to, as mail programs tell it."""

from collections.abc import Sequence
from dataclasses import dataclass

from rag.ingestion.loaders.mail_words import thread_subject


@dataclass(frozen=True)
class Posted:
    """What has to be known of a message to find its thread; subject and Message-IDs as in `Mail`."""

    subject: str
    identity: str
    references: tuple[str, ...]


def threads(messages: Sequence[Posted]) -> list[int]:
    """Return for each message the position of the message that its thread begins with.

    Messages belong together if one refers to the other, or both to a third one, or if one answers ("Re:") under a
    subject that was seen before and refers to nothing that says otherwise.
    """
    groups = _Groups(len(messages))
    by_identity: dict[str, int] = {}
    by_subject: dict[str, int] = {}
    for position, message in enumerate(messages):
        for name in (message.identity, *message.references):
            if name:
                groups.join(by_identity.setdefault(name, position), position)
    for position, message in enumerate(messages):
        bare = thread_subject(message.subject).casefold()
        first = by_subject.setdefault(bare, position)
        is_answer = bare != message.subject.strip().casefold()
        if bare and is_answer and not message.references and first != position:
            groups.join(first, position)
    return [groups.first(position) for position in range(len(messages))]


class _Groups:
    """Sets that grow together; each is known by its lowest member."""

    def __init__(self, count: int) -> None:
        self._above = list(range(count))

    def first(self, member: int) -> int:
        while self._above[member] != member:
            self._above[member] = self._above[self._above[member]]
            member = self._above[member]
        return member

    def join(self, one: int, other: int) -> None:
        low, high = sorted((self.first(one), self.first(other)))
        self._above[high] = low
