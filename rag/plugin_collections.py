"""Keeps the collections that installed packages bring equal to what is installed: they come and go with their package.

A package brings a `.carrel` file, which is stored once and again when a newer one comes, or a folder of documents,
which is read like any other. A collection that the user removed does not come back while its package stays.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from inference.api import KnownError
from rag.bundles import ImportReport
from rag.errors import CollectionExists
from rag.ingestion.ingestor import Ingestor
from rag.plugins import CollectionPlugin, Plugin, PluginState, collection_plugins
from rag.storage.bundles.archive import summary
from rag.storage.library import Library
from rag.storage.library_attachments import PLUGIN_KEY
from rag.types import Change

log = logging.getLogger(__name__)

_SEEN = "plugin collections"
"""Under which the library remembers what was brought once."""


class StoreBundle(Protocol):
    """Stores a `.carrel` file as the collection with this key; see `Exchange.store`."""

    def __call__(self, path: Path, *, name: str | None, key: str | None) -> ImportReport: ...


class PluginCollections:
    """The collections of installed packages; `bring` on one thread, the rest on any.

    Attributes:
        plugins: What is to be said of each package's collection; empty until `bring` was here.
    """

    def __init__(
        self, library: Library, ingestor: Ingestor, store: StoreBundle, on_change: Callable[[Change], None]
    ) -> None:
        self._library = library
        self._ingestor = ingestor
        self._store = store
        self._on_change = on_change
        self.plugins: tuple[Plugin, ...] = ()

    def bring(self, stopped: Callable[[], bool]) -> None:
        """Add what is new, bring up to date what is there, and take away what is not installed any more."""
        offered = list(collection_plugins())
        present = self._library.plugin_collections()
        installed = {PLUGIN_KEY + each.key for each in offered}
        for key, collection_id in present.items():
            if key not in installed:
                log.info("the plug-in of %s is gone", key)
                self._ingestor.detach_collection(collection_id)
                self._on_change(Change(collections=True, files=frozenset({collection_id}), chats=True))
        seen = self._seen() & installed
        told = []
        for each in offered:
            if stopped():
                return
            told.append(self._brought(each, present.get(PLUGIN_KEY + each.key), seen))
        self.plugins = tuple(told)
        self._library.remember(_SEEN, sorted(seen | set(self._library.plugin_collections())))

    def _seen(self) -> set[str]:
        known = self._library.remembered(_SEEN)
        return set(map(str, known)) if isinstance(known, list) else set()

    def _brought(self, offered: CollectionPlugin, present: int | None, seen: set[str]) -> Plugin:
        plugin, key = offered.plugin, PLUGIN_KEY + offered.key
        if offered.path is None:
            return plugin
        if present is None and key in seen:
            return _with(plugin, "removed")
        try:
            if offered.path.is_dir():
                self._bring_folder(offered, present, key)
            elif present is None or self._is_other(offered.path, present):
                self._store(offered.path, name=None, key=key)
        except KnownError as error:
            log.info("the collection of %s cannot be used: %s", plugin.package, error.message)
            return _with(plugin, "broken", f"{error.message} {error.remedy}")
        return plugin

    def _bring_folder(self, offered: CollectionPlugin, present: int | None, key: str) -> None:
        assert offered.path is not None
        if present is None:
            present = self._created(offered.name, key)
            self._on_change(Change(collections=True))
        for root in self._library.roots(present):
            if root != offered.path:
                self._library.remove_root(present, root)
        self._ingestor.add_paths(present, [offered.path])

    def _created(self, name: str, key: str) -> int:
        candidate, number = name, 2
        while True:
            try:
                return self._library.create_collection(candidate, key=key).id
            except CollectionExists:
                candidate, number = f"{name} ({number})", number + 1

    def _is_other(self, path: Path, collection_id: int) -> bool:
        """Tell whether a package now brings another file than the one that is stored."""
        attachment = self._library.attachment(collection_id)
        return attachment is None or summary(path).digest != attachment.digest


def _with(plugin: Plugin, state: PluginState, problem: str | None = None) -> Plugin:
    return Plugin(plugin.name, plugin.kind, plugin.package, plugin.version, state, problem)
