"""Which files below a folder are read: what `.carrelignore` files, the collection's rules and good sense leave over.

A `.carrelignore` has the syntax of .gitignore and works as that does: one in an inner folder comes before outer ones,
the last line that fits decides, and what lies in an ignored folder cannot be taken back in.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rag.types import FolderRules

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

IGNORE_FILE = ".carrelignore"
_JUNK_FOLDERS = frozenset(
    {"node_modules", "__pycache__", "__macosx", "$recycle.bin", "system volume information", "venv"}
)
_JUNK_FILES = frozenset({"thumbs.db", "desktop.ini"})
_HIDDEN_JUNK = frozenset({".git", ".hg", ".svn", ".ds_store", ".trash", IGNORE_FILE})
_LOCK_PREFIXES = ("~$", ".~lock")
JUNK = _JUNK_FOLDERS | _JUNK_FILES | _HIDDEN_JUNK

Chain = tuple[tuple[str, "GitIgnoreSpec"], ...]
"""The ignore files that count in a folder, the innermost last, each with the folder that it stands in."""


def is_junk(name: str, *, hidden: bool = False) -> bool:
    """Tell by its name whether nobody means this file or folder when dropping what is around it."""
    if not hidden and name.startswith("."):
        return True
    return name.startswith(_LOCK_PREFIXES) or name.lower() in JUNK


class Selection:
    """What is wanted below one root of a collection. Used by one thread.

    Attributes:
        hidden: Whether names that begin with a dot are taken.
        most_bytes: Larger files are left out.
        by_ending: For endings that were seen, in lower case with their dot, whether such files are wanted.
    """

    def __init__(self, root: str, rules: FolderRules, wanted: Callable[[Path], bool]) -> None:
        self.root = root
        self.hidden = rules.hidden
        self.most_bytes = float("inf") if rules.max_size_mb is None else rules.max_size_mb * 1_000_000
        self._suffixes = frozenset(suffix.lower() for suffix in rules.suffixes)
        self._wanted = wanted
        self.by_ending: dict[str, bool] = {}
        self.outermost: Chain = ((root, _spec(rules.patterns)),) if rules.patterns else ()

    def wants(self, name: str) -> bool:
        """Tell whether a file of this name is a document of the wanted kinds; quick for endings that were seen."""
        stem, dot, ending = name.rpartition(".")
        key = dot + ending.lower() if stem and ending else name.lower()
        known = self.by_ending.get(key)
        if known is None:
            known = self._wanted(Path(name)) and (not self._suffixes or Path(name).suffix.lower() in self._suffixes)
            self.by_ending[key] = known
        return known

    def chain_in(self, folder: str, outer: Chain, *, has_file: bool = True) -> Chain:
        """Return the ignore files that count in a folder; raises `OSError` if its own cannot be read."""
        if not has_file:
            return outer
        try:
            text = Path(folder, IGNORE_FILE).read_text("utf-8", "replace")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return outer
        return (*outer, (folder, _spec(text.splitlines())))

    def takes(self, path: str, *, any_kind: bool = False) -> bool:
        """Tell whether a file that is there would be found below the root; with `any_kind`, if its kind were wanted."""
        if path == self.root:
            return True
        parts = Path(path).relative_to(self.root).parts
        folder, chain = self.root, self.outermost
        for number, name in enumerate(parts):
            try:
                chain = self.chain_in(folder, chain)
            except OSError:
                return True  # Nobody knows; it stays.
            is_folder = number < len(parts) - 1
            folder = os.path.join(folder, name)  # noqa: PTH118 - as the walk makes its paths.
            if is_junk(name, hidden=self.hidden) or ignored(folder, chain, is_folder=is_folder):
                return False
        return (any_kind or self.wants(parts[-1])) and _size(path) <= self.most_bytes


def ignored(path: str, chain: Chain, *, is_folder: bool) -> bool:
    """Tell whether the ignore files leave out a file or folder."""
    for folder, spec in reversed(chain):
        inner = path[len(folder) :].lstrip(os.sep).replace(os.sep, "/")
        verdict = spec.check_file(f"{inner}/" if is_folder else inner).include
        if verdict is not None:
            return verdict
    return False


def _spec(lines: Sequence[str]) -> "GitIgnoreSpec":
    from pathspec import GitIgnoreSpec

    good: list[str] = []
    for line in lines:
        try:
            GitIgnoreSpec.from_lines([line])
        except ValueError:
            continue  # As git does: a line that makes no sense leaves nothing out.
        good.append(line)
    return GitIgnoreSpec.from_lines(good)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116
    except OSError:
        return 0
