"""Markers and citations of an answer, while it streams.

The model's text comes in pieces. Its markers are checked against the passages it was given: those that point nowhere
are removed, the others become `[1]`, `[2]`, ... in order of appearance; a marker that has only half arrived is held
back. A finished sentence without a marker gets the passage that supports it, if one does. What is shown only grows at
its end, but for the sentence that is being written.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.answering.sentences import Span, split_sentences
from rag.answering.support import best_span, find_support
from rag.types import Citation, Sentence, StoredPassage

_NUMBERS = r"(?:passages?|sources?|documents?)?\s*#?(\d{1,3}(?:\s*(?:,|;|-|–|and)\s*#?\d{1,3})*)"
_MARKER = re.compile(
    rf"[ \t]*(?:\[\s*{_NUMBERS}\s*\]|【\s*{_NUMBERS}[^】\n\d]{{0,1}}[^】\n]{{0,20}}】|［\s*{_NUMBERS}\s*］)",
    re.IGNORECASE,
)
_HALF_A_MARKER = re.compile(r"[ \t]*[\[【［][^\]】］\n]{0,24}$")
_CUT_MARKER = re.compile(r"[ \t]*[\[【［]\s*(?:(?:passages?|sources?|documents?)\s*)?[\d,\s]*$", re.IGNORECASE)
_RANGE = re.compile(r"(\d{1,3})\s*[-–]\s*#?(\d{1,3})")
_CODE = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]*`", re.DOTALL)
_MAX_RANGE = 10
_LEAST_REPEATED_WORDS = 4
_NO_CLAIM = re.compile(r"^\s*(?:```|~~~|#{1,6}\s)")


@dataclass(frozen=True)
class CitedAnswer:
    """An answer with its sentences and sources: `sentences[i].text == text[start:end]`, citations numbered from 1."""

    text: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]


def marked_numbers(marker: str) -> list[int]:
    """Return the passage numbers that a marker names: "[1, 3-5]" gives 1, 3, 4, 5."""
    numbers: list[int] = []
    rest = marker
    for match in _RANGE.finditer(marker):
        first, last = int(match.group(1)), int(match.group(2))
        if 0 <= last - first < _MAX_RANGE:
            numbers += range(first, last + 1)
            rest = rest.replace(match.group(), " ")
    numbers += [int(digits) for digits in re.findall(r"\d+", rest)]
    return sorted(set(numbers))


class CitedText:
    """Builds a `CitedAnswer` from the pieces of a stream. Used by one thread."""

    def __init__(self, question: str, passages: Sequence[StoredPassage]) -> None:
        self._question = question
        self._passages = tuple(passages)
        self._texts = [passage.text for passage in passages]
        self._open = ""
        """The model's text from the first unfinished sentence on."""
        self._done = ""
        self._sentences: list[Sentence] = []
        self._order: list[int] = []
        """Passages (from 0) in the order of their first citation."""
        self._quotes: dict[int, Span] = {}
        self._said: set[str] = set()
        self._repeats = False

    def feed(self, delta: str) -> None:
        """Take the next piece of the model's text."""
        self._open += delta
        spans = self._split(self._open)
        if len(spans) < 2 or _HALF_A_MARKER.fullmatch(self._open[spans[-2].end :]):
            return
        self._close(spans[:-1], self._open[: spans[-1].start])
        self._open = self._open[spans[-1].start :]

    @property
    def repeats_itself(self) -> bool:
        """Whether a whole sentence came a second time: small models then go round in circles until they are stopped."""
        return self._repeats

    @property
    def text(self) -> str:
        """What may be shown now: no invented and no half marker in it."""
        if self._repeats:
            return self._done.rstrip()
        numbering = list(self._order)
        shown = _HALF_A_MARKER.sub("", self._open)
        return self._done + _replace_markers(shown, lambda numbers: self._numbered(numbers, numbering)).rstrip()

    def finish(self) -> CitedAnswer:
        """Return the whole answer; nothing is fed afterwards."""
        rest = _CUT_MARKER.sub("", self._open).rstrip()
        self._close(self._split(rest), rest)
        self._open = ""
        text = self._done.rstrip()
        return CitedAnswer(text, tuple(self._sentences), tuple(map(self._citation, range(1, len(self._order) + 1))))

    def _split(self, text: str) -> list[Span]:
        return split_sentences(text, begins_line=not self._done or self._done.endswith("\n"))

    def _close(self, spans: Sequence[Span], raw: str) -> None:
        position = 0
        for span in spans:
            self._done += raw[position : span.start]
            self._close_sentence(raw[span.start : span.end])
            position = span.end
        self._done += raw[position:]

    def _close_sentence(self, raw: str) -> None:
        cited: list[int] = []

        def cite(numbers: Sequence[int]) -> list[int]:
            known = self._numbered(numbers, self._order)
            cited.extend(n for n in known if n not in cited)
            return known

        if self._is_repeated(raw):
            return
        text = _replace_markers(raw, cite).strip()
        if not cited and (supported := self._supporting(text)) is not None:
            cited.append(supported)
            text = f"{text} [{supported}]"
        if not text:
            return
        for n in cited:
            self._remember_quote(n, text)
        start = len(self._done)
        self._done += text
        self._sentences.append(Sentence(text, start, len(self._done), tuple(cited)))

    def _is_repeated(self, raw: str) -> bool:
        """Tell whether a sentence was said before; from then on nothing is taken any more."""
        plain = " ".join(_MARKER.sub("", raw).casefold().split())
        if len(plain.split()) >= _LEAST_REPEATED_WORDS:
            self._repeats = self._repeats or plain in self._said
            self._said.add(plain)
        return self._repeats

    def _numbered(self, numbers: Sequence[int], order: list[int]) -> list[int]:
        """Return the answer's numbers for the passages that exist among `numbers`, giving new ones at need."""
        known: list[int] = []
        for passage in (number - 1 for number in numbers if 1 <= number <= len(self._passages)):
            if passage not in order:
                order.append(passage)
            known.append(order.index(passage) + 1)
        return known

    def _supporting(self, text: str) -> int | None:
        if _NO_CLAIM.match(text):
            return None
        support = find_support(text, self._texts, self._question)
        return None if support is None else self._numbered([support.passage + 1], self._order)[0]

    def _remember_quote(self, n: int, sentence: str) -> None:
        passage = self._order[n - 1]
        if passage not in self._quotes:
            plain = _MARKER.sub("", sentence)
            support = best_span(plain, self._texts[passage])
            self._quotes[passage] = Span(support.start, support.end)

    def _citation(self, n: int) -> Citation:
        passage = self._passages[self._order[n - 1]]
        span = self._quotes[self._order[n - 1]]
        return Citation(
            n=n,
            document=passage.document,
            path=passage.path,
            page=passage.page,
            page_label=passage.page_label,
            locator=passage.locator,
            quote=passage.text[span.start : span.end],
            document_id=passage.document_id,
            page_index=passage.page_index,
            start=passage.start + span.start,
            end=passage.start + span.end,
            inside=passage.inside,
        )


def _replace_markers(text: str, cite: Callable[[Sequence[int]], Sequence[int]]) -> str:
    """Return `text` with each marker replaced by what `cite` makes of its numbers; code is left alone."""
    code = [match.span() for match in _CODE.finditer(text)] if "`" in text or "~~~" in text else []

    def replaced(match: re.Match[str]) -> str:
        if any(start <= match.start() < end for start, end in code):
            return match.group()
        numbers = marked_numbers(next(filter(None, match.groups()), ""))
        space = match.group()[: len(match.group()) - len(match.group().lstrip())]
        markers = "".join(f"[{n}]" for n in cite(numbers))
        return space + markers if markers else ""

    return _MARKER.sub(replaced, text)
