"""Documents that cannot be read, each bad in one way."""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.rag.ingestion import files

PASSWORD = "open sesame 4711"
STORY = files.STORY


@dataclass(frozen=True)
class Bad:
    """A bad file: how it is made, and what must be said of it."""

    make: Callable[[Path], object]
    code: str
    words: str


def damaged_pdf(path: Path) -> None:
    files.pdf(path, [STORY])
    data = path.read_bytes()
    path.write_bytes(data[:200] + files.noise_bytes(len(data)))


def cut_word(path: Path) -> None:
    files.word(path)
    path.write_bytes(path.read_bytes()[:-300])


def locked_word(path: Path) -> None:
    files.locked(files.word(path), PASSWORD)


def zip_named_word(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("holiday.txt", "not a Word document")


def hollow_word(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<w:document")


BAD: dict[str, Bad] = {
    "encrypted.pdf": Bad(
        lambda path: files.encrypted(files.pdf(path, [STORY]), PASSWORD), "document_encrypted", "password"
    ),
    "encrypted.docx": Bad(locked_word, "document_encrypted", "password"),
    "damaged.pdf": Bad(damaged_pdf, "document_damaged", "damaged"),
    "damaged.docx": Bad(cut_word, "document_damaged", "damaged"),
    "hollow.docx": Bad(hollow_word, "document_damaged", "damaged"),
    "empty.pdf": Bad(lambda path: files.pdf(path, ["", ""]), "document_empty", "contains no text"),
    "zero.txt": Bad(Path.touch, "document_empty", "no bytes"),
    "zero.pdf": Bad(Path.touch, "document_empty", "no bytes"),
    "zero.docx": Bad(Path.touch, "document_empty", "no bytes"),
    "blank.md": Bad(lambda path: path.write_text(" \n\n\t\n"), "document_empty", "contains no text"),
    "page.pdf": Bad(
        lambda path: path.write_text("<!DOCTYPE html><html><body>404</body></html>"), "document_format", "web page"
    ),
    "zip.docx": Bad(zip_named_word, "document_format", "ZIP archive"),
    "picture.txt": Bad(
        lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + files.noise_bytes(5000)), "document_damaged", "a picture"
    ),
    "noise.txt": Bad(lambda path: path.write_bytes(files.noise_bytes(20_000)), "document_format", "binary data"),
    "program.md": Bad(
        lambda path: path.write_bytes(b"\x7fELF" + files.noise_bytes(3000)), "document_format", "a program"
    ),
    "encoding.txt": Bad(
        lambda path: path.write_bytes(bytes(byte | 0x80 for byte in files.noise_bytes(4000))),
        "document_format",
        "The encoding of",
    ),
    "old.doc": Bad(lambda path: path.write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600)), "document_format", "Word 97"),
}
