"""Plain text: the file as it is, located by lines."""

from pathlib import Path

from rag.ingestion.loaders.base import empty_document, has_words, loader_identity
from rag.ingestion.loaders.decoding import decode_text, line_starts
from rag.types import LoadedDocument, Page


class PlainTextLoader:
    name = "text"
    version = 1
    suffixes = frozenset({".txt", ".text", ".log", ".rst", ".org", ".adoc", ".tex", ".srt", ".vtt"})
    reads_text = True

    def load(self, path: Path, password: str | None = None) -> LoadedDocument:
        """Return the whole text as one page; `password` is of no use here."""
        del password
        text = decode_text(path.read_bytes(), path)
        if not has_words(text):
            raise empty_document(path)
        page = Page(0, None, None, text, locator_kind="lines", unit_starts=line_starts(text))
        return LoadedDocument(path.stem, self.name, loader_identity(self), (page,))
