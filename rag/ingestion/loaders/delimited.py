"""CSV and TSV: rows located by cells, as a spreadsheet program would number them; long files are read in part.

The delimiter is found by counting: the sign that cuts the first lines into equally many fields. Fields are read with
the csv module, so quoted fields may hold delimiters and line ends.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from rag.ingestion.loaders.base import empty_document, has_words, loader_identity
from rag.ingestion.loaders.decoding import decode_text
from rag.ingestion.loaders.sheet_pages import Row, SheetText
from rag.types import LoadedDocument, Page, Skipped

MOST_CHARACTERS = 16_000_000
"""Of the pages together; more is no text that anybody asks about, and would take hours to embed."""
_MOST_BYTES = 400_000_000
"""Read of a file; with the decoded text it takes three times as much memory."""
_DELIMITERS = (",", ";", "\t", "|")
_SAMPLE_CHARACTERS = 64_000
_SAMPLE_RECORDS = 50
_FIELD_CHARACTERS = 10_000_000


class DelimitedLoader:
    name = "csv"
    version = 1
    suffixes = frozenset({".csv", ".tsv", ".tab", ".psv"})
    reads_text = True

    def load(self, path: Path, password: str | None = None) -> LoadedDocument:
        """Return the rows as pages of cells; `password` is of no use here."""
        del password
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES)
            cut = bool(file.read(1))
        text = decode_text(data, path)
        del data
        if not has_words(text):
            raise empty_document(path)
        sheet = SheetText(path.stem, "", None)
        pages: list[Page] = []
        skipped: tuple[Skipped, ...] = ()
        characters = 0
        for page in sheet.pages(_rows(text, find_delimiter(text, path.suffix.lower()))):
            pages.append(replace(page, index=len(pages)))
            characters += len(page.text)
            if characters > MOST_CHARACTERS:
                cut = True
                break
        if cut:
            reason = f"The file is too long to be read whole: rows from {sheet.last_row + 1:,} on were left out."
            skipped = (Skipped(f"{path.name}, rows from {sheet.last_row + 1:,}", reason),)
        return LoadedDocument(path.stem, self.name, loader_identity(self), tuple(pages), skipped=skipped)


def find_delimiter(text: str, suffix: str) -> str:
    """Return the sign between the fields: what cuts most of the first records into equally many fields."""
    sample = text[:_SAMPLE_CHARACTERS]
    if sample.startswith("sep=") and len(sample) > 4:
        return sample[4]  # What Excel writes for itself.
    usual = "\t" if suffix in {".tsv", ".tab"} else "|" if suffix == ".psv" else ","
    return max((usual, *_DELIMITERS), key=lambda delimiter: _evenness(sample, delimiter))


def _evenness(sample: str, delimiter: str) -> float:
    """Return how many fields records have, if they agree on it; 0 where the sign cuts nothing."""
    try:
        records = list(islice(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter), _SAMPLE_RECORDS))
    except csv.Error:
        return 0.0
    # The last record of the sample may be cut.
    widths = [len(record) for record in (records[:-1] or records) if record]
    if not widths:
        return 0.0
    width, count = Counter(widths).most_common(1)[0]
    return 0.0 if width < 2 else count / len(widths) * 10 + min(width, 9) / 10


def _rows(text: str, delimiter: str) -> Iterator[Row]:
    lines = io.StringIO(text, newline="")
    if text.startswith("sep=") and text[4:6] == f"{delimiter}\n":
        lines.readline()
    csv.field_size_limit(_FIELD_CHARACTERS)
    reader = csv.reader(lines, delimiter=delimiter)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            continue  # A field without end: the rest of its line is lost to any reader; the next record is not.
        yield number, [cell.strip() for cell in cells]
