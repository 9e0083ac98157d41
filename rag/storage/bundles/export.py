"""Writes a collection to one file, document after document, from one moment of the library."""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from inference.api import Cancelled, CancelToken
from rag.bundles import ExchangeProgress, ExportReport
from rag.errors import BundleError
from rag.storage.bundles.manifest import (
    DOCUMENTS,
    FIXED_MEMBERS,
    ORIGINALS,
    SETTINGS,
    VECTOR_INDEX,
    VECTORS,
    Counts,
    Manifest,
    fingerprint,
    sealed,
)
from rag.storage.bundles.names import bundle_names
from rag.storage.bundles.records import LONGEST_LINE, BundledDocument, BundledFile, Note, write_document
from rag.storage.bundles.settings import settings_bytes
from rag.storage.bundles.writer import BundleWriter, file_pieces, written_whole
from rag.storage.library import Library
from rag.storage.library_attachments import ExportIdentity
from rag.types import FileRow

OnProgress = Callable[[ExchangeProgress], None]
_COMPRESSED = re.compile(r"(?i)\.(pdf|docx|pptx|xlsx|od[tsp]|epub|zip|gz|7z|xz|bz2|png|jpe?g|webp|hei[cf])")


@dataclass(frozen=True)
class ExportRequest:
    """What is to be written, and where to; `program` names this program with its version."""

    collection_id: int
    target: Path
    program: str
    originals: bool = False


def export_bundle(
    library: Library, request: ExportRequest, on_progress: OnProgress | None = None, cancel: CancelToken | None = None
) -> ExportReport:
    """Write a collection to a file, which appears when it is whole. Any thread; it takes as long as it takes.

    Raises:
        UnknownCollection: There is none.
        BundleError: It holds no text yet, or the file cannot be written.
        DiskFull: There is no room for it.
        Cancelled: `cancel` was raised; nothing is left.
    """
    # One moment of the library for all of it, however long it takes.
    with library.db.read():
        export = _Export(library, request, on_progress or (lambda _: None), cancel or CancelToken())
        report, identity = export.run()
    library.note_export(request.collection_id, identity)
    return report


class _Export:
    """One export, inside one read of the library."""

    def __init__(self, library: Library, request: ExportRequest, on_progress: OnProgress, cancel: CancelToken) -> None:
        self._library = library
        self._request = request
        self._on_progress = on_progress
        self._cancel = cancel
        self._collection = library.collection(request.collection_id)
        rows = library.files(request.collection_id)
        self._roots = library.roots(request.collection_id)
        self._names = self._own_names(rows)
        self._files = _by_document(rows)
        self._left_out = tuple(self._names[row.path] for row in rows if row.document_id is None)
        self._embedder, self._dimension = library.main_embedder(request.collection_id)
        first = next(iter(self._files), None)
        self._chunking = "" if first is None else library.document_identity(first)[1].partition("@")[0]
        self._pages = self._passages = 0
        self._index = bytearray()
        self._missing: list[str] = []

    def run(self) -> tuple[ExportReport, ExportIdentity]:
        if not self._files:
            raise BundleError(
                f"“{self._collection.name}” holds no text that could be written to a file.",
                remedy="Add documents and wait until they are read, then try again.",
            )
        most = len(FIXED_MEMBERS) + (len(self._files) if self._request.originals else 0)
        names = (self._collection.name, self._embedder, self._chunking, self._request.program)
        with written_whole(self._request.target) as file, BundleWriter(file, most, names) as writer:
            writer.write(SETTINGS, [settings_bytes(self._library, self._request.collection_id)])
            writer.write(DOCUMENTS, self._document_lines())
            writer.write(VECTORS, self._vector_pieces(), compressed=False)
            writer.write(VECTOR_INDEX, [bytes(self._index)], compressed=False)
            if self._request.originals:
                self._write_originals(writer)
            manifest, identity = self._manifest(writer)
            writer.finish(manifest)
        return self._report(manifest), identity

    def _own_names(self, rows: Sequence[FileRow]) -> dict[Path, str]:
        """Return the names that files have in the bundle: those that came with one keep theirs."""
        attached = {each.path: each.name for each in self._library.attached_files(self._request.collection_id).values()}
        others = [row.path for row in rows if row.path not in attached]
        return {**bundle_names(others, self._roots, taken=attached.values()), **attached}

    def _document_lines(self) -> Iterator[bytes]:
        for done, (document_id, rows) in enumerate(self._files.items()):
            self._on_progress(ExchangeProgress("writing", done, len(self._files)))
            bundled = self._bundled(document_id, rows)
            self._pages += len(bundled.document.pages)
            self._passages += len(bundled.passages)
            for line in write_document(bundled):
                self._check()
                if len(line) > LONGEST_LINE:
                    raise self._too_long(rows[0])
                yield line
        self._on_progress(ExchangeProgress("writing", len(self._files), len(self._files)))

    def _too_long(self, row: FileRow) -> BundleError:
        return BundleError(
            f"“{row.path.name}” has a page of more text than a collection's file can hold.",
            remedy="Split it into several files, or take it out of the collection.",
            path=row.path,
        )

    def _bundled(self, document_id: int, rows: Sequence[FileRow]) -> BundledDocument:
        document = self._library.loaded_document(document_id)
        sha256, chunking = self._library.document_identity(document_id)
        assert document is not None  # One moment: its file was just there.
        files = tuple(BundledFile(self._names[row.path], row.size, row.mtime_ns, self._note(row)) for row in rows)
        passages = tuple(self._library.cut_passages(document_id))
        return BundledDocument(sha256, chunking.partition("@")[0], files, document, passages)

    def _note(self, row: FileRow) -> Note | None:
        """Return what is wrong with a file, without the folder that it lies in."""
        if row.problem is None:
            return None
        folder = str(row.path.parent)
        told = (row.problem.message, row.problem.remedy)
        return Note(row.problem.code, *(words.replace(f"{folder}/", "").replace(folder, "…") for words in told))

    def _vector_pieces(self) -> Iterator[bytes]:
        seen: set[bytes] = set()
        for document_id in self._files if self._dimension else ():
            self._check()
            fresh = []
            for key, data in self._library.document_vectors(document_id, self._embedder):
                if key not in seen and len(data) == self._dimension * 4:
                    seen.add(key)
                    self._index += key
                    fresh.append(data)
            yield b"".join(fresh)

    def _write_originals(self, writer: BundleWriter) -> None:
        written: set[str] = set()
        for done, (document_id, rows) in enumerate(self._files.items()):
            self._on_progress(ExchangeProgress("writing", done, len(self._files)))
            sha256, _ = self._library.document_identity(document_id)
            if sha256 in written:
                continue
            source = next((row.path for row in rows if self._holds(row.path, sha256)), None)
            if source is None:
                self._missing.append(self._names[rows[0].path])
                continue
            pieces = file_pieces(source, self._check)
            made = writer.write(ORIGINALS + sha256, pieces, compressed=not _COMPRESSED.fullmatch(source.suffix))
            if made.sha256 != sha256:
                raise BundleError(
                    f"“{source.name}” changed while it was being written.", remedy="Try again.", path=source
                )
            written.add(sha256)

    def _holds(self, path: Path, sha256: str) -> bool:
        """Tell whether a file still is what was read."""
        digest = hashlib.sha256()
        try:
            if not path.is_file():
                return False
            for piece in file_pieces(path, self._check):
                digest.update(piece)
        except OSError:
            return False
        return digest.hexdigest() == sha256

    def _manifest(self, writer: BundleWriter) -> tuple[Manifest, ExportIdentity]:
        known = self._library.export_identity(self._request.collection_id)
        originals = sum(member.name.startswith(ORIGINALS) for member in writer.members)
        counts = Counts(
            sum(map(len, self._files.values())),
            len(self._files),
            self._pages,
            self._passages,
            len(self._index) // 16,
            originals,
            len(self._left_out),
        )
        vectors = (self._embedder, self._dimension) if self._index else ("", 0)
        members = tuple(sorted(writer.members, key=lambda member: member.name))
        manifest = Manifest(
            self._request.program,
            known.bundle_id,
            self._collection.name,
            known.revision or 1,
            datetime.now(UTC),
            *vectors,
            self._chunking,
            counts,
            members,
        )
        again = known.revision == 0 or known.contents == manifest.contents
        revision = max(known.revision, 1) if again else known.revision + 1
        manifest = sealed(replace(manifest, revision=revision))
        return manifest, ExportIdentity(known.bundle_id, revision, manifest.contents)

    def _report(self, manifest: Manifest) -> ExportReport:
        counts = manifest.counts
        return ExportReport(
            self._request.target,
            manifest.name,
            manifest.revision,
            manifest.digest,
            fingerprint(manifest.digest),
            self._request.target.stat().st_size,
            counts.files,
            counts.documents,
            counts.passages,
            counts.vectors,
            counts.originals,
            self._left_out,
            tuple(self._missing),
        )

    def _check(self) -> None:
        if self._cancel.cancelled:
            raise Cancelled


def _by_document(rows: Sequence[FileRow]) -> dict[int, list[FileRow]]:
    """Return the files of each document, documents as old as they are: equal results keep their order elsewhere."""
    found: dict[int, list[FileRow]] = {}
    for row in rows:
        if row.document_id is not None:
            found.setdefault(row.document_id, []).append(row)
    return dict(sorted(found.items()))
