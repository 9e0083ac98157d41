"""Finds the files of a folder that are worth reading; what nobody means when dropping a folder is left out."""

import logging
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)

_JUNK_FOLDERS = frozenset(
    {"node_modules", "__pycache__", "__macosx", "$recycle.bin", "system volume information", "venv"}
)
_JUNK_FILES = frozenset({"thumbs.db", "desktop.ini"})
_LOCK_PREFIXES = ("~$", ".~lock")


@dataclass(frozen=True)
class FoundFile:
    path: Path
    size: int
    mtime_ns: int


def walk(root: Path, wanted: Callable[[Path], bool], on_unreadable: Callable[[OSError], None]) -> Iterator[FoundFile]:
    """Yield the wanted files below a folder, or the file itself if `root` is one.

    Links are followed, each folder is entered once, so loops end. Folders that cannot be listed go to `on_unreadable`.
    """
    try:
        top = root.stat()
    except OSError as error:
        on_unreadable(error)
        return
    if not stat.S_ISDIR(top.st_mode):
        # A file that was chosen by hand is read whatever its name is.
        yield FoundFile(root, top.st_size, top.st_mtime_ns)
        return
    seen = {(top.st_dev, top.st_ino)}
    folders = [root]
    while folders:
        inner: list[Path] = []
        for entry in _entries(folders.pop(), on_unreadable):
            status = _entry_status(entry)
            if status is None or is_junk(entry.name):
                continue
            path = Path(entry.path)
            if stat.S_ISDIR(status.st_mode):
                # Windows reports no inode here; its links to folders are rare, and paths get too long to loop forever.
                if status.st_ino == 0 or (status.st_dev, status.st_ino) not in seen:
                    seen.add((status.st_dev, status.st_ino))
                    inner.append(path)
            elif stat.S_ISREG(status.st_mode) and wanted(path):
                yield FoundFile(path, status.st_size, status.st_mtime_ns)
        folders.extend(reversed(inner))


def is_gone(path: Path) -> bool:
    """Tell whether a file is not there; what merely cannot be looked at counts as there."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _entries(folder: Path, on_unreadable: Callable[[OSError], None]) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        log.info("cannot list %s: %s", folder, error)
        on_unreadable(error)
        return []


def is_junk(name: str) -> bool:
    """Tell by its name whether nobody means this file or folder when dropping what is around it."""
    lowered = name.lower()
    return name.startswith((".", *_LOCK_PREFIXES)) or lowered in _JUNK_FOLDERS or lowered in _JUNK_FILES


def _entry_status(entry: "os.DirEntry[str]") -> os.stat_result | None:
    try:
        # On Windows the entry's own numbers lack device and inode, which only folders need.
        return Path(entry.path).stat() if entry.is_dir() else entry.stat()
    except OSError:
        return None
