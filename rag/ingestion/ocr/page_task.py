"""One page to be recognised, as a task of a parse process: its picture, its words, its passages."""

from dataclasses import dataclass, replace
from pathlib import Path

from rag.ingestion.boxes import pack
from rag.ingestion.chunking import ChunkingOptions, chunk
from rag.ingestion.loaders.base import has_words
from rag.ingestion.loaders.members import MemberReader
from rag.ingestion.loaders.registry import default_loaders
from rag.ingestion.ocr.choice import OcrOptions, recognise
from rag.ingestion.ocr.page_text import DOUBTFUL
from rag.ingestion.ocr.pictures import PagePicture, page_picture
from rag.ingestion.temporary import private_folder
from rag.ingestion.token_counter import TokenCounter
from rag.types import LoadedDocument, Page, Passage

NOTHING_FOUND = "Text recognition found no text on this page."
DOUBTFUL_NOTE = "The text is doubtful: text recognition was not sure of it."


@dataclass(frozen=True)
class RecogniseTask:
    """A page to recognise.

    Attributes:
        path: The file.
        document: Title, kind and loader of the document, without pages.
        page: As it is stored now; `inside` and `number` say where it is in the file.
        ocr: The engine that reads it; the first of them, where it names several.
    """

    path: Path
    document: LoadedDocument
    page: Page
    ocr: OcrOptions
    options: ChunkingOptions
    tokenizer_file: Path | None
    password: str | None = None

    @property
    def size(self) -> int:
        """Return 0: the time for a page does not grow with its file."""
        return 0


def recognise_page(task: RecogniseTask, counter: TokenCounter) -> tuple[Page, list[Passage]]:
    """Return the page with what was read on it, and its passages; raises `DocumentError` or `OSError`."""
    page = _with_text(task)
    return page, chunk(replace(task.document, pages=(page,)), counter, task.options)


def _with_text(task: RecogniseTask) -> Page:
    picture = _picture(task)
    found = recognise(picture.image, picture.dots_per_inch, task.ocr)
    bare = replace(task.page, text="", headings=(), unit_starts=(), unit_numbers=(), boxes=b"")
    bare = replace(bare, width=picture.width, height=picture.height)
    if not has_words(found.text):
        if has_words(task.page.text):
            return replace(task.page, kind="text", note=NOTHING_FOUND)
        return replace(bare, kind="empty", note=NOTHING_FOUND)
    note = DOUBTFUL_NOTE if found.confidence < DOUBTFUL else ""
    boxes = pack(found.boxes / picture.pixels_per_point)
    return replace(bare, text=found.text, kind="ocr", note=note, boxes=boxes, confidence=found.confidence)


def _picture(task: RecogniseTask) -> PagePicture:
    index = (task.page.number or 1) - 1
    if not task.page.inside:
        return page_picture(task.path, index, task.password)
    with private_folder() as folder:
        reader = MemberReader(default_loaders)
        return page_picture(reader.extract(task.path, task.page.inside, folder, task.password), index, task.password)


def with_recognised(document: LoadedDocument, recognised: tuple[Page, ...]) -> LoadedDocument:
    """Return a document with what was recognised on its pages before, when another version of its loader read it."""
    known = {(page.inside, page.number): page for page in recognised}

    def kept(page: Page) -> Page:
        before = known.get((page.inside, page.number))
        if page.kind != "scanned" or before is None:
            return page
        sized = replace(page, boxes=before.boxes, width=before.width, height=before.height)
        return replace(sized, text=before.text, kind="ocr", note=before.note, confidence=before.confidence)

    return replace(document, pages=tuple(kept(page) for page in document.pages)) if known else document
