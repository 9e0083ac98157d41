"""Source code of common languages: the file as it is, with its definitions as headings, located by lines."""

import re
from pathlib import Path

from rag.ingestion.loaders.plain_text import PlainTextLoader
from rag.types import Heading, Page

_DEFINITION = re.compile(
    r"^(?P<indent>[ \t]*)(?:(?:export|default|public|private|protected|static|final|abstract|async|pub|sealed)\s+)*"
    r"(?P<word>def|class|function|func|fn|interface|struct|enum|trait|impl|module|namespace|record|object|protocol)\s+"
    r"(?P<name>[\w.:<>]*\w)[^\n]*$",
    re.MULTILINE,
)


_SUFFIXES = """
.py .pyi .pyx .js .mjs .cjs .ts .tsx .jsx .java .kt .kts .scala .groovy .c .h .cc .cpp .cxx .hpp .hh .hxx .ino .cu .cs
.fs .fsx .vb .bas .vba .go .rs .rb .php .swift .m .mm .lua .pl .pm .r .jl .hs .lhs .ml .mli .ex .exs .erl .hrl .elm
.clj .cljs .lisp .el .scm .rkt .dart .pas .pp .f .for .f90 .f95 .cob .cbl .ada .adb .ads .asm .nim .cr .v .sv .vhd
.vhdl .tcl .awk .sed .sh .bash .zsh .fish .ksh .ps1 .psm1 .bat .cmd .sql .css .scss .sass .less .gradle .cmake .mk
.proto .thrift .graphql .vue .svelte .astro .tf .hcl .nix .zig .sol .glsl .hlsl .wgsl .metal .qml .cypher .sparql .bib
.puml
"""


class SourceCodeLoader(PlainTextLoader):
    name = "code"
    version = 2
    suffixes = frozenset(_SUFFIXES.split())

    def find_headings(self, text: str) -> tuple[Heading, ...]:
        """Find definitions; their level grows with the indent."""
        return tuple(
            Heading(
                match.start(),
                match.end(),
                1 + len(match["indent"].expandtabs(4)) // 2,
                f"{match['word']} {match['name']}",
            )
            for match in _DEFINITION.finditer(text)
        )

    def title(self, path: Path, first: Page) -> str:
        del first
        return path.name
