"""Libraries with documents made by hand, and bundles of them that are taken apart and put together again."""

import hashlib
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from rag.bundles import ExportReport, ImportReport
from rag.ingestion.boxes import pack
from rag.storage.bundles.export import ExportRequest, export_bundle
from rag.storage.bundles.importing import Importer, ImportRequest, ModelInUse
from rag.storage.library import Library
from rag.types import FileProblem, Heading, LoadedDocument, Locator, Page, Passage, Skipped
from tests.rag.storage.builders import DIMENSION, EMBEDDER, digest, embed_all

MODEL = ModelInUse(EMBEDDER, DIMENSION)
PROBLEM = FileProblem("document_scanned_pages", "“a.pdf” was read in part.", "Do something.", Path("/docs/a.pdf"))


def rich_document(*texts: str, title: str = "A title") -> tuple[LoadedDocument, list[Passage]]:
    """Return a document that uses every field of the format."""
    pages = [
        Page(
            number,
            number + 1,
            f"p{number + 1}",
            text,
            kind="ocr",
            locator_kind="cells",
            unit_starts=(0, max(0, len(text) - 1)),
            headings=(Heading(0, len(text), 1, "A heading"),),
            boxes=pack(np.full((len(text), 4), 3.5, np.float32)),
            width=595.3,
            height=841.9,
            note="Recognised",
            inside=("letters.zip", "lease.pdf"),
            confidence=0.875,
            unit_numbers=(4, 5),
            locator_template="Costs!A{first}:F{last}",
        )
        for number, text in enumerate(texts)
    ]
    passages = [
        Passage(number, number, 0, len(text), text, "A › B", Locator("cells", "Costs!A4:F5"), "A title", len(text))
        for number, text in enumerate(texts)
    ]
    skipped = (Skipped("macro.bin", "It is a program.", ("letters.zip",)),)
    outline = ((1, "Chapter", 0), (2, "Section", len(texts) - 1))
    created = datetime(2020, 2, 29, 12, 30, tzinfo=UTC)
    return LoadedDocument(title, "pdf", "pdf-7", tuple(pages), "An author", created, outline, skipped), passages


def fill(library: Library, collection_id: int, documents: Mapping[str, tuple[str, ...]], folder: str = "/docs") -> None:
    """Store documents under names, with vectors; bytes are told apart by their texts."""
    library.add_root(collection_id, Path(folder))
    for name, texts in documents.items():
        row = library.put_file(collection_id, Path(folder) / name, 10, 20)
        loaded, passages = rich_document(*texts)
        library.store_document(row.id, digest(*texts), loaded, passages, "cut-v1-abc", PROBLEM)
    embed_all(library)


def write(library: Library, collection_id: int, target: Path) -> ExportReport:
    return export_bundle(library, ExportRequest(collection_id, target, "carrel 0"))


def read(library: Library, data_dir: Path, path: Path) -> ImportReport:
    return Importer(library, data_dir).store(ImportRequest(path, model=MODEL))


def members_of(path: Path) -> dict[str, bytes]:
    """Return all members of an archive, the manifest too, in their order."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def put_together(path: Path, members: Mapping[str, bytes]) -> Path:
    """Write an archive of these members, stored as they are."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return path


def forged(path: Path, change: Callable[[dict[str, bytes]], None], **manifest: object) -> Path:
    """Change members as one who knows the format would: hashes and digest are made to fit."""
    members = members_of(path)
    change(members)
    told = json.loads(members.pop("manifest.json"))
    told["members"] = [
        {"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in sorted(members.items())
    ]
    told.update(manifest)
    told.pop("digest")
    canonical = json.dumps(told, sort_keys=True, separators=(",", ":"))
    told["digest"] = hashlib.sha256(canonical.encode()).hexdigest()
    return put_together(path, {"manifest.json": json.dumps(told).encode(), **members})


def changed_line(members: dict[str, bytes], number: int, change: Callable[[dict[str, object]], None]) -> None:
    """Change the JSON of one line of the documents; negative numbers count from the end."""
    lines = members["documents.jsonl"].splitlines()
    value = json.loads(lines[number])
    change(value)
    lines[number] = json.dumps(value).encode()
    members["documents.jsonl"] = b"\n".join(lines) + b"\n"


def stored(library: Library, collection_id: int) -> dict[str, tuple[LoadedDocument, list[Passage]]]:
    """Return everything that a collection holds, by the names of its files."""
    found = {}
    for row in library.files(collection_id):
        assert row.document_id is not None
        document = library.loaded_document(row.document_id)
        assert document is not None
        found[row.path.name] = (replace(document), list(library.cut_passages(row.document_id)))
    return found
