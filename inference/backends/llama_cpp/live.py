"""Remembers the text and token ids in the model's cache: the next turn of a chat evaluates only what is new.

Tokenising an answer's text again need not give the tokens that were generated, and one different token voids all of
the cache behind it. So ids are reused wherever the new prompt's text runs along the remembered text, up to the last
boundary at which a token was known to end, and only the rest is tokenised.
"""

from bisect import bisect_right
from dataclasses import dataclass, field

from inference.backends.llama_cpp.bindings import Vocabulary


@dataclass
class LiveText:
    """A text, its token ids, and where in the text known tokens end.

    Attributes:
        ends: Positions in the text, ascending, at which `counts` tokens have ended.
    """

    text: str = ""
    ids: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)

    def mark(self) -> None:
        """Note that the text so far is exactly the ids so far."""
        self.ends.append(len(self.text))
        self.counts.append(len(self.ids))

    def add(self, token: int, text: str, *, whole: bool) -> None:
        """Append a generated token; `whole` says that no character is left half done."""
        self.ids.append(token)
        self.text += text
        if whole:
            self.mark()

    def boundary(self, text: str) -> int:
        """Return the index of the last mark up to which `text` is the same, or -1."""
        return bisect_right(self.ends, _common(self.text, text)) - 1


def prepare(vocabulary: Vocabulary, live: LiveText, text: str) -> LiveText:
    """Return the prompt `text` as tokens, reusing the ids of the live text as far as both run together."""
    index = live.boundary(text)
    if index >= 0:
        start, count = live.ends[index], live.counts[index]
        rest = _continuation(vocabulary, text[start:])
        if rest is not None:
            made = LiveText(text, live.ids[:count] + rest, live.ends[: index + 1], live.counts[: index + 1])
            made.mark()
            return made
    made = LiveText(text, opening(vocabulary, text))
    made.mark()
    return made


def opening(vocabulary: Vocabulary, text: str) -> list[int]:
    """Tokenise a whole prompt: exactly one BOS where the model wants one, whether the template wrote it or not."""
    ids, bos = vocabulary.tokenize(text), vocabulary.bos
    while len(ids) > 1 and ids[0] == ids[1] == bos:
        del ids[0]
    if vocabulary.adds_bos and ids[:1] != [bos]:
        ids.insert(0, bos)
    return ids


def shared(first: list[int], second: list[int]) -> int:
    """Return how many ids both lists begin with in common."""
    length = min(len(first), len(second))
    if first[:length] == second[:length]:
        return length
    return next(index for index in range(length) if first[index] != second[index])


def _continuation(vocabulary: Vocabulary, text: str) -> list[int] | None:
    """Tokenise text that follows other text, or return None where that cannot be done apart from it.

    SentencePiece vocabularies put a blank before whatever they take for the start; a newline in front, taken away
    again, prevents it.
    """
    ids = vocabulary.tokenize(text)
    if vocabulary.text_of(ids) == text:
        return ids
    anchor, anchored = vocabulary.tokenize("\n"), vocabulary.tokenize("\n" + text)
    ids = anchored[len(anchor) :]
    if anchored[: len(anchor)] == anchor and vocabulary.text_of(ids) == text:
        return ids
    return None


def _common(first: str, second: str) -> int:
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
