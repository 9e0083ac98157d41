"""A folder with files that cannot be read, each for another reason, and a few that can."""

from pathlib import Path

from PIL import Image
from pypdf import PdfReader, PdfWriter
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas


def write_troubles(folder: Path) -> Path:
    """Write the files; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_pdf(folder / "Letter to the insurance.pdf", "The damage to the roof was reported on 4 March.")
    _encrypt(folder / "Letter to the insurance.pdf", folder / "Tax return 2024 (with a password).pdf")
    (folder / "Receipt, damaged.pdf").write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 20)
    _write_scan(folder / "Scan of the deed.pdf")
    (folder / "Notes.txt").write_bytes(b"")
    (folder / "Shopping list.md").write_text(
        "# Shopping\n\nPaint, brushes, and two panes of glass.\n", encoding="utf-8"
    )
    return folder


def _write_pdf(path: Path, text: str) -> None:
    canvas = Canvas(str(path))
    canvas.drawString(72, 720, text)
    canvas.save()


def _encrypt(source: Path, target: Path) -> None:
    writer = PdfWriter(clone_from=PdfReader(source))
    writer.encrypt("secret")
    writer.write(target)


def _write_scan(path: Path) -> None:
    canvas = Canvas(str(path))
    canvas.drawImage(ImageReader(Image.new("L", (600, 800), 200)), 0, 0, 595, 842)
    canvas.save()
