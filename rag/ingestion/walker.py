"""Finds the files of a folder that are worth reading; what nobody means when dropping a folder is left out.

Paths are plain strings here: making a `Path` for each of 10,000 files takes longer than looking at them.
"""

import logging
import os
import stat
from collections.abc import Callable, Iterator
from operator import attrgetter
from pathlib import Path

from rag.ingestion.selection import IGNORE_FILE, JUNK, Chain, Selection, ignored, is_junk

__all__ = ["FoundFile", "is_gone", "is_junk", "walk"]

log = logging.getLogger(__name__)

FoundFile = tuple[str, int, int]
"""Path, size in bytes, time of the last change in nanoseconds."""
_NAME = attrgetter("name")
OnUnreadable = Callable[[OSError], None]


def walk(
    root: str, selection: Selection, on_unreadable: OnUnreadable, start: str | None = None, *, deep: bool = True
) -> Iterator[FoundFile]:
    """Yield the wanted files below a folder, or the file itself if `root` is one.

    Links are followed, each folder is entered once, so loops end. Folders that cannot be listed go to `on_unreadable`.

    Args:
        root: A folder or file of a collection.
        selection: What is wanted of it.
        on_unreadable: Called with what the system said.
        start: A folder below the root to look at alone.
        deep: Whether to enter the folders in it.
    """
    try:
        top = os.stat(start or root)  # noqa: PTH116
    except OSError as error:
        on_unreadable(error)
        return
    if not stat.S_ISDIR(top.st_mode):
        # A file that was chosen by hand is read whatever its name is.
        if start in (None, root):
            yield root, top.st_size, top.st_mtime_ns
        return
    chain = _chain_above(start, selection) if start else selection.outermost
    if chain is None:
        return
    seen = {(top.st_dev, top.st_ino)}
    folders: list[tuple[str, Chain]] = [(start or root, chain)]
    while folders:
        found, inner = _look_into(*folders.pop(), selection, seen, on_unreadable)
        yield from found
        if deep:
            folders.extend(reversed(inner))


def is_gone(path: str | Path) -> bool:
    """Tell whether a file is not there; what merely cannot be looked at counts as there."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _look_into(
    folder: str, outer: Chain, selection: Selection, seen: set[tuple[int, int]], on_unreadable: OnUnreadable
) -> tuple[list[FoundFile], list[tuple[str, Chain]]]:
    found: list[FoundFile] = []
    inner: list[tuple[str, Chain]] = []
    try:
        with os.scandir(folder) as scanned:
            entries = sorted(scanned, key=_NAME)
        chain = selection.chain_in(folder, outer, has_file=IGNORE_FILE in map(_NAME, entries))
    except OSError as error:
        log.info("cannot list %s: %s", folder, error)
        on_unreadable(error)
        return found, inner
    hidden, wants, by_ending, most_bytes = selection.hidden, selection.wants, selection.by_ending, selection.most_bytes
    for entry in entries:
        name = entry.name
        # In this loop a call for each file is felt: what is usual is asked first.
        if (name[0] in ".~" or name.lower() in JUNK) and is_junk(name, hidden=hidden):
            continue
        try:
            if entry.is_dir():
                if not (chain and ignored(entry.path, chain, is_folder=True)):
                    # On Windows the entry's own numbers lack device and inode, which only folders need.
                    status = os.stat(entry.path)  # noqa: PTH116
                    # Windows may report no inode; its links to folders are rare, and too long a path ends a loop.
                    if status.st_ino == 0 or (status.st_dev, status.st_ino) not in seen:
                        seen.add((status.st_dev, status.st_ino))
                        inner.append((entry.path, chain))
            elif by_ending.get(name[name.rfind(".") :]) or wants(name):
                status = entry.stat()
                if not stat.S_ISREG(status.st_mode) or status.st_size > most_bytes:
                    continue
                if not (chain and ignored(entry.path, chain, is_folder=False)):
                    found.append((entry.path, status.st_size, status.st_mtime_ns))
        except OSError:
            continue  # A link to nowhere, or gone again.
    return found, inner


def _chain_above(start: str, selection: Selection) -> Chain | None:
    """Return the ignore files above a folder; None if it lies in one that is left out."""
    chain, folder = selection.outermost, selection.root
    for name in Path(start).relative_to(selection.root).parts:
        try:
            chain = selection.chain_in(folder, chain)
        except OSError:
            return None
        folder = os.path.join(folder, name)  # noqa: PTH118
        if is_junk(name, hidden=selection.hidden) or ignored(folder, chain, is_folder=True):
            return None
    return chain
