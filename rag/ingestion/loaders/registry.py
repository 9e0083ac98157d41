"""Chooses the loader for a file: by its contents first, by its name where contents do not tell.

A PDF named `.txt` is read as a PDF; a web page named `.pdf` is refused with words that say what it is. Further
loaders enter by the entry point group `carrel.loaders` and come before the built-in ones of the same suffix.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from rag.errors import DocumentError, UnknownFormat
from rag.ingestion.loaders.base import Loader, Recogniser, damaged_document, empty_document
from rag.ingestion.loaders.contents import Contents
from rag.ingestion.loaders.data_text import JsonLoader, TomlLoader, XmlLoader, YamlLoader
from rag.ingestion.loaders.delimited import DelimitedLoader
from rag.ingestion.loaders.docx import DocxLoader
from rag.ingestion.loaders.eml import EmlLoader
from rag.ingestion.loaders.epub import EpubLoader
from rag.ingestion.loaders.html import HtmlLoader
from rag.ingestion.loaders.locked_office import LockedOfficeLoader
from rag.ingestion.loaders.markdown import MarkdownLoader
from rag.ingestion.loaders.markup import AsciiDocLoader, LatexLoader, OrgLoader, RstLoader
from rag.ingestion.loaders.mbox import MboxLoader
from rag.ingestion.loaders.members import MemberReader
from rag.ingestion.loaders.mhtml import MhtmlLoader
from rag.ingestion.loaders.msg import MsgLoader
from rag.ingestion.loaders.notebook import NotebookLoader
from rag.ingestion.loaders.opendocument import OpenDocumentSlidesLoader, OpenDocumentTextLoader
from rag.ingestion.loaders.pdf import PdfLoader
from rag.ingestion.loaders.pictures import PictureLoader
from rag.ingestion.loaders.plain_text import PlainTextLoader
from rag.ingestion.loaders.plugin_loaders import plugin_loaders
from rag.ingestion.loaders.pptx import PptxLoader
from rag.ingestion.loaders.rtf import RtfLoader
from rag.ingestion.loaders.source_code import SourceCodeLoader
from rag.ingestion.loaders.spreadsheet import SpreadsheetLoader
from rag.ingestion.loaders.subtitles import SubtitlesLoader
from rag.ingestion.loaders.tar_archive import PackedFileLoader, TarLoader
from rag.ingestion.loaders.zip_archive import ZipLoader
from rag.plugins import Plugin

NAMED_TEXT = frozenset(
    {"readme", "license", "licence", "copying", "notice", "authors", "changelog", "makefile", "dockerfile"}
)
"""Names without ending that are text."""
NAMED_MAIL = frozenset({"mbox", "inbox", "sent"})
"""Names without ending under which mail programs keep or export a mailbox."""
_ARCHIVE = "a compressed archive"
NOT_YET = {
    ".doc": "Word 97",
    ".ppt": "PowerPoint",
    ".pages": "Pages",
    ".djvu": "DjVu",
    ".key": "Keynote",
    ".numbers": "Numbers",
    ".mobi": "Kindle",
    ".azw3": "Kindle",
    ".wpd": "WordPerfect",
    ".vsd": "Visio",
    ".vsdx": "Visio",
    ".7z": "7-Zip",
    ".rar": "RAR",
}
"""Formats that are listed as unread where a folder holds them, since someone would miss what is in them."""
_BINARY_MAGIC = (
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\x1f\x8b", _ARCHIVE),
    (b"7z\xbc\xaf", _ARCHIVE),
    (b"Rar!", _ARCHIVE),
    (b"SQLite format 3\0", "a database"),
    (b"GGUF", "a model"),
)


class Loaders:
    """The known loaders, in order of preference.

    Attributes:
        all: All that can be used.
        plugins: What is to be said of those that installed packages offer.
    """

    def __init__(self, loaders: Sequence[Loader], plugins: Sequence[Plugin] = ()) -> None:
        self.all = tuple(loaders)
        self.plugins = tuple(plugins)
        self._by_suffix: dict[str, Loader] = {}
        for loader in reversed(loaders):
            self._by_suffix.update(dict.fromkeys(loader.suffixes, loader))

    @property
    def suffixes(self) -> frozenset[str]:
        """Return all endings that some loader reads."""
        return frozenset(self._by_suffix)

    def wanted(self, path: Path) -> bool:
        """Tell whether a file found in a folder is a document, or one that its owner would miss."""
        suffix = path.suffix.lower()
        return (
            suffix in self._by_suffix
            or suffix in NOT_YET
            or (not suffix and path.name.lower() in NAMED_TEXT | NAMED_MAIL)
        )

    def choose(self, path: Path) -> Loader:
        """Return the loader for the file; raises `DocumentError` where there is none. Reads a few of its bytes."""
        contents = Contents(path)
        if not contents.head:
            raise _zero_bytes(path)
        for loader in self.all:
            if _takes(loader, contents):
                return loader
        if contents.is_zip:
            raise self._unread_zip(contents)
        if contents.is_ole:
            if contents.streams is None:
                raise damaged_document(path, self.described_as(path) or "a file of an old Office format")
            raise _ole_error(contents)
        _refuse_magic(contents.head, path)
        return self._for_text(contents)

    def described_as(self, path: Path) -> str | None:
        """Return what a file of this name would be, "a Word document"; None where any text may have it."""
        suffix = path.suffix.lower()
        loader = self._by_suffix.get(suffix)
        if isinstance(loader, Recogniser):
            return loader.described_as
        return NOT_YET.get(suffix)

    def _unread_zip(self, contents: Contents) -> DocumentError:
        path = contents.path
        if contents.members is None:
            return damaged_document(path, self.described_as(path) or "a ZIP archive")
        return not_yet(path) if contents.suffix in NOT_YET else _not_what_it_says(path, "a ZIP archive")

    def _for_text(self, contents: Contents) -> Loader:
        loader = self._by_suffix.get(contents.suffix)
        if isinstance(loader, Recogniser):
            raise _text_in_disguise(contents, loader.described_as)
        if contents.suffix in NOT_YET:
            raise not_yet(contents.path)
        # A text of unknown ending is still a text; bytes that are none are refused while they are decoded.
        return loader or self._by_suffix[".txt"]


def _takes(loader: Loader, contents: Contents) -> bool:
    """Tell whether a loader wants the file, whatever else it might be; text is only told by its name."""
    if isinstance(loader, Recogniser):
        return loader.recognises(contents)
    return contents.suffix in loader.suffixes and not getattr(loader, "reads_text", False)


def _text_in_disguise(contents: Contents, kind: str) -> DocumentError:
    path = contents.path
    start = contents.head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return UnknownFormat(
            f"“{path.name}” is a web page, not {kind}.",
            remedy="Download the document again, or rename the file to .html to read the page.",
            path=path,
        )
    return damaged_document(path, kind)


def _zero_bytes(path: Path) -> DocumentError:
    error = empty_document(path)
    error.message = f"“{path.name}” is empty: it has no bytes."
    return error


def _refuse_magic(head: bytes, path: Path) -> None:
    for magic, kind in _BINARY_MAGIC:
        if head.startswith(magic) and (len(magic) > 2 or b"\0" in head):
            raise _not_what_it_says(path, kind)


def _not_what_it_says(path: Path, kind: str) -> UnknownFormat:
    return UnknownFormat(
        f"“{path.name}” is {kind}, which cannot be read as a document.",
        remedy="Unpack it and add what was in it."
        if kind == _ARCHIVE
        else "Add a PDF, Word document, web page or text file instead.",
        path=path,
    )


def not_yet(path: Path) -> UnknownFormat:
    """Return the error for a document format that is known, but not read."""
    kind = NOT_YET[path.suffix.lower()]
    return UnknownFormat(
        f"“{path.name}” is a file of the format {kind}, which is not read.",
        remedy="Save it as PDF or as a Word document (.docx) and add that.",
        path=path,
    )


def _ole_error(contents: Contents) -> DocumentError:
    if contents.suffix in NOT_YET:
        return not_yet(contents.path)
    return _not_what_it_says(contents.path, "a file of an old Office format")


@cache
def default_loaders() -> Loaders:
    """Return the loaders of entry points and the built-in ones, made once in each process.

    The first that recognises a file reads it, so loaders of a special kind of a container come before general ones.
    """
    members = MemberReader(default_loaders)
    word, slides, sheets = DocxLoader(), PptxLoader(), SpreadsheetLoader()
    return _with_plugins(
        [
            LockedOfficeLoader(word, slides, sheets),
            word,
            slides,
            sheets,
            OpenDocumentTextLoader(),
            OpenDocumentSlidesLoader(),
            RtfLoader(),
            EpubLoader(),
            MboxLoader(members),
            MhtmlLoader(),
            EmlLoader(members),
            MsgLoader(members),
            ZipLoader(members),
            TarLoader(members),
            PackedFileLoader(members),
            # A PDF may have other bytes in front, and an archive may begin with a PDF: archives are asked first.
            PdfLoader(members),
            PictureLoader(),
            DelimitedLoader(),
            MarkdownLoader(),
            HtmlLoader(),
            *(NotebookLoader(), SubtitlesLoader(), RstLoader(), OrgLoader(), AsciiDocLoader(), LatexLoader()),
            *(JsonLoader(), YamlLoader(), TomlLoader(), XmlLoader()),
            SourceCodeLoader(),
            PlainTextLoader(),
        ]
    )


def _with_plugins(own: list[Loader]) -> Loaders:
    further, plugins = plugin_loaders({loader.name for loader in own})
    return Loaders([*further, *own], plugins)
