"""Plain text: the file as it is, located by lines. Read in stretches, so that size is no matter."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from rag.ingestion.loaders.base import loader_identity
from rag.ingestion.loaders.text_pages import text_pages
from rag.types import Heading, LoadedDocument, Page


class PlainTextLoader:
    """Reads text; loaders of special kinds of text say what its headings are, what to mend, and its title."""

    name = "text"
    version = 2
    suffixes = frozenset({".txt", ".text", ".log", ".asc", ".nfo", ".diff", ".patch", ".ics", ".vcf"})
    reads_text = True

    def load(self, path: Path, password: str | None = None) -> LoadedDocument:
        """Return the text, as one page unless it is very long; `password` is of no use here."""
        head, pages = self.stream(path, password)
        return LoadedDocument(head.title, head.kind, head.loader, tuple(pages))

    def stream(self, path: Path, password: str | None = None) -> tuple[LoadedDocument, Iterator[Page]]:
        """Return the document without its pages, and the pages while they are read."""
        del password
        pages = text_pages(path, self.find_headings, self.mend)
        first = next(pages)
        head = LoadedDocument(self.title(path, first), self.name, loader_identity(self), ())
        return head, chain([first], pages)

    def find_headings(self, text: str) -> tuple[Heading, ...]:
        """Return the headings of a stretch of text; most texts have none that can be told."""
        del text
        return ()

    def mend(self, text: str) -> str:
        """Return a stretch of text without what would hide words; its lines must stay."""
        return text

    def title(self, path: Path, first: Page) -> str:
        """Return the document's title, perhaps from its first page."""
        del first
        return path.stem
