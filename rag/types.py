"""The values that flow between ingestion, storage, answering and the faces.

Two streams meet here and in storage: documents flow down as `LoadedDocument` and `Passage`, questions flow up as
`Retrieval` and `Answer`. Everything is frozen, so it crosses threads and processes as it is.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

LocatorKind = Literal["page", "slide", "cells", "chapter", "lines", "paragraph", "message", "region"]
PageKind = Literal["text", "ocr", "empty", "scanned", "failed"]
CollectionKind = Literal["user", "sample", "adhoc"]
FileState = Literal["queued", "reading", "searchable", "ready", "failed", "cancelled"]
RemovalKind = Literal["file", "collection"]
MessageState = Literal["complete", "streaming", "interrupted", "failed"]
Outcome = Literal["answered", "not_found", "interrupted"]


# --- Documents, on their way down -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Locator:
    """Where in its document a passage stands, in the terms of its format: page "4", lines "12-18", paragraph "3"."""

    kind: LocatorKind
    value: str


@dataclass(frozen=True)
class Heading:
    """A heading inside a page's text: `text[start:end]` is its line; level 1 is the outermost.

    Without a title it is no heading, only a place where text is parted: where a block of table rows begins or ends.
    """

    start: int
    end: int
    level: int
    title: str


@dataclass(frozen=True)
class Page:
    """One page of a document as it was read; a format without pages is a single one whose `number` is None.

    Attributes:
        index: Position in the document, from 0.
        number: Page counted from 1, or None where the format has no pages.
        label: What is printed on the page ("iv"), where it is known; the number as text where pages have no labels.
        text: The extracted text; passages are exact substrings of it.
        kind: `text`, `ocr` (a picture of text that was recognised), `empty` (nothing on it), `scanned` (a picture of
            text that waits for recognition), `failed` (could not be read).
        locator_kind: How passages of this page are located.
        unit_starts: Offsets in `text` where its lines, paragraphs or table rows start; for "lines", "paragraph" and
            "cells".
        headings: Headings found in the text, in order.
        boxes: Character boxes, as packed by `rag.ingestion.boxes`; empty where the format has none.
        width: Points, 0 where unknown.
        height: Points, 0 where unknown.
        note: Why the page has no text, or doubtful text, in plain words.
        inside: The members on the way from the file to this page: ("letters.zip", "lease.pdf") for a page of a PDF in
            an archive in this file; empty for the file itself. `number` and `label` count within the innermost member.
        confidence: How sure text recognition was, 0 to 1; None for text that was not recognised.
        unit_numbers: The number of each unit, where they are not 1, 2, 3 and so on: rows of a sheet, say. 0 is a unit
            without a place of its own, such as a header row that is repeated for its rows.
        locator_template: The locator with {first} and {last} for the numbers of units: "Costs!A{first}:F{last}".
    """

    index: int
    number: int | None
    label: str | None
    text: str
    kind: PageKind = "text"
    locator_kind: LocatorKind = "page"
    unit_starts: tuple[int, ...] = ()
    headings: tuple[Heading, ...] = ()
    boxes: bytes = b""
    width: float = 0.0
    height: float = 0.0
    note: str = ""
    inside: tuple[str, ...] = ()
    confidence: float | None = None
    unit_numbers: tuple[int, ...] = ()
    locator_template: str = ""


@dataclass(frozen=True)
class Skipped:
    """A part of a file that was left out on purpose or could not be opened: a member, a macro, a hidden sheet."""

    name: str
    reason: str
    inside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Passage:
    """A stretch of one page, no longer than the embedding model reads.

    Attributes:
        ordinal: Position in the document, from 0.
        page_index: The page it stands on, from 0.
        start: Offset of its first character in the page's text.
        end: Offset behind its last character.
        text: `page.text[start:end]`.
        section: Path of headings above it, "Part II › Deposits", or empty.
        locator: Where it stands, in the terms of its format.
        context: Words put in front of the text when it is embedded and word-indexed (title, section); may be empty.
        token_count: Tokens of context and text together, as the embedding model counts them.
    """

    ordinal: int
    page_index: int
    start: int
    end: int
    text: str
    section: str
    locator: Locator
    context: str
    token_count: int


@dataclass(frozen=True)
class LoadedDocument:
    """What a loader returns. `kind` is the format ("pdf", "docx", ...); `loader` names it with its version."""

    title: str
    kind: str
    loader: str
    pages: Sequence[Page]
    author: str | None = None
    created: datetime | None = None
    outline: tuple[tuple[int, str, int], ...] = ()
    """Entries (level from 1, title, page index)."""
    skipped: tuple[Skipped, ...] = ()


# --- The library ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FileProblem:
    """Why a file could not be read, or not wholly; the same four facts as a `KnownError`."""

    code: str
    message: str
    remedy: str
    path: Path | None = None


@dataclass(frozen=True)
class Collection:
    id: int
    name: str
    kind: CollectionKind
    created_at: datetime
    files: int = 0
    ready_files: int = 0
    failed_files: int = 0
    passages: int = 0


@dataclass(frozen=True)
class FileRow:
    """A file of a collection, which is its durable job as well.

    `document_id` is None until its text is stored; `problem` is set when it failed, and also when it was read in part.
    `accepted` means that the user knows of the problem and wants to hear no more of it.
    """

    id: int
    collection_id: int
    path: Path
    size: int
    mtime_ns: int
    sha256: str | None
    state: FileState
    document_id: int | None
    problem: FileProblem | None = None
    accepted: bool = False


@dataclass(frozen=True)
class FolderRules:
    """Which files of a collection's folders are read, beside what `.carrelignore` files say.

    A file or folder that was added by name is read whatever the rules say of itself.

    Attributes:
        patterns: Further lines with the syntax of .gitignore, counted from each folder that was added.
        hidden: Whether files and folders whose names begin with a dot are read too.
        max_size_mb: Larger files are left out; None for no limit but the setting for all files.
        suffixes: Only files with these endings (".pdf"); empty for all that can be read.
    """

    patterns: tuple[str, ...] = ()
    hidden: bool = False
    max_size_mb: float | None = None
    suffixes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RootFolder:
    """A folder, or single file, that feeds a collection.

    Attributes:
        offline: It is not there now, or empty as an unplugged disk leaves it; what was read from it stays searchable.
        files: How many files of the collection are in it.
    """

    path: Path
    offline: bool
    files: int


@dataclass(frozen=True)
class Removal:
    """Something that was removed and can come back until `until`, with all that was read.

    Attributes:
        kind: What the user removed.
        name: The file's or collection's name, for the words of "Undo".
        files: How many files went.
    """

    id: int
    kind: RemovalKind
    name: str
    collection_id: int
    removed_at: datetime
    until: datetime
    files: int


@dataclass(frozen=True)
class DocumentRow:
    id: int
    sha256: str
    title: str
    kind: str
    loader: str
    pages: int
    passages: int


@dataclass(frozen=True)
class StoredPassage:
    """A passage as the library keeps it. `id` is its identity everywhere, in the vector index too."""

    id: int
    document_id: int
    document: str
    """The file's name."""
    path: Path
    ordinal: int
    page_index: int
    page: int | None
    page_label: str | None
    start: int
    end: int
    text: str
    section: str
    locator: Locator
    context: str = ""
    inside: tuple[str, ...] = ()


@dataclass(frozen=True)
class StoredPage:
    """A page as the reader needs it; its attributes are those of `Page`."""

    document_id: int
    index: int
    number: int | None
    label: str | None
    text: str
    kind: PageKind
    boxes: bytes
    width: float
    height: float
    note: str = ""
    inside: tuple[str, ...] = ()
    confidence: float | None = None
    locator_kind: LocatorKind = "page"
    unit_starts: tuple[int, ...] = ()
    unit_numbers: tuple[int, ...] = ()
    locator_template: str = ""


# --- Questions, on their way up ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SearchScope:
    """What is searched: collections, and inside them only these documents if `document_ids` is not None."""

    collection_ids: tuple[int, ...]
    document_ids: frozenset[int] | None = None


@dataclass(frozen=True)
class RankedPassage:
    """A search result; higher scores are better. The parts tell how it was found, for the curious and for tuning."""

    rank: int
    score: float
    passage: StoredPassage
    word_score: float = 0.0
    meaning_score: float = 0.0


@dataclass(frozen=True)
class Retrieval:
    """Passages for a question, best first; `relevant` is False when none of them answers to it."""

    question: str
    results: tuple[RankedPassage, ...]
    relevant: bool
    elapsed_ms: float


@dataclass(frozen=True)
class Sentence:
    """A sentence of an answer, `answer[start:end]`, and the sources that it cites."""

    text: str
    start: int
    end: int
    citations: tuple[int, ...] = ()


@dataclass(frozen=True)
class Citation:
    """A source of an answer. The quote outlives the document; the span finds it on its page."""

    n: int
    document: str
    path: Path
    page: int | None
    page_label: str | None
    locator: Locator
    quote: str
    document_id: int | None = None
    page_index: int = 0
    start: int = 0
    end: int = 0
    inside: tuple[str, ...] = ()
    removed: bool = False
    """Its document was removed and every trace of it with it: only the number is left."""


@dataclass(frozen=True)
class Timings:
    retrieve_ms: float
    first_token_ms: float | None = None
    tokens_per_s: float | None = None
    prompt_tokens: int = 0
    cached_tokens: int = 0
    answer_tokens: int = 0


@dataclass(frozen=True)
class Answer:
    question: str
    outcome: Outcome
    text: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    passages: tuple[RankedPassage, ...]
    model: str | None
    timings: Timings
    left_out: tuple[str, ...] = ()
    """What the model was not given, for want of room or because it reads few passages well, in plain words
    ("2 earlier turns", "passages 7-8")."""


@dataclass(frozen=True)
class PassagesFound:
    """Event: what was retrieved, before the first word of the answer."""

    retrieval: Retrieval


@dataclass(frozen=True)
class ReadingPrompt:
    """Event: the model reads; tokens done and in total."""

    done_tokens: int
    total_tokens: int


@dataclass(frozen=True)
class AnswerText:
    """Event: the whole visible answer so far, markers checked. Replaces what was shown before."""

    text: str


@dataclass(frozen=True)
class AnswerDone:
    """Event: the last one of each question."""

    answer: Answer


@dataclass(frozen=True)
class AnswerFailed:
    """Event: the last one instead, when a `KnownError` ended it; the text so far is kept."""

    code: str
    message: str
    remedy: str
    path: Path | None = None


AskEvent = PassagesFound | ReadingPrompt | AnswerText | AnswerDone | AnswerFailed


# --- Chats ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Chat:
    id: int
    title: str
    created_at: datetime
    updated_at: datetime
    collection_ids: tuple[int, ...] = ()
    model: str | None = None


@dataclass(frozen=True)
class ChatMessage:
    """A stored turn. Assistant turns carry what `Answer` carries; `text` keeps its `[n]` markers."""

    id: int
    chat_id: int
    role: Literal["user", "assistant"]
    text: str
    state: MessageState
    created_at: datetime
    outcome: Outcome | None = None
    model: str | None = None
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    passages: tuple[RankedPassage, ...] = ()
    timings: Timings | None = None
    left_out: tuple[str, ...] = ()
    problem: FileProblem | None = None
    prompt_text: str | None = None
    """What the model was really given for this turn (question with its passages), so that the next turn's prompt
    begins with the same text and the model's cache serves it."""


@dataclass(frozen=True)
class Change:
    """Which kinds of things changed, so that each view decides whether to look again."""

    collections: bool = False
    files: frozenset[int] = field(default_factory=frozenset)
    """Collections whose files changed."""
    chats: bool = False
    models: bool = False


def spans_overlap(first: tuple[int, int], second: tuple[int, int]) -> bool:
    """Tell whether two half-open spans share a character."""
    return first[0] < second[1] and second[0] < first[1]


def locate(page: Page, start: int, end: int) -> Locator:
    """Return where `page.text[start:end]` stands: the page's number, or its range of lines, paragraphs or rows."""
    if not page.unit_starts:
        return Locator(page.locator_kind, str(page.number or 1))
    first = max(bisect_right(page.unit_starts, start), 1)
    last = max(bisect_right(page.unit_starts, max(start, end - 1)), first)
    if page.unit_numbers:
        numbers = [number for number in page.unit_numbers[first - 1 : last] if number]
        first, last = (numbers[0], numbers[-1]) if numbers else (1, 1)
    if page.locator_template:
        value = page.locator_template.replace("{first}", str(first)).replace("{last}", str(last))
    else:
        value = str(first) if first == last else f"{first}-{last}"
    return Locator(page.locator_kind, value)
