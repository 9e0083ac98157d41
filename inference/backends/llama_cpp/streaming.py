"""From bytes of tokens to whole characters, and no further than a stop string."""

import codecs
from collections.abc import Sequence


class CharacterStream:
    """Joins the bytes of tokens into characters: one emoji is often spread over several tokens."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, piece: bytes) -> str:
        return self._decoder.decode(piece)

    @property
    def whole(self) -> bool:
        """Whether no half character is waiting. What waits at the end of an answer is dropped."""
        return not self._decoder.getstate()[0]


class StopStrings:
    """Passes text on, but holds back what may be the beginning of a stop string.

    Attributes:
        stopped: Whether a stop string has come; nothing after it is passed on.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(each for each in stops if each)
        self._held = ""
        self.stopped = False

    def feed(self, text: str) -> str:
        if not self._stops:
            return text
        self._held += text
        found = [at for stop in self._stops if (at := self._held.find(stop)) >= 0]
        if found:
            self.stopped = True
            return self._release(min(found))
        return self._release(len(self._held) - self._waiting())

    def rest(self) -> str:
        """Return what is still held, at the end of an answer that was not stopped by a string."""
        return "" if self.stopped else self._release(len(self._held))

    def _release(self, count: int) -> str:
        passed, self._held = self._held[:count], self._held[count:]
        return passed

    def _waiting(self) -> int:
        longest = max(map(len, self._stops)) - 1
        lengths = range(min(longest, len(self._held)), 0, -1)
        return next((n for n in lengths if any(stop.startswith(self._held[-n:]) for stop in self._stops)), 0)
