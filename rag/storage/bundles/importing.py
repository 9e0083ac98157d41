"""Stores a collection from its file: all of it is verified on a copy of our own before the first row is written.

The copy lies in the data folder until everything is stored, so that an import goes on after a crash although the
file's disk is gone. Documents are stored one transaction each, with their vectors, and only where they differ from
what an earlier revision brought; so an update and the continuation of an import are the same thing.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from inference.api import Cancelled, CancelToken
from rag.bundles import Attachment, ExchangeProgress, ImportReport
from rag.errors import BundleError, BundleOlder, StorageError, UnknownCollection
from rag.storage.bundles.archive import Archive
from rag.storage.bundles.manifest import ORIGINALS, Manifest, fingerprint
from rag.storage.bundles.names import local_path
from rag.storage.bundles.originals import entries, originals_folder, sweep_originals
from rag.storage.bundles.records import BundledDocument, BundledFile
from rag.storage.bundles.writer import file_pieces, write_failures, written_whole
from rag.storage.failures import disk_full
from rag.storage.library import Library
from rag.storage.library_attachments import AttachedFile
from rag.storage.text import text_hash
from rag.types import Collection, FileProblem

OnProgress = Callable[[ExchangeProgress], None]
_PATIENCE_BYTES = 1 << 20
_SPARE_BYTES = 50_000_000


@dataclass(frozen=True)
class ModelInUse:
    """The embedding model that vectors have to be of; its identity and dimension."""

    identity: str
    dimension: int


@dataclass(frozen=True)
class ImportRequest:
    """What is to be stored; `key` is the collection's where an installed package brings it."""

    path: Path
    name: str | None = None
    key: str | None = None
    model: ModelInUse | None = None


class Importer:
    """Stores bundles in a library; one thread at a time.

    Attributes:
        incoming: Where copies lie until they are stored.
        originals: Where the files of bundles lie that carry them, by the bundles' ids.
    """

    def __init__(self, library: Library, data_dir: Path, remove: Callable[[int], object] | None = None) -> None:
        """`remove` takes a half collection away; the library's own way if not given."""
        self._library = library
        self._remove = remove or library.delete_collection
        self.incoming = data_dir / "incoming"
        self.originals = originals_folder(data_dir)

    def store(
        self, request: ImportRequest, on_progress: OnProgress | None = None, cancel: CancelToken | None = None
    ) -> ImportReport:
        """Store a bundle as a new collection, or bring the one that it brought earlier up to date.

        Raises:
            BundleError: It cannot be read, is damaged or changed, or too new, or older than what is there.
            CollectionExists: The wanted name is taken.
            DiskFull: There is no room; nothing half is kept.
            Cancelled: `cancel` was raised; nothing new is kept.
        """
        work = _Work(on_progress or (lambda _: None), cancel or CancelToken())
        copy = self._taken_in(request.path, work)
        try:
            with Archive(copy, request.path) as archive:
                self._verify(archive, request.model, work)
                self._refuse_older(archive)
                return self._stored(archive, request, copy, work)
        finally:
            copy.unlink(missing_ok=True)

    def resume(self, model: ModelInUse | None, stop: CancelToken) -> list[ImportReport]:
        """Go on with what a crash cut short, from the copies; what cannot be completed leaves no half collection."""
        reports = []
        for attachment in self._library.attachments():
            if attachment.incoming is None:
                continue
            copy = self.incoming / f"{attachment.incoming}.carrel"
            if not copy.is_file():
                self._give_up(attachment.collection_id)
                continue
            request = ImportRequest(attachment.path, model=model)
            reports.append(self._resumed(copy, attachment, request, _Work(lambda _: None, stop)))
        return reports

    def _resumed(self, copy: Path, attachment: Attachment, request: ImportRequest, work: "_Work") -> ImportReport:
        updated = attachment.revision > 0
        try:
            with Archive(copy, attachment.path) as archive:
                archive.verify(lambda _: work.check())
                return self._stored_into(archive, attachment.collection_id, request, work, updated=updated)
        except (BundleError, StorageError):
            self._give_up(attachment.collection_id)
            raise

    def sweep(self) -> None:
        """Remove copies and originals that belong to no collection any more."""
        wanted = {f"{each.incoming}.carrel" for each in self._library.attachments() if each.incoming}
        for copy in entries(self.incoming):
            if copy.name not in wanted:
                copy.unlink(missing_ok=True)
        sweep_originals(self._library, self.incoming.parent)

    # --- Before the first row -----------------------------------------------------------------------------------------

    def _taken_in(self, path: Path, work: "_Work") -> Path:
        """Copy a file into the data folder, after a first look at its list of members."""
        with Archive(path) as archive:
            size = path.stat().st_size
            self._require_room(archive.manifest, size)
        copy = self.incoming / f"{uuid4().hex}.carrel"
        done = 0
        with write_failures(copy):
            self.incoming.mkdir(mode=0o700, exist_ok=True)
        with written_whole(copy) as file:
            for piece in file_pieces(path, work.check):
                file.write(piece)
                done += len(piece)
                work.tell("copying", done, size)
        return copy

    def _require_room(self, manifest: Manifest, size: int) -> None:
        originals = sum(each.size for each in manifest.members if each.name.startswith(ORIGINALS))
        # The text is stored with its word index, and vectors in two places.
        stored = originals + 3 * sum(each.size for each in manifest.members) - 3 * originals
        if shutil.disk_usage(self.incoming.parent).free < size + stored + _SPARE_BYTES:
            raise disk_full(self.incoming)

    def _verify(self, archive: Archive, model: ModelInUse | None, work: "_Work") -> None:
        total = 2 * sum(member.size for member in archive.manifest.members)
        done = 0

        def check(size: int) -> None:
            nonlocal done
            done += size
            work.check()
            work.tell("checking", min(done, total), total)

        archive.verify(check)
        manifest = archive.manifest
        if model is not None and manifest.embedder == model.identity and manifest.dimension != model.dimension:
            raise archive.damaged("its vectors are not of the model that it names")

    def _refuse_older(self, archive: Archive) -> None:
        manifest = archive.manifest
        known = self._attached(manifest.collection_id)
        attachment = None if known is None else self._library.attachment(known.id)
        if known is not None and attachment is not None and manifest.revision < attachment.revision:
            raise BundleOlder(
                f"“{archive.path.name}” holds revision {manifest.revision} of “{known.name}”; you have revision "
                f"{attachment.revision}.",
                remedy=f"Remove the collection “{known.name}” first, if you want to go back.",
                path=archive.path,
            )

    # --- Rows ---------------------------------------------------------------------------------------------------------

    def _attached(self, bundle_id: str) -> Collection | None:
        """Return the collection that an earlier revision of a bundle brought."""
        known = {each.id: each for each in self._library.collections()}
        ids = [each.collection_id for each in self._library.attachments() if each.bundle_id == bundle_id]
        return next((known[each] for each in ids if each in known), None)

    def _stored(self, archive: Archive, request: ImportRequest, copy: Path, work: "_Work") -> ImportReport:
        manifest = archive.manifest
        known = self._attached(manifest.collection_id)
        kept = self.incoming / f"{manifest.digest}.carrel"
        copy.replace(kept)
        try:
            with self._library.db.write():
                collection_id = known.id if known is not None else self._created(manifest.name, request)
                if known is not None and request.name not in {None, known.name}:
                    self._library.rename_collection(known.id, str(request.name))
                bundle_id = manifest.collection_id
                if known is None:
                    self._library.bring_rules(collection_id, archive.settings())
                self._library.begin_attachment(collection_id, bundle_id, request.path, manifest.digest)
            with self._undone(collection_id):
                return self._stored_into(archive, collection_id, request, work, updated=known is not None)
        finally:
            kept.unlink(missing_ok=True)

    def _created(self, name: str, request: ImportRequest) -> int:
        if request.name is not None:
            return self._library.create_collection(request.name, key=request.key).id
        name = " ".join(name.split()) or request.path.stem
        taken = {each.name.casefold() for each in self._library.collections()}
        candidate, number = name, 2
        while candidate.casefold() in taken:
            candidate, number = f"{name} ({number})", number + 1
        return self._library.create_collection(candidate, key=request.key).id

    @contextmanager
    def _undone(self, collection_id: int) -> Iterator[None]:
        """Leave nothing of a new collection that was not stored to the end."""
        try:
            yield
        except BaseException:
            self._give_up(collection_id)
            raise

    def _give_up(self, collection_id: int) -> None:
        attachment = self._library.attachment(collection_id)
        if attachment is not None and attachment.revision == 0:
            self._remove(collection_id)
            self.sweep()
        else:
            self._library.end_attachment(collection_id)

    def _stored_into(
        self, archive: Archive, collection_id: int, request: ImportRequest, work: "_Work", *, updated: bool
    ) -> ImportReport:
        storing = _Storing(self._library, archive, collection_id, self.originals, request)
        for done, (bundled, content) in enumerate(archive.documents()):
            work.check()
            work.tell("storing", done, archive.manifest.counts.documents)
            storing.take(bundled, content)
        removed = storing.remove_rest()
        manifest = archive.manifest
        self._library.complete_attachment(collection_id, manifest.revision, manifest.digest, request.path)
        collection = self._library.collection(collection_id)
        return ImportReport(
            collection_id,
            collection.name,
            request.path,
            manifest.revision,
            manifest.digest,
            fingerprint(manifest.digest),
            updated,
            collection.files,
            collection.passages,
            storing.added,
            storing.changed,
            removed,
            storing.unchanged,
            manifest.counts.originals,
            None if request.model is None else request.model.identity == manifest.embedder,
            manifest.counts.left_out,
        )


class _Work:
    """Who is told, and who may stop it."""

    def __init__(self, on_progress: OnProgress, cancel: CancelToken) -> None:
        self._on_progress = on_progress
        self._cancel = cancel

    def check(self) -> None:
        if self._cancel.cancelled:
            raise Cancelled

    def tell(self, stage: str, done: int, total: int) -> None:
        self._on_progress(ExchangeProgress(stage, done, total))  # type: ignore[arg-type]


class _Storing:
    """Documents on their way into one collection.

    Attributes:
        added: Files that are new.
        changed: Files whose text is another one.
        unchanged: Files that were there as they are.
    """

    def __init__(
        self, library: Library, archive: Archive, collection_id: int, originals: Path, request: ImportRequest
    ) -> None:
        self._library = library
        self._archive = archive
        self._collection_id = collection_id
        self._bundle_id = archive.manifest.collection_id
        self._folder = originals / self._bundle_id
        self._carried = {member.name for member in archive.manifest.members if member.name.startswith(ORIGINALS)}
        self._shown_under = request.path
        self._known = library.attached_files(collection_id)
        wanted = request.model is None or request.model.identity == archive.manifest.embedder
        self._rows = archive.vector_rows() if wanted else {}
        self._seen: set[str] = set()
        self.added = self.changed = self.unchanged = 0

    def take(self, bundled: BundledDocument, content: bytes) -> None:
        """Store a document for those of its files that have another one, or none."""
        self._seen |= {file.name for file in bundled.files}
        carried = ORIGINALS + bundled.sha256 in self._carried
        places = {file.name: self._place(file, carried=carried) for file in bundled.files}
        fresh = [file for file in bundled.files if not self._is_known(file, content)]
        for file in bundled.files:
            known = self._known.get(file.name)
            if carried and (file in fresh or not places[file.name].is_file()):
                self._extract(ORIGINALS + bundled.sha256, places[file.name])
            if known is not None and known.path != places[file.name]:
                self._library.move_file(known.file_id, places[file.name])
        if fresh:
            self._store(bundled, fresh, places, content)
        self.unchanged += len(bundled.files) - len(fresh)

    def remove_rest(self) -> int:
        """Remove the files that the bundle has no more; returns how many."""
        gone = [known for name, known in self._known.items() if name not in self._seen]
        for known in gone:
            self._library.remove_file(known.file_id)
            if self._folder in known.path.parents:
                known.path.unlink(missing_ok=True)
        return len(gone)

    def _is_known(self, file: BundledFile, content: bytes) -> bool:
        known = self._known.get(file.name)
        return known is not None and known.content == content

    def _place(self, file: BundledFile, *, carried: bool) -> Path:
        return local_path(self._folder if carried else self._shown_under, file.name)

    def _extract(self, member: str, target: Path) -> None:
        with write_failures(target):
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with written_whole(target) as file:
            for piece in self._archive.pieces(member):
                file.write(piece)

    def _store(
        self, bundled: BundledDocument, files: list[BundledFile], places: dict[str, Path], content: bytes
    ) -> None:
        library = self._library
        # Apart from documents that were read here: a stranger's text must not stand for a file of one's own.
        chunking = f"{bundled.chunking.partition('@')[0]}@{self._collection_id}"
        with library.db.write():
            rows = [
                (file, library.put_file(self._collection_id, places[file.name], file.size, file.mtime_ns).id)
                for file in files
            ]
            document_id = None
            for file, file_id in rows:
                problem = _problem(file, places[file.name])
                if document_id is None:
                    document_id = library.store_document(
                        file_id, bundled.sha256, bundled.document, bundled.passages, chunking, problem
                    )
                    if document_id is None:
                        raise UnknownCollection("The collection was removed meanwhile.", remedy="Import it again.")
                else:
                    library.link_document(file_id, document_id, problem)
            library.note_attached([(file_id, file.name) for file, file_id in rows], content)
            self._store_vectors(bundled)
        for file in files:
            known: AttachedFile | None = self._known.get(file.name)
            self.added += known is None
            self.changed += known is not None

    def _store_vectors(self, bundled: BundledDocument) -> None:
        keys = dict.fromkeys(text_hash(each.context, each.text) for each in bundled.passages)
        present = [key for key in keys if key in self._rows]
        if present:
            vectors = self._archive.vectors([self._rows[key] for key in present])
            self._library.add_vectors(self._archive.manifest.embedder, zip(present, vectors, strict=True))


def _problem(file: BundledFile, path: Path) -> FileProblem | None:
    if file.note is None:
        return None
    return FileProblem(file.note.code, file.note.message, file.note.remedy, path)
