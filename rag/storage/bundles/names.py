"""Names of files in a bundle: from the collection's folders down, so that nothing tells whose computer it was."""

import getpass
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

_WINDOWS_RESERVED = frozenset('<>:"\\|?*')
_WINDOWS_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{kind}{n}" for kind in ("com", "lpt") for n in range(10))}
)


def bundle_names(paths: Sequence[Path], roots: Sequence[Path], taken: Iterable[str] = ()) -> dict[Path, str]:
    """Return a name for each path, with "/" between its parts: below its root; all names differ.

    Where a collection has several folders, each name begins with its folder's, unless that would tell the user's.
    """
    labels = _labels(roots, [path for path in paths if path not in roots])
    names: dict[Path, str] = {}
    used = set(taken)
    for path in paths:
        root = max((each for each in roots if each in path.parents), key=lambda each: len(each.parts), default=None)
        inner = path.name if root is None else "/".join(_below(path, root))
        label = "" if root is None else labels[root]
        name = _untaken(f"{label}/{inner}" if label else inner, used)
        used.add(name)
        names[path] = name
    return names


def local_path(folder: Path, name: str, *, windows: bool = os.name == "nt") -> Path:
    """Return where a file of this (safe) name lies below a folder; on Windows without what its names may not have."""
    parts = name.split("/")
    return folder.joinpath(*(_windows_part(part) for part in parts) if windows else parts)


def _below(path: Path, root: Path) -> tuple[str, ...]:
    home = Path.home()
    if root in home.parents and home in path.parents:
        return ("Home", *path.relative_to(home).parts)
    return path.relative_to(root).parts


def folder_labels(roots: Sequence[Path]) -> list[str]:
    """Return a name for each folder, all different; none is the user's own."""
    private = {Path.home().name.casefold(), _user_name().casefold()}
    labels: list[str] = []
    for number, root in enumerate(roots, 1):
        tells = not root.name or root.name.casefold() in private
        labels.append(_untaken(f"Folder {number}" if tells else root.name, set(labels)))
    return labels


def _labels(roots: Sequence[Path], inner: Sequence[Path]) -> dict[Path, str]:
    used = [root for root in roots if any(root in path.parents for path in inner)]
    if len(used) < 2:
        return dict.fromkeys(used, "")
    return dict(zip(used, folder_labels(used), strict=True))


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def _untaken(name: str, taken: set[str]) -> str:
    candidate, number = name, 2
    while candidate in taken:
        folder, slash, last = name.rpartition("/")
        stem, dot, ending = last.rpartition(".")
        numbered = f"{stem} ({number}){dot}{ending}" if stem else f"{last} ({number})"
        candidate, number = f"{folder}{slash}{numbered}", number + 1
    return candidate


def _windows_part(part: str) -> str:
    cleaned = "".join("_" if sign in _WINDOWS_RESERVED or sign < " " else sign for sign in part).rstrip(". ") or "_"
    return f"_{cleaned}" if cleaned.split(".")[0].lower() in _WINDOWS_DEVICES else cleaned
