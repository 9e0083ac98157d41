"""Collections on their way to a file and from one, as the workspace offers it; any thread.

Imports take turns. What a crash cut short goes on at the next start, on a thread of its own.
"""

import logging
import threading
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from inference.api import Cancelled, CancelToken, EmbeddingService, KnownError
from rag.bundles import AttachedState, Attachment, ExportReport, ImportReport
from rag.errors import BundleError
from rag.ingestion.ingestor import Ingestor
from rag.plugin_collections import PluginCollections
from rag.plugins import Plugin
from rag.storage.bundles.archive import Archive
from rag.storage.bundles.export import ExportRequest, OnProgress, export_bundle
from rag.storage.bundles.importing import Importer, ImportRequest, ModelInUse
from rag.storage.library import Library
from rag.types import Change

log = logging.getLogger(__name__)


class Exchange:
    """Writes collections to files and stores them from files."""

    def __init__(
        self,
        library: Library,
        data_dir: Path,
        embedding: Callable[[], EmbeddingService],
        ingestor: Ingestor,
        on_change: Callable[[Change], None],
    ) -> None:
        self._library = library
        self._importer = Importer(library, data_dir, ingestor.detach_collection)
        self._embedding = embedding
        self._ingestor = ingestor
        self._on_change = on_change
        self._plugins = PluginCollections(library, ingestor, self.store, on_change)
        self._turn = threading.Lock()
        self._stop = CancelToken()
        self._thread = threading.Thread(target=self._begin, name="job-exchange", daemon=True)

    def start(self) -> None:
        """Go on with what the last run left unfinished, and look at what installed packages bring."""
        self._thread.start()

    def shutdown(self) -> None:
        """Stop what runs; it goes on at the next start."""
        self._stop.cancel()
        if self._thread.is_alive():
            self._thread.join()

    # --- Out ----------------------------------------------------------------------------------------------------------

    def export(
        self,
        collection_id: int,
        target: Path,
        *,
        originals: bool = False,
        on_progress: OnProgress | None = None,
        cancel: CancelToken | None = None,
    ) -> ExportReport:
        """Write a collection to a file; see `rag.storage.bundles.export`."""
        request = ExportRequest(collection_id, target, f"carrel {_version()}", originals)
        return export_bundle(self._library, request, on_progress, cancel)

    # --- In -----------------------------------------------------------------------------------------------------------

    def store(
        self,
        path: Path,
        *,
        name: str | None = None,
        key: str | None = None,
        on_progress: OnProgress | None = None,
        cancel: CancelToken | None = None,
    ) -> ImportReport:
        """Store a file as a collection, or bring the one that it brought earlier up to date."""
        model = self._model()
        with self._turn:
            report = self._importer.store(ImportRequest(path, name, key, model), on_progress, cancel)
        self._tell(report.collection_id)
        return report

    def update(
        self, collection_id: int, on_progress: OnProgress | None = None, cancel: CancelToken | None = None
    ) -> ImportReport | None:
        """Store a newer revision, if the file that a collection came from is one; None if there is nothing new.

        Raises:
            BundleError: The collection came from no file, or the file cannot be read.
        """
        attachment = self._attachment(collection_id)
        with Archive(attachment.path) as archive:
            manifest = archive.manifest
        if manifest.collection_id != attachment.bundle_id or manifest.revision <= attachment.revision:
            return None
        return self.store(attachment.path, on_progress=on_progress, cancel=cancel)

    def state(self, collection_id: int) -> AttachedState:
        """Return whether the file that a collection came from is still there, and newer than what is stored."""
        attachment = self._attachment(collection_id)
        if not attachment.path.exists():
            return "away"
        try:
            with Archive(attachment.path) as archive:
                manifest = archive.manifest
        except BundleError:
            return "unusable"
        if manifest.collection_id != attachment.bundle_id:
            return "unusable"
        if manifest.revision == attachment.revision:
            return "current" if manifest.digest == attachment.digest else "unusable"
        return "newer" if manifest.revision > attachment.revision else "older"

    def plugins(self) -> tuple[Plugin, ...]:
        """Return what is to be said of packages' collections; waits for the first look at them."""
        if self._thread.is_alive():
            self._thread.join()
        return self._plugins.plugins

    def sweep(self) -> None:
        """Remove what collections that are gone left in the data folder."""
        with self._turn:
            self._importer.sweep()

    def _attachment(self, collection_id: int) -> Attachment:
        collection = self._library.collection(collection_id)
        attachment = self._library.attachment(collection_id)
        if attachment is None:
            raise BundleError(
                f"“{collection.name}” did not come from a file.",
                remedy="Look for changes in its folders instead.",
            )
        return attachment

    def _model(self) -> ModelInUse | None:
        try:
            facts = self._embedding().warm_up().result()
        except (KnownError, Cancelled) as error:
            log.info("the embedding model does not load: %s", error)
            return None
        return ModelInUse(facts.identity, facts.dimension)

    def _tell(self, collection_id: int) -> None:
        self._ingestor.take_over(collection_id)
        self._on_change(Change(collections=True, files=frozenset({collection_id})))

    def _begin(self) -> None:
        for work in (self._resume, lambda: self._plugins.bring(lambda: self._stop.cancelled)):
            try:
                work()
            except Cancelled:
                log.info("an import goes on at the next start")
            except KnownError as error:
                log.info("an import could not be completed: %s", error.message)

    def _resume(self) -> None:
        unfinished = [each for each in self._library.attachments() if each.incoming is not None]
        with self._turn:
            if unfinished:
                for report in self._importer.resume(self._model(), self._stop):
                    self._tell(report.collection_id)
            self._importer.sweep()


def _version() -> str:
    try:
        return metadata.version("carrel")
    except metadata.PackageNotFoundError:
        return "0"
