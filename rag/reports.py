"""What was read, what was not, and what is being done about it: reports, the queue and progress, as values."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rag.types import FileProblem, FileRow, PageKind, Skipped

JobStage = Literal["waiting", "reading", "recognising", "embedding"]


@dataclass(frozen=True)
class PageReport:
    """One page on the map of a document.

    Attributes:
        index: Position in the document, from 0.
        number: Page counted from 1 within its member, or None where the format has no pages.
        label: What is printed on the page, or the sheet's, chapter's or subject's name.
        inside: The members on the way to it; empty for the file's own pages.
        confidence: How sure text recognition was, 0 to 1; None for text that was not recognised.
        note: Why it has no text, or doubtful text.
        passages: How many passages stand on it.
    """

    index: int
    number: int | None
    label: str | None
    kind: PageKind
    inside: tuple[str, ...]
    confidence: float | None
    note: str
    passages: int


@dataclass(frozen=True)
class DocumentReport:
    """All that is known of how one file was read.

    Attributes:
        file: The file and its state.
        title: The document's title, or the file's name while nothing is read.
        kind: The format, "" while nothing is read.
        pages: The map; empty while nothing is read.
        skipped: Parts that were left out, with reasons.
        passages: How many passages the document has.
        embedded: How many of them can be found by meaning.
        same_as: Other files of the library with the same bytes.
    """

    file: FileRow
    title: str
    kind: str
    pages: tuple[PageReport, ...]
    skipped: tuple[Skipped, ...]
    passages: int
    embedded: int
    same_as: tuple[Path, ...] = ()

    @property
    def can_be_asked(self) -> bool:
        """Whether at least a part of it is found by questions now."""
        return self.passages > 0


@dataclass(frozen=True)
class UnreadFile:
    """A file, or a folder, that could not be read, or only in part."""

    path: Path
    problem: FileProblem
    in_part: bool = False


@dataclass(frozen=True)
class CollectionReport:
    """How a collection was read; `name` is None for the whole library.

    Attributes:
        pending: Documents that are not ready yet.
        failed: What could not be read, or only in part.
        pages_by_kind: How many pages there are of each kind, every kind named.
    """

    name: str | None
    documents: int
    pages: int
    passages: int
    pending: int
    failed: tuple[UnreadFile, ...]
    pages_by_kind: dict[PageKind, int]


@dataclass(frozen=True)
class IndexingJob:
    """One file that is being worked on or waits, in the order in which work is done.

    Attributes:
        done: Pages or passages that are done in this stage; 0 while unknown.
        total: Pages or passages of this stage; 0 while unknown.
        can_be_asked: Its text is found by questions already.
    """

    file: FileRow
    stage: JobStage
    done: int = 0
    total: int = 0
    can_be_asked: bool = False


@dataclass(frozen=True)
class IndexingProgress:
    """How far a collection (or all of them, `collection_id` None) is; `seconds_left` is measured, None if unknown."""

    collection_id: int | None
    files_total: int
    files_searchable: int
    files_ready: int
    files_failed: int
    passages_total: int
    passages_embedded: int
    current: str | None
    paused: bool
    seconds_left: float | None
    held: bool = False
    """It waits until the computer is plugged in, as the setting `on_battery` says."""
    pages_to_recognise: int = 0
    """Pages that are pictures and wait for text recognition."""

    @property
    def running(self) -> bool:
        return self.files_ready + self.files_failed < self.files_total


@dataclass(frozen=True)
class IndexChangeProgress:
    """How far a new index is, for another embedding model or other passages; the old one answers meanwhile.

    Attributes:
        embedding_model: The model of the new index.
        passage_tokens: Its longest passage.
        documents_done: Documents that are cut anew, of `documents_total`.
        passages_done: Passages that are embedded, of `passages_total`: of those documents that are cut so far.
        problem: Why it does not go on, with the remedy.
    """

    embedding_model: str
    passage_tokens: int
    documents_done: int
    documents_total: int
    passages_done: int
    passages_total: int
    problem: str | None = None
