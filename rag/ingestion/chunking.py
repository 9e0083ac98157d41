"""Cuts pages into passages: along headings, then paragraphs, lines, sentences, words, and at last characters.

No passage is longer than the embedding model reads, its context line counted; none crosses a page; together they hold
every word of every page, but for headers and footers that stand on page after page: those count where they stand first.
Passages of a stretch are of about equal length, so there are no tiny rests. Long stretches are parted at anchors first,
so that an edit changes the passages around it only. Nothing overlaps: overlapping text would be embedded twice, and
embedding is what takes the time.
"""

import hashlib
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Literal

from rag.ingestion.anchors import find_anchors
from rag.ingestion.boundaries import Boundaries, find_boundaries
from rag.ingestion.loaders import progress
from rag.ingestion.regions import region
from rag.ingestion.running_lines import Span, body_spans
from rag.ingestion.sections import SectionPath, Segment
from rag.ingestion.token_counter import Starts, TokenCounter
from rag.types import LoadedDocument, Page, Passage, locate

ContextKind = Literal["none", "title", "section", "both"]

TARGET_TOKENS = 254
"""Longer passages say too much for one vector; models that read less get less."""
_VERSION = 2
_MIN_TOKENS = 64
_HEADING_ONLY_TOKENS = 24
_CONTEXT_SHARE = 8
"""A context line takes at most one token in so many."""
_ANCHOR_DISTANCE = 2
"""Anchors are at least so many passages apart, and about twice as many on average."""
_CHARACTERS_PER_TOKEN = 8
"""A word of a hundred thousand letters can be a single "unknown" token: characters are capped as well."""


def index_name(passage_tokens: int) -> str:
    """Return the name of this way of cutting; with the embedding model it names an index."""
    return f"sections-{passage_tokens}-v{_VERSION}"


CHUNKING = index_name(TARGET_TOKENS)


@dataclass(frozen=True)
class ChunkingOptions:
    """How passages are cut.

    Attributes:
        max_tokens: What the embedding model reads at most, special tokens not counted.
        target_tokens: The longest passage wanted, if the model would read more.
        context: What is put in front of each passage for the embedding and the word index.
    """

    max_tokens: int
    target_tokens: int = TARGET_TOKENS
    context: ContextKind = "both"

    @property
    def limit(self) -> int:
        return max(8, min(self.max_tokens, self.target_tokens))


@cache
def chunking_identity(options: ChunkingOptions, tokenizer_file: Path | None) -> str:
    """Return what documents remember of how they were cut: where it differs, they are read and cut again."""
    tokenizer = b"words" if tokenizer_file is None else tokenizer_file.read_bytes()
    choices = f"{options.limit} {options.context} ".encode()
    return f"{index_name(options.target_tokens)}-{hashlib.blake2b(choices + tokenizer, digest_size=4).hexdigest()}"


def chunk(document: LoadedDocument, counter: TokenCounter, options: ChunkingOptions) -> list[Passage]:
    """Return the passages of a document, in reading order."""
    cutter = Cutter(document.title, counter, options)
    passages: list[Passage] = []
    for page, body in zip(document.pages, body_spans(document.pages), strict=True):
        passages.extend(cutter.cut(page, body))
        progress.step(page.index + 1, len(document.pages))
    return passages


class Cutter:
    """Cuts the pages of one document in their order, as they come; one thread."""

    def __init__(self, title: str, counter: TokenCounter, options: ChunkingOptions) -> None:
        self._document_title = title
        self._counter = counter
        self._options = options
        self._sections = SectionPath()
        self._inside: tuple[str, ...] = ()
        self._count = 0

    def cut(self, page: Page, body: Span) -> list[Passage]:
        """Return the passages of a page, numbered on; `body` is its text without running headers and footers."""
        if page.inside != self._inside:
            # The last heading of one member says nothing about the next one.
            self._sections, self._inside = SectionPath(), page.inside
        segments = [inner for segment in self._sections.segments(page) if (inner := _within(segment, body)) is not None]
        title = _title(self._document_title, page.inside)
        cut = _PageChunker(title, page, self._counter, self._options).passages(segments)
        first, self._count = self._count, self._count + len(cut)
        return [replace(passage, ordinal=first + place) for place, passage in enumerate(cut)]


def _title(document: str, inside: tuple[str, ...]) -> str:
    """Return what a page's passages are of: the document and, in it, the member with the container around it."""
    return " › ".join([document, *(PurePosixPath(name).stem for name in inside[-2:])])


def _within(segment: Segment, span: Span) -> Segment | None:
    start, end = max(segment.start, span[0]), min(segment.end, span[1])
    return Segment(start, end, segment.section) if start < end else None


@dataclass(frozen=True)
class _Piece:
    start: int
    end: int
    context: str
    section: str


class _PageChunker:
    """Cuts one page; positions are offsets in its text, sizes are tokens."""

    def __init__(self, title: str, page: Page, counter: TokenCounter, options: ChunkingOptions) -> None:
        self._title = title
        self._page = page
        self._counter = counter
        self._options = options
        self._starts: Starts = counter.starts(page.text)
        self._anchors: list[int] = []
        self._boundaries: Boundaries

    def passages(self, segments: list[Segment]) -> list[Passage]:
        distance = _ANCHOR_DISTANCE * self._options.limit
        self._anchors = find_anchors(self._page.text, self._beginnings(segments), self._starts, distance)
        self._boundaries = find_boundaries(self._page.text, self._anchors)
        groups = self._grouped([part for segment in segments for part in self._parted(segment)])
        spans = [span for group in groups for span in self._cut(group)]
        return self._measured([trimmed for span in spans if (trimmed := self._trimmed(span)) is not None])

    def _size(self, start: int, end: int) -> int:
        return int(self._starts.searchsorted(end) - self._starts.searchsorted(start))

    def _beginnings(self, segments: list[Segment]) -> list[int]:
        """Return where sections begin, but for those right below another heading, which must stay with it."""
        return [
            segment.start
            for above, segment in pairwise(segments)
            if self._size(above.start, above.end) > _HEADING_ONLY_TOKENS
        ]

    def _parted(self, segment: Segment) -> Iterator[Segment]:
        inner = self._anchors[bisect_right(self._anchors, segment.start) : bisect_left(self._anchors, segment.end)]
        for start, end in pairwise([segment.start, *inner, segment.end]):
            yield Segment(start, end, segment.section)

    def _grouped(self, segments: list[Segment]) -> list[Segment]:
        """Merge stretches that are too small to stand alone with their neighbours."""
        groups: list[Segment] = []
        for segment in segments:
            if groups and self._belong_together(groups[-1], segment):
                groups[-1] = self._joined(groups[-1], segment)
            else:
                groups.append(segment)
        return groups

    def _belong_together(self, first: Segment, second: Segment) -> bool:
        if self._is_anchor(second.start):
            return False
        sizes = self._size(first.start, first.end), self._size(second.start, second.end)
        if sizes[0] <= _HEADING_ONLY_TOKENS:
            return True
        fits = sum(sizes) <= self._options.limit - self._options.limit // _CONTEXT_SHARE
        return fits and min(sizes) < _MIN_TOKENS

    def _is_anchor(self, position: int) -> bool:
        at = bisect_left(self._anchors, position)
        return at < len(self._anchors) and self._anchors[at] == position

    def _joined(self, first: Segment, second: Segment) -> Segment:
        larger = max(first, second, key=lambda segment: self._size(segment.start, segment.end))
        return Segment(first.start, second.end, larger.section)

    def _cut(self, group: Segment) -> Iterator[_Piece]:
        context, context_size = self._context(group.section)
        limit = self._options.limit - context_size
        start = group.start
        while start < group.end:
            end = self._next_cut(start, group.end, limit)
            yield _Piece(start, end, context, group.section)
            start = end

    def _next_cut(self, start: int, end: int, limit: int) -> int:
        """Return where the passage that begins at `start` ends: at the best boundary near an equal share."""
        size = self._size(start, end)
        furthest = self._reach(start, end, limit)
        if furthest >= end:
            return end
        parts = max(2, -(-size // limit))
        aim = size / parts
        first = int(self._starts.searchsorted(start))
        nearest = self._token_start(first + max(1, int(0.6 * aim)), furthest)
        low = int(self._boundaries.positions.searchsorted(min(nearest, furthest), "left"))
        high = int(self._boundaries.positions.searchsorted(furthest, "right"))
        if low >= high:
            low = int(self._boundaries.positions.searchsorted(start, "right"))
        if low >= high:
            return furthest
        positions = self._boundaries.positions[low:high]
        sizes = self._starts.searchsorted(positions) - first
        scores = self._boundaries.strengths[low:high] - 2.0 * abs(sizes - aim) / max(aim, 1.0)
        return int(positions[int(scores.argmax())])

    def _reach(self, start: int, end: int, limit: int) -> int:
        """Return the furthest end of a passage from `start` within both limits, tokens and characters."""
        first = int(self._starts.searchsorted(start))
        by_tokens = self._token_start(first + limit, end)
        return max(start + 1, min(end, by_tokens, start + limit * _CHARACTERS_PER_TOKEN))

    def _token_start(self, token: int, end: int) -> int:
        return min(end, int(self._starts[token])) if token < len(self._starts) else end

    def _context(self, section: str) -> tuple[str, int]:
        kind = self._options.context
        title = re.sub(r"[\s_]+", " ", self._title).strip() if kind in {"title", "both"} else ""
        parts = [title, section if kind in {"section", "both"} else ""]
        words = " › ".join(filter(None, parts)).split(" ")
        allowed = self._options.limit // _CONTEXT_SHARE
        while words and words[0]:
            context = " ".join(words)
            (size,) = self._counter.counts([context])
            if size <= allowed:
                return context, size
            words.pop()
        return "", 0

    def _trimmed(self, span: _Piece) -> _Piece | None:
        text = self._page.text[span.start : span.end]
        if re.search(r"[^\W_]", text) is None:
            return None
        start = span.start + len(text) - len(text.lstrip())
        return replace(span, start=start, end=start + len(text.strip()))

    def _measured(self, spans: list[_Piece]) -> list[Passage]:
        """Count exactly what the model will read, and halve what a cut made longer than its parts."""
        counts = self._counter.counts([self._embedded(span) for span in spans])
        passages: list[Passage] = []
        for span, count in zip(spans, counts, strict=True):
            if count <= self._options.limit:
                passages.append(self._passage(span, count))
            else:
                passages.extend(self._measured(self._halves(span)))
        return passages

    def _halves(self, span: _Piece) -> list[_Piece]:
        if span.end - span.start < 2:
            return [replace(span, context="")]
        middle = (span.start + span.end) // 2
        positions = self._boundaries.positions
        at = bisect_left(positions, middle)
        if at < len(positions) and positions[at] < span.end:
            middle = int(positions[at])
        halves = [replace(span, end=middle), replace(span, start=middle)]
        return [trimmed for half in halves if (trimmed := self._trimmed(half)) is not None]

    def _embedded(self, span: _Piece) -> str:
        text = self._page.text[span.start : span.end]
        return f"{span.context}\n{text}" if span.context else text

    def _passage(self, span: _Piece, count: int) -> Passage:
        page = self._page
        locator = region(page, span.start, span.end) or locate(page, span.start, span.end)
        return Passage(
            0,
            page.index,
            span.start,
            span.end,
            page.text[span.start : span.end],
            span.section,
            locator,
            span.context,
            count,
        )
