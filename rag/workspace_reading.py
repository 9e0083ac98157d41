"""The part of the workspace that the reader asks: documents, their pages, pictures of these, and marks on them."""

from concurrent.futures import Future
from pathlib import Path

from rag.errors import DocumentGone
from rag.ingestion.boxes import Rectangle, span_rectangles, unpack
from rag.ingestion.ingestor import Ingestor
from rag.ingestion.pages import PagePicture, PageRenderer
from rag.storage.library import Library
from rag.types import DocumentRow, StoredPage


class ReadingFace:
    """Methods of `Workspace`; any thread."""

    _ingestor: Ingestor
    _library: Library
    _renderer: PageRenderer

    def document(self, document_id: int) -> DocumentRow:
        """Return what is known of a document; raises `DocumentGone`, also while its removal can be undone."""
        found = self._library.document(document_id)
        if found is None or not self._library.is_in_use(document_id):
            raise _gone()
        return found

    def page(self, document_id: int, index: int) -> StoredPage:
        """Return a page with its text; raises `DocumentGone`."""
        found = self._library.page(document_id, index)
        if found is None or not self._library.is_in_use(document_id):
            raise _gone()
        return found

    def page_count(self, document_id: int) -> int:
        return self._library.page_count(document_id)

    def outline(self, document_id: int) -> tuple[tuple[int, str, int], ...]:
        """Return the document's own table of contents: level from 1, title, page index."""
        return self._library.outline(document_id)

    def render_page(
        self, path: Path, page_index: int, scale: float, inside: tuple[str, ...] = ()
    ) -> Future[PagePicture]:
        """Draw a page of a PDF, or a picture, in a process of its own; `scale` 1 is a pixel for each point.

        For a PDF in a file, `inside` leads to it (`StoredPage.inside`), and `page_index` counts within it from 0:
        `StoredPage.number` less one. Pages that can be drawn have a width.
        """
        return self._renderer.render(path, page_index, scale, self._ingestor.password_of(path), inside)

    def passage_rectangles(self, document_id: int, page_index: int, start: int, end: int) -> list[Rectangle]:
        """Return where a span stands on its page, in points from the top left, one rectangle a line.

        Empty where the span cannot be found on the page; then nothing is to be marked.
        """
        passages = self._library.document_passages(document_id)
        page = self._library.page(document_id, page_index)
        if not passages or page is None or (page.inside and not (page.width and page.number)):
            return []
        if page.kind == "ocr":
            return span_rectangles(unpack(page.boxes), page.text, start, end)
        path, password = passages[0].path, self._ingestor.password_of(passages[0].path)
        index = page.number - 1 if page.inside and page.number else page_index
        span = self._renderer.span_rectangles(path, index, start, end, password, page.text, page.inside)
        return span.result()


def _gone() -> DocumentGone:
    return DocumentGone(
        "This document is no longer in the library.", remedy="Add its file or folder again to read it here."
    )
