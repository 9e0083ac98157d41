"""A known fact in a known place of each format: asked on the command line, found with the right place.

The files of office, mail and archive programs in `tests/data/formats` are made by them; the rest is made here.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.rag.cli.conftest import Carrel
from tests.rag.ingestion import files
from tests.rag.ingestion.scanned_files import mixed_pdf, needs_ocr, scanned_page

FORMATS = Path(__file__).parents[2] / "data" / "formats"
RENT, DEPOSIT, JETTY = "the rent of the boathouse is 412 crowns", "The deposit is 900 crowns.", "The jetty is 61 metres"
LANTERN = "The copper lantern of Skarholm burns four litres"


@dataclass(frozen=True)
class Fact:
    """Words that stand in a file, and where."""

    file: str
    words: str
    kind: str
    value: str
    page: int | None = None
    inside: tuple[str, ...] = ()


OF_REAL_PROGRAMS = [
    Fact("ledger.xlsx", "Spare key | under the third stone", "cells", "Notes!A1:B2", 3),
    Fact("ledger.xls", "Spare key | under the third stone", "cells", "Notes!A1:B2", 3),
    Fact("ledger.ods", "Spare key | under the third stone", "cells", "Notes!A1:B2", 3),
    Fact("ledger.xlsx", "Item | Place | Paid on | Amount | Share\nRope | East wall", "cells", "Costs!A1:E7", 1),
    Fact("talk.pptx", "Ketch | 11 m | 48", "slide", "2", 2),
    Fact("talk.odp", "Ketch | 11 m | 48", "slide", "2", 2),
    Fact("rules.docx", "No anchors in the fairway", "paragraph", "1-13"),
    Fact("rules.odt", "No anchors in the fairway", "paragraph", "1-13"),
    Fact("rules.rtf", "No anchors in the fairway", "paragraph", "1-13"),
    Fact("tides.epub", LANTERN, "chapter", "3", 3),
    Fact("tides-libreoffice.epub", LANTERN, "chapter", "1", 1),
    Fact("mail/mutt.eml", RENT, "message", "1"),
    Fact("mail/s-nail.eml", DEPOSIT, "page", "2", 2, ("lease.pdf",)),
    Fact("mail/mpack.eml", DEPOSIT, "page", "2", 2, ("lease.pdf",)),
    Fact("mail/outlook.msg", "The code of the gate is 7731.", "lines", "1", None, ("The key.eml", "code.txt")),
    Fact("mail/mutt.mbox", DEPOSIT, "page", "2", 2, ("message 1", "lease.pdf")),
    Fact("mail/mutt.mbox", "The regatta begins at noon", "message", "2", 2),
    Fact("mail/moorings.mhtml", "It has 61 berths.", "paragraph", "1-2"),
    Fact("archives/papers.zip", DEPOSIT, "page", "2", 2, ("papers/lease.pdf",)),
    Fact("archives/seven.zip", JETTY, "lines", "1", None, ("papers/Größe.txt",)),
    Fact("archives/papers.tar.gz", JETTY, "lines", "1", None, ("papers/Größe.txt",)),
    Fact("archives/papers.tar.xz", DEPOSIT, "page", "2", 2, ("papers/lease.pdf",)),
    Fact("archives/letter.txt.gz", RENT, "lines", "1-6", None, ("letter.txt",)),
    Fact("locked.ods", "Spare key | under the third stone", "cells", "Notes!A1:B2", 3),
    Fact("locked.odt", "No anchors in the fairway", "paragraph", "1-13"),
]
WRITTEN = {
    "note.md": ("# Lamps\n\nThe bronze lamp hangs over the stairs.\n", "The bronze lamp hangs", "lines", "1-3"),
    "note.txt": ("first\n\n\nThe silver lamp hangs in the hall.\n", "The silver lamp hangs", "lines", "1-4"),
    "page.html": (
        "<html><body><h1>Lamps</h1><p>The tin lamp is lit.</p></body></html>",
        "The tin lamp",
        "paragraph",
        "1-2",
    ),
    "old.log": ("2024-01-01 ok\n2024-01-02 The iron lamp failed\n", "The iron lamp failed", "lines", "1-2"),
    "data.json": ('{\n "lamp": "The glass lamp is broken"\n}\n', "The glass lamp is broken", "lines", "1-3"),
    "rows.jsonl": ('{"lamp": "brass"}\n{"lamp": "The opal lamp is new"}\n', "The opal lamp is new", "lines", "1-2"),
    "data.xml": ("<lamps>\n <lamp>The zinc lamp smokes</lamp>\n</lamps>\n", "The zinc lamp smokes", "lines", "1-3"),
    "data.yaml": ("lamps:\n  - The jade lamp is green\n", "The jade lamp is green", "lines", "1-2"),
    "data.toml": ('[lamps]\nmain = "The onyx lamp is black"\n', "The onyx lamp is black", "lines", "1-2"),
    "film.srt": ("1\n00:00:01,000 --> 00:00:02,000\nThe ruby lamp glows.\n", "The ruby lamp glows.", "lines", "3"),
    "film.vtt": ("WEBVTT\n\n00:01.000 --> 00:02.000\nThe pearl lamp glows.\n", "The pearl lamp", "lines", "4"),
    "code.py": ('def light():\n    """The amber lamp is lit."""\n', "The amber lamp is lit.", "lines", "1-2"),
    "rows.csv": ("Lamp;Room\nThe coral lamp;attic\n", "The coral lamp | attic", "cells", "A1:B2"),
    "rows.tsv": ("Lamp\tRoom\nThe ivory lamp\tcellar\n", "The ivory lamp | cellar", "cells", "A1:B2"),
    "book.rst": ("Lamps\n=====\n\nThe ebony lamp is heavy.\n", "The ebony lamp is heavy.", "lines", "1-4"),
    "notes.org": ("* Lamps\nThe birch lamp is light.\n", "The birch lamp is light.", "lines", "1-2"),
    "paper.tex": ("\\section{Lamps}\nThe cedar lamp smells.\n", "The cedar lamp smells.", "lines", "1-2"),
}


def missing(carrel: Carrel, folder: Path, facts: list[Fact]) -> list[str]:
    """Return what is not found in its place, with what was found instead."""
    return [f"{fact}: {found}" for fact in facts if (found := _wrong(carrel, folder, fact)) is not None]


def _wrong(carrel: Carrel, folder: Path, fact: Fact) -> Any:
    path = folder / fact.file
    results = carrel("search", fact.words, "--collection", "papers", "-k", 40, "--json").json["results"]
    # Files of the same contents are one document: the first of them stands for all.
    of_file = [each for each in results if Path(each["path"]) == path]
    for each in of_file:
        holds = fact.words in each["text"]
        place = (each["locator"], each["page"], tuple(each["inside"]))
        if holds and place == ({"kind": fact.kind, "value": fact.value}, fact.page, fact.inside):
            return None
    return [(each["locator"], each["page"], each["inside"], each["text"][:80]) for each in of_file][:3]


def papers_in(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    folder.mkdir()
    return folder


def test_files_of_real_programs_lead_to_their_places(carrel: Carrel, tmp_path: Path) -> None:
    folder = papers_in(tmp_path)
    shutil.copytree(FORMATS, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.py"))
    (tmp_path / "password").write_text("harbour\n", encoding="utf-8")
    done = carrel("index", folder, "--json", "--password-file", tmp_path / "password").json
    unread = {Path(each["path"]).name for each in done["failed"]}
    assert unread <= {"rules.doc", "locked.zip", "aes.zip", "locked.xls"}
    assert missing(carrel, folder, OF_REAL_PROGRAMS) == []


def test_text_formats_lead_to_their_places(carrel: Carrel, tmp_path: Path) -> None:
    folder = papers_in(tmp_path)
    for name, (text, *_rest) in WRITTEN.items():
        (folder / name).write_text(text, encoding="utf-8")
    notebook = {"cells": [{"cell_type": "markdown", "metadata": {}, "source": "The olive lamp is old."}]}
    (folder / "book.ipynb").write_text(
        json.dumps({**notebook, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8"
    )
    files.pdf(folder / "book.pdf", ["The first page.", "The velvet lamp is soft."])
    assert carrel("index", folder, "--json").json["failed"] == []
    facts = [Fact(name, words, kind, value) for name, (_text, words, kind, value) in WRITTEN.items()]
    facts += [
        Fact("book.ipynb", "The olive lamp is old.", "paragraph", "1"),
        Fact("book.pdf", "The velvet lamp is soft.", "page", "2", 2),
    ]
    assert missing(carrel, folder, facts) == []


@needs_ocr
def test_pictures_and_scans_lead_to_their_places(carrel: Carrel, tmp_path: Path) -> None:
    folder = papers_in(tmp_path)
    animals = {"png": "quokka", "jpg": "walrus", "webp": "narwhal", "tiff": "wombat"}
    for suffix, animal in animals.items():
        scanned_page([f"The {animal} keeps the keys."], noise=8).convert("L").save(folder / f"scan.{suffix}")
    mixed_pdf(folder / "mixed.pdf", ["A page of text.", scanned_page(["The lemur keeps the keys."], skew=1.0)])
    assert carrel("index", folder, "--json").json["failed"] == []
    report = carrel("report", "--collection", "papers", "--json").json
    assert report["pages_by_kind"]["ocr"] == len(animals) + 1
    for name, animal in [*((f"scan.{suffix}", animal) for suffix, animal in animals.items()), ("mixed.pdf", "lemur")]:
        first = carrel("search", animal, "--collection", "papers", "-k", 1, "--json").json["results"][0]
        assert Path(first["path"]).name == name
        assert animal in first["text"]
        assert first["page"] == (2 if name == "mixed.pdf" else 1)
        assert first["locator"]["kind"] == ("page" if name == "mixed.pdf" else "region")


@pytest.mark.parametrize("name", ["rules.doc"])
def test_format_that_is_not_read_is_named_with_its_remedy(carrel: Carrel, tmp_path: Path, name: str) -> None:
    folder = papers_in(tmp_path)
    shutil.copy(FORMATS / name, folder)
    (failed,) = carrel("index", folder, "--json").json["failed"]
    assert name in failed["message"]
    assert ".docx" in failed["remedy"]
