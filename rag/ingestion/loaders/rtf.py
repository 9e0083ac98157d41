"""Rich Text: headings, paragraphs, tables, footnotes and comments, located by paragraphs."""

from pathlib import Path

from rag.ingestion.loaders.base import empty_document, has_words, loader_identity, readable_title
from rag.ingestion.loaders.contents import Contents
from rag.ingestion.loaders.rtf_reader import RtfReader
from rag.ingestion.loaders.text_builder import TextBuilder
from rag.types import LoadedDocument


class RtfLoader:
    name = "rtf"
    version = 1
    suffixes = frozenset({".rtf"})
    described_as = "a Rich Text document"

    def recognises(self, contents: Contents) -> bool:
        return contents.head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{\\rtf")

    def load(self, path: Path, password: str | None = None) -> LoadedDocument:
        """Return the text as one page; `password` is of no use here."""
        del password
        builder = TextBuilder()
        reader = RtfReader(builder)
        reader.read(path.read_bytes())
        page = builder.page()
        if not has_words(page.text):
            raise empty_document(path)
        first = builder.headings[0].title if builder.headings else None
        return LoadedDocument(
            readable_title(reader.title or first, path),
            self.name,
            loader_identity(self),
            (page,),
            author=reader.author or None,
        )
