"""What a loader is, and the words that all of them use when a file cannot be read.

A loader is one class with one method; further ones enter by the entry point group `carrel.loaders`. Loaders run in a
parse process, so they may be slow and may crash; what they raise on purpose is a `DocumentError`.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol, runtime_checkable

from rag.errors import DamagedDocument, DocumentError, EmptyDocument, UnreadableFile
from rag.types import LoadedDocument, Page, Skipped

if TYPE_CHECKING:
    from rag.ingestion.loaders.contents import Contents


class Loader(Protocol):
    """Reads one format.

    Attributes:
        name: The format, as in `LoadedDocument.kind`.
        version: Raised whenever the same bytes would give another text; documents of older versions are read again.
        suffixes: File name endings, lower case with the dot.

    A loader of a format that is not text is a `Recogniser` as well. One that reads text by the file's name has
    `reads_text = True`, so that it is never given binary data.
    """

    name: str
    version: int
    suffixes: frozenset[str]

    def load(self, path: Path, password: str | None = None) -> LoadedDocument:
        """Return the document's text; raises `DocumentError`. Called in a parse process."""
        ...


@runtime_checkable
class StreamingLoader(Protocol):
    """A loader whose pages stand for themselves, so that a document of any length is read page by page."""

    def stream(self, path: Path, password: str | None = None) -> tuple[LoadedDocument, Iterator[Page]]:
        """Return the document without its pages, and the pages while they are read; both raise `DocumentError`."""
        ...


@dataclass(frozen=True)
class Member:
    """A file in a file: in an archive, attached to a message or to a PDF. Usable while its container is open.

    Attributes:
        names: What leads to it from the container, as in `Page.inside`: ("lease.pdf",); unique in the container.
        opened: Gives its bytes, as a file that is closed at the end; raises `DocumentError`.
        packed_bytes: What it takes in the container, to tell a bomb by; 0 where that says nothing.
        unpacked_bytes: What the container says that it unpacks to; 0 where it says nothing. Not to be believed.
        chosen: Somebody attached it, so it is looked at whatever its name is; an archive holds all sorts of files.
        file_name: What the file would be called, where the last of `names` says less, by lack of an ending, say.
    """

    names: tuple[str, ...]
    opened: Callable[[], AbstractContextManager[BinaryIO]]
    packed_bytes: int = 0
    unpacked_bytes: int = 0
    chosen: bool = False
    file_name: str = ""


@runtime_checkable
class Container(Protocol):
    """A loader of files that hold other files."""

    def members(self, path: Path, password: str | None = None) -> Iterator[Member | Skipped]:
        """Yield what is in the file, always in the same order; each member is used before the next is asked for."""
        ...


@runtime_checkable
class Recogniser(Protocol):
    """What a loader has besides if it knows its files by what is in them; the others are chosen by the file's name.

    Attributes:
        described_as: What its files are called, with the article: "a Word document".
    """

    described_as: str

    def recognises(self, contents: "Contents") -> bool:
        """Tell whether the file is one of this format. Cheap: bytes at its start, names of members."""
        ...


def loader_identity(loader: Loader) -> str:
    """Return what belongs to each document that the loader has read."""
    return f"{loader.name}-{loader.version}"


def has_words(text: str) -> bool:
    """Tell whether a text holds any letter or digit."""
    return re.search(r"[^\W_]", text) is not None


def readable_title(candidate: str | None, path: Path) -> str:
    """Return a document's own title where it is one, otherwise its file name without ending."""
    title = re.sub(r"\s+", " ", candidate or "").strip()
    words = re.findall(r"[^\W\d_]{2,}", title)
    is_file_name = re.fullmatch(r"\S+\.\w{2,4}", title) or re.match(
        r"(?i)(microsoft word|untitled|document\d*$)", title
    )
    if words and not is_file_name and len(title) <= 200:
        return title
    return path.stem


def empty_document(path: Path) -> EmptyDocument:
    return EmptyDocument(
        f"“{path.name}” contains no text.",
        remedy="Check that it is the right file; there is nothing to read.",
        path=path,
    )


def damaged_document(path: Path, kind: str) -> DamagedDocument:
    return DamagedDocument(
        f"“{path.name}” is damaged: it cannot be read as {kind}.",
        remedy="Open it in the program that made it and save it again, or get a fresh copy.",
        path=path,
    )


def unreadable_file(path: Path, error: OSError) -> DocumentError:
    """Word a refusal of the operating system: permission, vanished file, broken disk."""
    if isinstance(error, PermissionError):
        return UnreadableFile(
            f"“{path.name}” may not be read: permission denied.",
            remedy="Give yourself permission to read the file, then try again.",
            path=path,
        )
    if isinstance(error, FileNotFoundError):
        return UnreadableFile(
            f"“{path.name}” is not there any more.",
            remedy="Bring the file back or remove it from the collection.",
            path=path,
        )
    reason = error.strerror or type(error).__name__
    return UnreadableFile(
        f"“{path.name}” cannot be read: {reason}.",
        remedy="Check that its disk is connected and whole, then try again.",
        path=path,
    )
