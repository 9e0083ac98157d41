"""What is told of a file that could not be read, or only in part."""

from collections.abc import Sequence
from pathlib import Path

from inference.api import KnownError
from rag.errors import DamagedDocument, DocumentError, ReadingTimedOut
from rag.ingestion.loaders.base import damaged_document, unreadable_file
from rag.types import FileProblem, PageKind

_MOST_PAGES_NAMED = 12


def problem_of(error: KnownError, path: Path) -> FileProblem:
    """Return an error's facts, to be kept with its file."""
    return FileProblem(error.code, error.message, error.remedy, error.path or path)


def partial_problem(path: Path, pages: Sequence[tuple[str | None, PageKind]]) -> FileProblem | None:
    """Return what is missing of a document that was read, naming the pages; None if nothing is.

    Args:
        path: The file, for its name.
        pages: Label and kind of each page.
    """
    scanned = [str(label) for label, kind in pages if kind == "scanned"]
    failed = [str(label) for label, kind in pages if kind == "failed"]
    if scanned:
        need = "needs" if len(scanned) == 1 else "need"
        also = f" {_named(failed)} could not be read at all." if failed else ""
        return FileProblem(
            "document_scanned_pages",
            f"“{path.name}” was read in part: {_named(scanned).lower()} {need} text recognition (OCR).{also}",
            "Run it through a text recognition program and add the result.",
            path,
        )
    if failed:
        return FileProblem(
            "document_damaged_pages",
            f"“{path.name}” was read in part: {_named(failed).lower()} could not be read.",
            "Open it in another program and save it again, or get a fresh copy.",
            path,
        )
    return None


def _named(labels: Sequence[str]) -> str:
    if len(labels) == 1:
        return f"Page {labels[0]}"
    shown = ", ".join(_ranges(labels)[:_MOST_PAGES_NAMED])
    more = "" if len(_ranges(labels)) <= _MOST_PAGES_NAMED else " and more"
    return f"Pages {shown}{more}"


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
