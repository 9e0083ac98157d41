"""What has to be read again since the last run: documents of older loaders, or cut for another embedding model.

Documents whose loader is not installed any more stay as they are, searchable, and say so.
"""

from pathlib import Path

from rag.ingestion.loaders.base import loader_identity
from rag.ingestion.loaders.registry import Loaders
from rag.storage.library import Library
from rag.types import FileProblem

READER_MISSING = "reader_missing"


def queue_outdated(library: Library, loaders: Loaders, cutting: str) -> None:
    """Queue what is out of date; `cutting` is how passages are cut now. The ingest thread only."""
    identities = {loader.name: loader_identity(loader) for loader in loaders.all}
    for collection in library.collections():
        attached = library.attached_ids(collection.id)
        for row in library.files(collection.id):
            if row.document_id is None or row.sha256 is None or row.state not in {"searchable", "ready"}:
                continue
            document = library.document(row.document_id)
            if document is None or row.id in attached:
                continue
            current = identities.get(_reader(document.loader))
            if current and not library.find_document(row.sha256, current, cutting):
                library.requeue_file(row.id)


def tell_missing_readers(library: Library, loaders: Loaders) -> None:
    """Note at each file whose reader is missing that it is, and forget that where it is there again."""
    known = {loader.name for loader in loaders.all}
    missing = {loader for loader in library.loaders_in_use() if _reader(loader) not in known}
    for row in library.files_with_problem(READER_MISSING):
        if row.document_id is None or library.document_loader(row.document_id) not in missing:
            library.note_problem(row.id, None)
    for loader in missing:
        for row in library.files_read_by(loader):
            if row.problem is None:
                library.note_problem(row.id, _reader_missing(row.path, _reader(loader)))


def _reader(loader: str) -> str:
    """Return a loader's name without its version."""
    return loader.rpartition("-")[0]


def _reader_missing(path: Path, reader: str) -> FileProblem:
    return FileProblem(
        READER_MISSING,
        f"“{path.name}” was read by the plug-in “{reader}”, which is not installed any more; its text stays.",
        "Install the plug-in again to have changes of the file read, or remove the file.",
        path,
    )
