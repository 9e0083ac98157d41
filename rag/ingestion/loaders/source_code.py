"""Source code of common languages: the file as it is, with its definitions as headings, located by lines."""

import re
from pathlib import Path

from rag.ingestion.loaders.base import empty_document, has_words, loader_identity
from rag.ingestion.loaders.decoding import decode_text, line_starts
from rag.types import Heading, LoadedDocument, Page

_DEFINITION = re.compile(
    r"^(?P<indent>[ \t]*)(?:(?:export|default|public|private|protected|static|final|abstract|async|pub|sealed)\s+)*"
    r"(?P<word>def|class|function|func|fn|interface|struct|enum|trait|impl|module|namespace|record|object|protocol)\s+"
    r"(?P<name>[\w.:<>]*\w)[^\n]*$",
    re.MULTILINE,
)


_SUFFIXES = """
.py .pyi .js .mjs .cjs .ts .tsx .jsx .java .kt .scala .c .h .cc .cpp .cxx .hpp .cs .go .rs .rb .php .swift .m .mm .lua
.pl .r .jl .hs .ml .ex .exs .erl .clj .dart .sh .bash .zsh .ps1 .bat .sql .css .scss .yaml .yml .toml .ini .cfg .conf
.json .jsonl .xml .gradle .cmake .proto .graphql .vue .svelte .tf .nix .zig
"""


class SourceCodeLoader:
    name = "code"
    version = 1
    suffixes = frozenset(_SUFFIXES.split())
    reads_text = True

    def load(self, path: Path, password: str | None = None) -> LoadedDocument:
        """Return the whole file as one page; `password` is of no use here."""
        del password
        text = decode_text(path.read_bytes(), path)
        if not has_words(text):
            raise empty_document(path)
        page = Page(
            0, None, None, text, locator_kind="lines", unit_starts=line_starts(text), headings=_definitions(text)
        )
        return LoadedDocument(path.name, self.name, loader_identity(self), (page,))


def _definitions(text: str) -> tuple[Heading, ...]:
    """Find definitions; their level grows with the indent."""
    return tuple(
        Heading(
            match.start(), match.end(), 1 + len(match["indent"].expandtabs(4)) // 2, f"{match['word']} {match['name']}"
        )
        for match in _DEFINITION.finditer(text)
    )
