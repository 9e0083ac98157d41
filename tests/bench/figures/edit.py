"""An edit in one page of a 300-page document: how soon it is found, and how much of the document is embedded again."""

from __future__ import annotations

from tests.bench.report import Figure, Measure, Options, at_most
from tests.bench.sides.child import measure

SECONDS, SHARE = 5.0, 0.03
_TITLE = "An edit in one page of a 300-page document"


def run(options: Options) -> Figure:
    """Edit a PDF, a Word document and a text of the same length, one after the other."""
    got = measure("edit_side", {"pages": 12 if options.quick else 300})
    measures: list[Measure] = []
    facts = {}
    for kind, each in got.items():
        measures.append(at_most(f"{kind}: found after", "s", each["found_s"], SECONDS, "limit"))
        share = each["embedded"] / each["passages"]
        measures.append(at_most(f"{kind}: embedded again", "of all passages", share, SHARE, "limit"))
        facts[kind] = (
            f"{each['embedded']} of {each['passages']:,} passages embedded again; by words found after "
            f"{each['words_s']:.1f} s, by meaning after {each['found_s']:.1f} s"
        )
    return Figure("edit", _TITLE, tuple(measures), facts)
