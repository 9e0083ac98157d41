"""Loaders of installed packages, each behind a guard: whatever one does wrong costs it, or one file.

A loader that cannot be imported, is none, or has the name of another one is left out. What one raises while it reads
becomes the problem of that file, with the package named, and what it returns is checked and signed with its name and
version, so that its documents are read again when the version changes.
"""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from inference.api import KnownError
from rag.errors import DocumentError
from rag.ingestion.loaders.base import Loader, Recogniser, loader_identity
from rag.plugins import LOADERS, Plugin, describe, offered, opened
from rag.types import LoadedDocument, Page

if TYPE_CHECKING:
    from rag.ingestion.loaders.contents import Contents


class PluginFailed(DocumentError):
    """The loader of an installed package failed on a file, or returned what is no document."""

    code = "plugin_failed"


class GuardedLoader:
    """A loader of an installed package."""

    def __init__(self, loader: Loader, plugin: Plugin) -> None:
        self._loader = loader
        self._plugin = plugin
        self.name = loader.name
        self.version = loader.version
        self.suffixes = frozenset(loader.suffixes)
        self.reads_text = bool(getattr(loader, "reads_text", False))

    def load(self, path: Path, password: str | None = None) -> LoadedDocument:
        """Return the document, signed with this loader; raises `DocumentError`."""
        try:
            document = self._loader.load(path, password)
        except (KnownError, OSError, MemoryError):
            raise
        except Exception as exc:
            raise self._failed(path, f"{type(exc).__name__}: {exc}") from exc
        if not _is_document(document):
            raise self._failed(path, "it returned no document")
        return replace(document, kind=self.name, loader=loader_identity(self))

    def _failed(self, path: Path, why: str) -> PluginFailed:
        plugin = self._plugin
        return PluginFailed(
            f"“{path.name}” was not read: the plug-in {plugin.package} {plugin.version} failed ({why[:300]}).",
            remedy=f"Update {plugin.package}, or uninstall it to have the file read without it; then read it again.",
            path=path,
        )


class GuardedRecogniser(GuardedLoader):
    """A loader of an installed package that knows its files by what is in them."""

    def __init__(self, loader: Loader, plugin: Plugin) -> None:
        super().__init__(loader, plugin)
        self._recogniser = cast("Recogniser", loader)
        self.described_as = str(self._recogniser.described_as)

    def recognises(self, contents: "Contents") -> bool:
        try:
            return bool(self._recogniser.recognises(contents))
        except Exception:  # noqa: BLE001 - a stranger's code: the file is left to the other loaders.
            return False


def plugin_loaders(taken: Collection[str]) -> tuple[list[Loader], list[Plugin]]:
    """Return the loaders of installed packages that can be used, and what is to be said of all of them.

    Args:
        taken: Names of the loaders that the program has itself.
    """
    loaders: list[Loader] = []
    plugins: list[Plugin] = []
    for point in offered(LOADERS):
        found, problem = opened(point)
        names = {*taken, *(loader.name for loader in loaders)}
        problem = problem or _wrong_loader(found, names)
        plugin = describe(point, "loader", problem)
        plugins.append(plugin)
        if problem is None:
            loader = cast("Loader", found)
            loaders.append((GuardedRecogniser if isinstance(loader, Recogniser) else GuardedLoader)(loader, plugin))
    return loaders, plugins


def _wrong_loader(loader: object, taken: Collection[str]) -> str | None:
    """Return why an object is no loader that can be used, if so."""
    name, version = getattr(loader, "name", None), getattr(loader, "version", None)
    suffixes = getattr(loader, "suffixes", None)
    if not isinstance(name, str) or not name:
        return "It has no name."
    if name in taken:
        return f"There is a reader named {name!r} already."
    if isinstance(version, bool) or not isinstance(version, int):
        return "Its version is no whole number."
    if not isinstance(suffixes, frozenset | set | tuple | list) or not all(map(_is_suffix, suffixes)):
        return "Its suffixes are not file name endings in lower case, with the dot."
    if not callable(getattr(loader, "load", None)):
        return "It has no method named load."
    return None


def _is_suffix(value: object) -> bool:
    return isinstance(value, str) and len(value) > 1 and value.startswith(".") and value == value.lower()


def _is_document(document: object) -> bool:
    return (
        isinstance(document, LoadedDocument)
        and isinstance(document.title, str)
        and isinstance(document.pages, tuple)
        and all(isinstance(page, Page) and isinstance(page.text, str) for page in document.pages)
        and [page.index for page in document.pages] == list(range(len(document.pages)))
    )
