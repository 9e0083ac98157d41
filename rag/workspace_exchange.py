"""The part of the workspace that writes collections to files and takes them from files."""

from pathlib import Path

from inference.api import CancelToken
from rag.bundles import AttachedState, Attachment, BundleSummary, ExportReport, ImportReport
from rag.exchange import Exchange
from rag.ingestion.loaders.registry import default_loaders
from rag.plugins import Plugin
from rag.storage.bundles.archive import summary
from rag.storage.bundles.export import OnProgress
from rag.storage.library import Library


class ExchangeFace:
    """Methods of `Workspace`; any thread. Those with `on_progress` take as long as they take."""

    _exchange: Exchange
    _library: Library

    def export_collection(
        self,
        collection_id: int,
        path: Path,
        *,
        originals: bool = False,
        on_progress: OnProgress | None = None,
        cancel: CancelToken | None = None,
    ) -> ExportReport:
        """Write a collection to one file, which appears when it is whole; a file that is there is replaced.

        Args:
            collection_id: The collection.
            path: The file, named `.carrel`.
            originals: Take the documents themselves along, so that the reader shows their pages elsewhere.
            on_progress: Called on this thread.
            cancel: Ends it; nothing is left then.

        Raises:
            UnknownCollection, BundleError, DiskFull: As their names say.
            Cancelled: `cancel` was raised.
        """
        return self._exchange.export(collection_id, path, originals=originals, on_progress=on_progress, cancel=cancel)

    def import_collection(
        self,
        path: Path,
        *,
        name: str | None = None,
        on_progress: OnProgress | None = None,
        cancel: CancelToken | None = None,
    ) -> ImportReport:
        """Verify a `.carrel` file, store it as a collection, and remember where it came from.

        A file that was imported before brings its collection up to date: only what changed is stored.

        Raises:
            BundleDamaged, BundleNewer, BundleOlder, BundleError: As their names say; nothing was stored.
            CollectionExists: Another collection has this name.
            DiskFull: There is no room for it.
            Cancelled: `cancel` was raised; a new collection is not kept.
        """
        return self._exchange.store(path, name=name, on_progress=on_progress, cancel=cancel)

    def update_attached(
        self, collection_id: int, on_progress: OnProgress | None = None, cancel: CancelToken | None = None
    ) -> ImportReport | None:
        """Store the newer revision of the file that a collection came from; None if there is none."""
        return self._exchange.update(collection_id, on_progress, cancel)

    def attachment(self, collection_id: int) -> Attachment | None:
        """Return which file a collection came from; None if it was made here."""
        return self._library.attachment(collection_id)

    def attached_state(self, collection_id: int) -> AttachedState:
        """Return whether the file that a collection came from is there, and newer; raises `BundleError` without one."""
        return self._exchange.state(collection_id)

    def bundle_summary(self, path: Path) -> BundleSummary:
        """Return what a `.carrel` file says of itself; quick. Raises `BundleError`."""
        return summary(path)

    def plugins(self) -> list[Plugin]:
        """Return what installed packages add, the broken ones with the reason; waits until all were looked at."""
        return [*default_loaders().plugins, *self._exchange.plugins()]
