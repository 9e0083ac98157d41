"""A collection as one file, as values: what was written, what was stored, and where a collection came from."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

ExchangeStage = Literal["writing", "copying", "checking", "storing"]
AttachedState = Literal["current", "newer", "older", "away", "unusable"]


@dataclass(frozen=True)
class ExchangeProgress:
    """How far an export or import is; `done` and `total` are bytes or documents of this stage."""

    stage: ExchangeStage
    done: int
    total: int


@dataclass(frozen=True)
class ExportReport:
    """What was written.

    Attributes:
        digest: SHA-256 over all that the file holds.
        fingerprint: Its beginning, as two people compare it by eye.
        revision: Raised with each export that holds something new.
        left_out: Names of files that have no text yet, or could not be read.
        originals: How many files were taken along as they are.
        originals_missing: Names of files that are away, or no longer what was read.
    """

    path: Path
    name: str
    revision: int
    digest: str
    fingerprint: str
    size: int
    files: int
    documents: int
    passages: int
    vectors: int
    originals: int
    left_out: tuple[str, ...] = ()
    originals_missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImportReport:
    """What became of an import.

    Attributes:
        collection_id: The collection, new or brought up to date.
        updated: It was there already.
        added: Files that are new.
        changed: Files whose text is another one.
        removed: Files that left.
        unchanged: Files that were there as they are.
        same_model: Whether the file's vectors are of the embedding model in use; if not, they are computed anew in the
            background. None where the model in use does not load.
        left_out: How many files of the collection had no text to take along when it was written.
    """

    collection_id: int
    name: str
    path: Path
    revision: int
    digest: str
    fingerprint: str
    updated: bool
    files: int
    passages: int
    added: int
    changed: int
    removed: int
    unchanged: int
    originals: int
    same_model: bool | None
    left_out: int


@dataclass(frozen=True)
class Attachment:
    """Where a collection came from.

    Attributes:
        bundle_id: The same for all revisions of the file.
        revision: 0 until all of it is stored for the first time.
        path: The file that it was last read from; it need not be there any more.
        plugin: The installed package that brings the collection, if one does.
        incoming: The digest of the file that is being stored just now, if one is.
    """

    collection_id: int
    bundle_id: str
    revision: int
    digest: str
    path: Path
    plugin: str | None
    incoming: str | None
    imported_at: datetime


@dataclass(frozen=True)
class BundleSummary:
    """What a `.carrel` file says of itself, before anything is read from it."""

    path: Path
    name: str
    revision: int
    created: datetime
    digest: str
    fingerprint: str
    program: str
    files: int
    passages: int
    originals: int
    embedder: str
