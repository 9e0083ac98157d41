"""Makes the PDF and DOCX files of the sample collection from `sources/`; the others in it are written by hand.

Run it after a change to a source: `python packaging/samples/make_samples.py`. The files are kept in the repository, so
the program itself needs neither reportlab nor this script. The same sources give the same bytes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pdf_book import Book, LabelRange, write_pdf
from reportlab.lib.pagesizes import A5, B5
from reportlab.lib.units import mm
from word_file import WordFile, write_docx

_HERE = Path(__file__).resolve().parent
_DOCUMENTS = _HERE.parents[1] / "resources" / "samples" / "documents"

BOOKS = (
    Book(
        source="lease.txt",
        file_name="Lease of the houses.pdf",
        title="Lease of the Keepers’ Houses on the island of Fetterholm",
        author="The Ellery Harbour Trust",
        subject="Lease of 14 March 2022 between the Ellery Harbour Trust and the Fetterholm House Association",
        keywords="lease, rent, repairs, Fetterholm",
        paper=B5,
        margin=21 * mm,
        font="Times",
        size=11.4,
        running_head="Lease of the Keepers’ Houses",
        labels=(LabelRange(1, "ROMAN_LOWER"), LabelRange(4, "ARABIC"), LabelRange(11, "ARABIC", "A-")),
    ),
    Book(
        source="boiler.txt",
        file_name="Boiler manual.pdf",
        title="Tallowby 24: installation, use and care",
        author="Tallowby Heating Works",
        subject="Manual of a wall-hung boiler for bottled gas, third edition",
        keywords="boiler, heating, propane, fault codes",
        paper=A5,
        margin=16 * mm,
        font="Helvetica",
        size=10.8,
        running_head="Tallowby 24 · third edition",
        labels=(LabelRange(1, None, "Cover"), LabelRange(2, "ARABIC", "A-"), LabelRange(6, "ARABIC", "B-")),
    ),
    Book(
        source="diary.txt",
        file_name="Expedition diary 1911.pdf",
        title="The Corncrake Diary: a summer’s survey of the Fetterholm Bank, 1911",
        author="Wilhelmina Sayle",
        subject="Fetterholm Museum, Paper No. 7, transcribed by Rosalind Quayle",
        keywords="diary, expedition, botany, 1911",
        paper=(120 * mm, 180 * mm),
        margin=15 * mm,
        font="Times",
        size=11.2,
        running_head="The Corncrake Diary",
        labels=(LabelRange(1, "ROMAN_LOWER"), LabelRange(4, "ARABIC")),
    ),
)
WORD_FILES = (
    WordFile(
        "house-rules.txt",
        "House rules.docx",
        "House Rules",
        "Fetterholm House Association",
        datetime(2023, 2, 18, 16, 0, tzinfo=UTC),
    ),
    WordFile(
        "annual-meeting.txt",
        "Annual meeting 2023.docx",
        "Minutes of the Annual Meeting 2023",
        "Tobias Renn",
        datetime(2023, 11, 20, 19, 30, tzinfo=UTC),
    ),
)


def make_samples(folder: Path) -> list[Path]:
    """Write every generated sample document into `folder` and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    sources = _HERE / "sources"
    pdfs = [write_pdf(book, sources, folder) for book in BOOKS]
    return pdfs + [write_docx(word_file, sources, folder) for word_file in WORD_FILES]


if __name__ == "__main__":
    for made in make_samples(_DOCUMENTS):
        print(f"{made.name}: {made.stat().st_size:,} bytes")
