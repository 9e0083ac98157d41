"""What an installed package can add, and what those who write one import: see `docs/plugins.md`.

A package offers a loader by the entry point group `carrel.loaders`, a collection by `carrel.collections`. One that
cannot be used is left out and reported; nothing of it stops the program.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Literal

from rag.errors import DocumentError
from rag.types import Heading, LoadedDocument, Page, Skipped

__all__ = [
    "COLLECTIONS",
    "LOADERS",
    "CollectionPlugin",
    "DocumentError",
    "Heading",
    "LoadedDocument",
    "Page",
    "Plugin",
    "PluginKind",
    "PluginState",
    "Skipped",
    "collection_plugins",
    "describe",
    "offered",
    "opened",
]

log = logging.getLogger(__name__)

LOADERS = "carrel.loaders"
COLLECTIONS = "carrel.collections"

PluginKind = Literal["loader", "collection"]
PluginState = Literal["working", "broken", "removed"]


@dataclass(frozen=True)
class Plugin:
    """Something that an installed package adds.

    Attributes:
        name: What the package calls it.
        package: The package's name.
        version: The package's version.
        state: `removed` is a collection that the user removed while the package stays.
        problem: Why it is not used, if it is broken.
    """

    name: str
    kind: PluginKind
    package: str
    version: str
    state: PluginState
    problem: str | None = None


@dataclass(frozen=True)
class CollectionPlugin:
    """A collection that a package brings: a `.carrel` file, or a folder of documents."""

    key: str
    plugin: Plugin
    name: str
    path: Path | None


def offered(group: str) -> list[EntryPoint]:
    """Return what installed packages offer, in a fixed order."""
    return sorted(entry_points(group=group), key=lambda point: (_package(point)[0], point.name))


def opened(point: EntryPoint) -> tuple[object, str | None]:
    """Import what a package offers; returns it, or None and why it cannot be used."""
    try:
        found = point.load()
        return (found() if isinstance(found, type) else found), None
    except (Exception, SystemExit) as error:  # A stranger's code; whatever it does, the program goes on.
        log.info("the plug-in %s cannot be used", point.name, exc_info=True)
        return None, f"It cannot be loaded: {type(error).__name__}: {error}"


def describe(point: EntryPoint, kind: PluginKind, problem: str | None, state: PluginState = "working") -> Plugin:
    """Return a plug-in as it is reported."""
    return Plugin(point.name, kind, *_package(point), "broken" if problem else state, problem)


def collection_plugins() -> Iterator[CollectionPlugin]:
    """Yield the collections that installed packages bring; `path` is None for one that cannot be used."""
    keys: set[str] = set()
    for point in offered(COLLECTIONS):
        key = f"{_package(point)[0]}:{point.name}"
        found, problem = opened(point)
        name, path = getattr(found, "name", None), getattr(found, "path", None)
        if problem is None:
            problem = _wrong_collection(name, path)
        if key in keys:
            problem = "It has the name of another one of the same package."
        keys.add(key)
        usable = None if problem else Path(str(path))
        yield CollectionPlugin(key, describe(point, "collection", problem), str(name or point.name), usable)


def _wrong_collection(name: object, path: object) -> str | None:
    if not isinstance(name, str) or not name.strip():
        return "It has no name."
    if not isinstance(path, str | Path):
        return "It names no file or folder."
    path = Path(path)
    if not path.is_dir() and not (path.is_file() and path.suffix == ".carrel"):
        return f"“{path}” is no folder of documents, and no .carrel file."
    return None


def _package(point: EntryPoint) -> tuple[str, str]:
    return (point.dist.name, point.dist.version) if point.dist is not None else (point.module, "0")
