"""Web pages that a browser saved with all that belongs to them into one file (MHTML)."""

import re
from email.message import Message
from pathlib import Path

from rag.ingestion.loaders.base import damaged_document, empty_document, has_words, loader_identity, readable_title
from rag.ingestion.loaders.contents import Contents
from rag.ingestion.loaders.html import read_html
from rag.ingestion.loaders.mail_words import header_words
from rag.ingestion.loaders.mime import decoded_text, parse
from rag.types import LoadedDocument

_SAVED_PAGE = re.compile(rb"(?mi)^(?:snapshot-content-location:|from:\s*<saved by )")
_RELATED = re.compile(rb"(?mi)^content-type:\s*multipart/related")
_MARK = b"\xef\xbb\xbf"


class MhtmlLoader:
    name = "mhtml"
    version = 2
    suffixes = frozenset({".mht", ".mhtml"})
    described_as = "a saved web page"

    def recognises(self, contents: Contents) -> bool:
        """Tell a saved page by its name and headers, or by what browsers alone write."""
        top = re.split(rb"\r?\n\r?\n", contents.head.lstrip(_MARK + b"\r\n"), maxsplit=1)[0]
        if contents.suffix in self.suffixes:
            return re.search(rb"(?mi)^(?:mime-version|content-type):", top) is not None
        return _RELATED.search(top) is not None and _SAVED_PAGE.search(top) is not None

    def load(self, path: Path, password: str | None = None) -> LoadedDocument:
        """Return the page that was saved; pictures, styles and frames are left out."""
        del password
        message = parse(path.read_bytes())
        pages = [part for part in message.walk() if part.get_content_type() in {"text/html", "application/xhtml+xml"}]
        if not pages:
            raise damaged_document(path, self.described_as)
        seen = read_html(_MARK + decoded_text(_first(message, pages)).encode(), path)
        if not has_words(seen.page.text):
            raise empty_document(path)
        title = readable_title(seen.title or header_words(str(message.get("subject", ""))), path)
        return LoadedDocument(title, self.name, loader_identity(self), (seen.page,))


def _first(message: Message, pages: list[Message]) -> Message:
    """Return the part that the file says it begins with, else the first page in it."""
    start = str(message.get_param("start") or "").strip()
    return next((page for page in pages if start and str(page.get("content-id", "")).strip() == start), pages[0])
