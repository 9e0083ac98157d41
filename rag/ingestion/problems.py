"""What is told of a file that could not be read, or only in part."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Protocol

from inference.api import KnownError
from rag.errors import ChangedFile, DamagedDocument, DocumentError, ReadingTimedOut
from rag.ingestion.loaders.base import damaged_document, unreadable_file
from rag.types import FileProblem, PageKind

_MOST_PAGES_NAMED = 12
_MOST_MEMBERS_NAMED = 5
_MOST_REASONS = 3


NO_OCR_REMEDY = (
    "Switch text recognition on (setting ocr_engine), or install an engine: the Python package rapidocr, or Tesseract "
    "with the package tesseract-ocr of your system. The pages are then read by themselves at the next start."
)


class PageFacts(Protocol):
    """What a page says of itself without its text: a `Page`, a `PageReport`."""

    @property
    def label(self) -> str | None: ...

    @property
    def kind(self) -> PageKind: ...

    @property
    def inside(self) -> tuple[str, ...]: ...

    @property
    def note(self) -> str: ...


def problem_of(error: KnownError, path: Path) -> FileProblem:
    """Return an error's facts, to be kept with its file."""
    return FileProblem(error.code, error.message, error.remedy, error.path or path)


def is_locked(problem: FileProblem | None) -> bool:
    """Tell whether a password would help."""
    return problem is not None and problem.code in {"document_encrypted", "document_wrong_password"}


def cancelled_problem(path: Path) -> FileProblem:
    """Return why a file is not read that the user gave up."""
    return FileProblem(
        "reading_cancelled",
        f"“{path.name}” was not read: reading it was given up.",
        "Have it read next, or add its folder again.",
        path,
    )


def partial_problem(path: Path, pages: Iterable[PageFacts], *, waits: bool = False) -> FileProblem | None:
    """Return what is missing of a document that was read, naming pages and the members they are in; None if nothing is.

    Args:
        path: The file, for its name.
        pages: Its pages, in order.
        waits: Pages that are pictures will be recognised soon, which is no problem.
    """
    troubled = [page for page in pages if page.kind in {"scanned", "failed"}]
    scanned = [page for page in troubled if page.kind == "scanned" and not waits]
    failed = [page for page in troubled if page.kind == "failed"]
    if scanned:
        words, several = _named(scanned)
        also = f" {_capital(_named(failed)[0])} could not be read at all.{_why(failed)}" if failed else ""
        return FileProblem(
            "document_scanned_pages",
            f"“{path.name}” was read in part: {words} {'need' if several else 'needs'} text recognition (OCR).{also}",
            NO_OCR_REMEDY,
            path,
        )
    if failed:
        message = f"“{path.name}” was read in part: {_named(failed)[0]} could not be read.{_why(failed)}"
        return FileProblem(*_code_and(message, failed), path)
    return None


def _code_and(message: str, failed: Sequence[PageFacts]) -> tuple[str, str, str]:
    """Return code, message and remedy; members say for themselves what would mend them."""
    if any(page.inside and "password" in page.note for page in failed):
        return "document_encrypted", message, "Enter the password to have all of it read."
    if all(page.inside and page.note for page in failed):
        return "document_damaged_pages", message, "Mend what is named here, then try it again."
    return "document_damaged_pages", message, "Open it in another program and save it again, or get a fresh copy."


def _named(pages: Sequence[PageFacts]) -> tuple[str, bool]:
    """Return the pages in words, "pages 3-5 of lease.pdf and page 2 of letter.pdf", and whether they are several."""
    groups = [(inside, list(group)) for inside, group in groupby(pages, key=lambda page: page.inside)]
    shown = [_of_member(inside, [page.label for page in group]) for inside, group in groups[:_MOST_MEMBERS_NAMED]]
    if len(groups) > _MOST_MEMBERS_NAMED:
        shown.append(f"pages of {len(groups) - _MOST_MEMBERS_NAMED:,} more members")
    words = shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
    return words, len(pages) > 1


def _of_member(inside: tuple[str, ...], labels: Sequence[str | None]) -> str:
    member = " › ".join(inside)
    # A member that could not be read at all is one page that bears its name.
    known = [label for label in labels if label and (not inside or label != inside[-1])]
    if not known:
        return f"“{member}”" if member else "a part without a number"
    ranges = _ranges(known)
    more = "" if len(ranges) <= _MOST_PAGES_NAMED else " and more"
    numbers = f"{'page' if len(known) == 1 else 'pages'} {', '.join(ranges[:_MOST_PAGES_NAMED])}{more}"
    return f"{numbers} of “{member}”" if member else numbers


def _why(pages: Sequence[PageFacts]) -> str:
    """Return the reasons that pages give, each once, as sentences behind a space."""
    notes = dict.fromkeys(page.note.strip() for page in pages if page.note.strip())
    return "".join(f" {note if note[-1] in '.!?' else note + '.'}" for note in list(notes)[:_MOST_REASONS])


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]


def _ranges(labels: Sequence[str]) -> list[str]:
    """Shorten runs of numbers: 3, 4, 5, 9 → 3-5, 9."""
    runs: list[list[str]] = []
    for label in labels:
        if runs and label.isdecimal() and runs[-1][-1].isdecimal() and int(label) == int(runs[-1][-1]) + 1:
            runs[-1].append(label)
        else:
            runs.append([label])
    return [run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]


def too_slow(path: Path, timeout_s: int) -> ReadingTimedOut:
    return ReadingTimedOut(
        f"“{path.name}” was not read: it took longer than {timeout_s} seconds.",
        remedy="Split the file, or raise the setting parse_timeout_s.",
        path=path,
    )


def too_hungry(path: Path, memory_mb: int) -> ReadingTimedOut:
    return ReadingTimedOut(
        f"“{path.name}” was not read: it needed more than {memory_mb} MB of memory.",
        remedy="Split the file, or raise the setting parse_memory_mb.",
        path=path,
    )


def ended_by_system(path: Path) -> ReadingTimedOut:
    return ReadingTimedOut(
        f"“{path.name}” was not read: the system ended its reader, as it does when memory runs out.",
        remedy="Close other programs or split the file, then read it again.",
        path=path,
    )


def changed_file(path: Path) -> ChangedFile:
    return ChangedFile(
        f"“{path.name}” was not read: it changed again and again while it was read.",
        remedy="Read it again when the program that writes it is done.",
        path=path,
    )


def too_large(path: Path, size: int, max_file_mb: int) -> ReadingTimedOut:
    return ReadingTimedOut(
        f"“{path.name}” was not read: it has {size // 1_000_000} MB, and files over {max_file_mb} MB are left out.",
        remedy="Split the file, or raise the setting max_file_mb.",
        path=path,
    )


def crashed_reader(path: Path) -> DamagedDocument:
    return DamagedDocument(
        f"“{path.name}” made its reader stop: it is probably damaged.",
        remedy="Open it in the program that made it and save it again, or get a fresh copy.",
        path=path,
    )


def known_error(error: Exception, path: Path) -> KnownError:
    """Word whatever a parser raised while it read the file."""
    if isinstance(error, KnownError):
        return error
    if isinstance(error, MemoryError):
        return DocumentError(
            f"“{path.name}” needs more memory than there is.",
            remedy="Close other programs or split the file.",
            path=path,
        )
    if isinstance(error, OSError):
        return unreadable_file(path, error)
    if isinstance(error, RecursionError):
        return damaged_document(path, "a document")
    failure = crashed_reader(path)
    failure.message = f"“{path.name}” could not be read: {type(error).__name__}."
    return failure
