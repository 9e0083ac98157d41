"""EPUB books: one page for each chapter in the order of the spine, called as the book's own contents call it."""

import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from rag.errors import DocumentError, EmptyDocument, EncryptedDocument
from rag.ingestion.loaders import progress
from rag.ingestion.loaders.base import damaged_document, empty_document, has_words, loader_identity, readable_title
from rag.ingestion.loaders.html import read_html
from rag.ingestion.loaders.packages import SafePackage, open_package
from rag.types import LoadedDocument, Page

if TYPE_CHECKING:
    from lxml.etree import _Element

    from rag.ingestion.loaders.contents import Contents

_KIND = "an EPUB book"
_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_MANGLED_FONTS = frozenset({"http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"})
"""What is called encryption, but only keeps fonts from being copied."""
_PAGES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document"})

ContentsEntry = tuple[int, str, str]
"""Level from 1, title, name of the member."""


class EpubLoader:
    name = "epub"
    version = 2
    suffixes = frozenset({".epub"})
    described_as = _KIND

    def recognises(self, contents: "Contents") -> bool:
        return contents.mimetype == "application/epub+zip" or (
            contents.suffix in self.suffixes and contents.has_member(_CONTAINER)
        )

    def load(self, path: Path, password: str | None = None) -> LoadedDocument:
        """Return the chapters; books with digital rights management are refused, since no password opens them."""
        del password
        with open_package(path, kind=_KIND) as package:
            _refuse_locked(package, path)
            book = _Book(package, path)
            entries = book.contents()
            pages = list(book.pages({name: title for _, title, name in reversed(entries)}))
        if not any(has_words(page.text) for page in pages):
            raise empty_document(path)
        index_of = {name: index for index, name in enumerate(book.spine)}
        return LoadedDocument(
            readable_title(book.metadata("title"), path),
            self.name,
            loader_identity(self),
            tuple(pages),
            author=book.metadata("creator"),
            outline=tuple((level, title, index_of[name]) for level, title, name in entries if name in index_of),
        )


def _refuse_locked(package: SafePackage, path: Path) -> None:
    if _ENCRYPTION not in package:
        return
    methods = package.xml(_ENCRYPTION).findall(".//{*}EncryptionMethod")
    if {method.get("Algorithm") for method in methods} - _MANGLED_FONTS:
        raise EncryptedDocument(
            f"“{path.name}” is locked by its shop (DRM): only the shop's own program can read it.",
            remedy="Ask the shop for a copy without DRM.",
            path=path,
        )


@dataclass(frozen=True)
class _Item:
    name: str
    media_type: str
    properties: str


class _Book:
    """The package document of an open EPUB; one thread.

    Attributes:
        spine: Names of the members that are its chapters, in reading order.
    """

    def __init__(self, package: SafePackage, path: Path) -> None:
        self._package = package
        self._path = path
        rootfile = package.xml(_CONTAINER).find(".//{*}rootfile")
        self._opf = "" if rootfile is None else unquote(rootfile.get("full-path") or "")
        self._root = package.xml(self._opf)
        self._items = {
            item.get("id") or "": _Item(
                _resolved(self._opf, item.get("href")), item.get("media-type") or "", item.get("properties") or ""
            )
            for item in self._root.findall("{*}manifest/{*}item")
        }
        references = [item.get("idref") or "" for item in self._root.findall("{*}spine/{*}itemref")]
        chapters = [self._items[each] for each in references if each in self._items]
        self.spine = tuple(dict.fromkeys(each.name for each in chapters if each.media_type in _PAGES))
        if not self.spine:
            raise damaged_document(path, _KIND)

    def metadata(self, name: str) -> str | None:
        found = self._root.find(f"{{*}}metadata/{{http://purl.org/dc/elements/1.1/}}{name}")
        return None if found is None or not found.text else found.text.strip()

    def pages(self, titles: dict[str, str]) -> Iterator[Page]:
        """Yield a page for each chapter; `failed` if it is missing or damaged, `empty` if it has only pictures."""
        for index, name in enumerate(self.spine):
            progress.step(index, len(self.spine))
            number = index + 1
            try:
                seen = read_html(self._package.read(name), self._path)
            except EmptyDocument:
                yield Page(index, number, titles.get(name, str(number)), "", "empty", "chapter")
                continue
            except DocumentError:
                note = "The chapter is missing or damaged."
                yield Page(index, number, titles.get(name, str(number)), "", "failed", "chapter", note=note)
                continue
            first = next((heading.title for heading in seen.page.headings if heading.title), None)
            label = titles.get(name) or first or str(number)
            found = replace(seen.page, index=index, number=number, label=label, locator_kind="chapter")
            found = replace(found, unit_starts=(), unit_numbers=())
            yield found if has_words(found.text) else replace(found, kind="empty")

    def contents(self) -> list[ContentsEntry]:
        """Return the book's own table of contents: that of EPUB 3, else that of EPUB 2, else none."""
        for item in self._items.values():
            if "nav" in item.properties.split() and (entries := self._read_contents(item.name, _nav_entries)):
                return entries
        for item in self._items.values():
            if item.media_type == "application/x-dtbncx+xml" and (
                entries := self._read_contents(item.name, _ncx_entries)
            ):
                return entries
        return []

    def _read_contents(
        self, name: str, entries: "Callable[[_Element], Iterator[tuple[int, str, str | None]]]"
    ) -> list[ContentsEntry]:
        try:
            root = self._package.xml(name)
        except DocumentError:
            return []
        found = ((level, " ".join(title.split()), _resolved(name, link)) for level, title, link in entries(root))
        return [entry for entry in found if entry[1]]


def _nav_entries(root: "_Element") -> Iterator[tuple[int, str, str | None]]:
    kind = "{http://www.idpf.org/2007/ops}type"
    navs = root.findall(".//{*}nav")
    contents = next((nav for nav in navs if "toc" in (nav.get(kind) or "").split()), navs[0] if navs else None)
    if contents is None:
        return
    for link in contents.iter("{*}a"):
        level = sum(1 for _ in link.iterancestors("{*}ol"))
        yield max(1, level), _words(link), link.get("href")


def _ncx_entries(root: "_Element") -> Iterator[tuple[int, str, str | None]]:
    for point in root.iter("{*}navPoint"):
        label, content = point.find("{*}navLabel"), point.find("{*}content")
        level = 1 + sum(1 for _ in point.iterancestors("{*}navPoint"))
        if label is not None and content is not None:
            yield level, _words(label), content.get("src")


def _words(element: "_Element") -> str:
    return "".join(str(part) for part in element.itertext())


def _resolved(base: str, link: str | None) -> str:
    """Return the member that a link in the member `base` leads to."""
    target = unquote((link or "").partition("#")[0])
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), target)) if target else base
