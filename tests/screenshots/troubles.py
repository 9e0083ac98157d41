"""A folder with every kind of trouble in it: files that cannot be read, each for another reason, and some that can."""

import io
from email.message import EmailMessage
from pathlib import Path
from zipfile import ZipFile

from PIL import Image, ImageDraw, ImageFont
from pypdf import PdfReader, PdfWriter
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

_SHOPPING = "# Shopping\n\nPaint, brushes, and two panes of glass.\n"
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October")


def write_troubles(folder: Path) -> Path:
    """Write the files; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_pdf(folder / "Letter to the insurance.pdf", "The damage to the roof was reported on 4 March.")
    _encrypt(folder / "Letter to the insurance.pdf", folder / "Tax return 2024 (with a password).pdf")
    (folder / "Receipt, damaged.pdf").write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 20)
    _write_scan(folder / "Scan of the deed.pdf")
    _write_survey(folder / "Survey of the harbour house, with the letters and the plans of all its storeys.pdf")
    _write_archive(folder / "Enclosures.zip")
    _write_mail(folder / "Answer of the insurance.eml")
    (folder / "Running costs.csv").write_text(_costs(), encoding="utf-8")
    (folder / "Table without rows.xlsx").write_bytes(b"PK\x03\x04 not a table at all")
    (folder / "Shopping list, copied.md").write_text(_SHOPPING, encoding="utf-8")
    (folder / "Notes.txt").write_bytes(b"")
    (folder / "Shopping list.md").write_text(_SHOPPING, encoding="utf-8")
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


def _scan(text: str) -> Image.Image:
    """Return a picture of a page with a few lines of print."""
    picture = Image.new("L", (1240, 1754), 247)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(34)
    for number, line in enumerate(text.splitlines()):
        draw.text((150, 200 + 60 * number), line, fill=30, font=font)
    return picture


def _write_survey(path: Path) -> None:
    """Write a PDF of 96 pages in which each kind of page is found."""
    canvas = Canvas(str(path))
    letter = ImageReader(
        _scan("The surveyor found the roof sound,\nbut the gutter on the north side\nmust be renewed before winter.")
    )
    for number in range(1, 97):
        if number in (12, 13, 47, 80):
            canvas.drawImage(letter, 0, 0, 595, 842)
        elif number % 29 != 0:
            for line in range(20):
                said = f"Storey {number % 5 + 1}, room {number}, item {line + 1}: the wall is dry, the window closes."
                canvas.drawString(72, 760 - 30 * line, said)
        canvas.showPage()
    canvas.save()


def _write_archive(path: Path) -> None:
    older = io.BytesIO()
    with ZipFile(older, "w") as archive:
        archive.writestr("Letter of the harbour master.txt", "The mooring is let until the end of September.")
        archive.writestr("thumbs.db", b"\x00" * 64)
    lease = io.BytesIO()
    canvas = Canvas(lease)
    for text in (
        "The lease of the boathouse.",
        "The deposit is four hundred crowns.",
        "The key is with the neighbour.",
    ):
        canvas.drawString(72, 720, text)
        canvas.showPage()
    canvas.save()
    with ZipFile(path, "w") as archive:
        archive.writestr("Lease of the boathouse.pdf", lease.getvalue())
        archive.writestr("Older letters.zip", older.getvalue())
        archive.writestr("Broken.pdf", b"%PDF-1.7 nothing")
        archive.writestr("Program.exe", b"MZ" + b"\x00" * 64)


def _write_mail(path: Path) -> None:
    message = EmailMessage()
    message["From"], message["To"] = "claims@insurance.example", "anna@house.example"
    message["Subject"], message["Date"] = "Damage to the roof", "Mon, 11 Mar 2024 09:30:00 +0100"
    message.set_content("The damage is covered. Send us the bill of the roofer by the end of May.")
    message.add_attachment("Roof tiles;120;3.50", subtype="csv", filename="Estimate.csv")
    path.write_bytes(bytes(message))


def _costs() -> str:
    lines = [
        f"{month},{900 + 10 * number},{60 - number},{'yes' if number % 3 else 'no'}"
        for number, month in enumerate(_MONTHS)
    ]
    return "\n".join(["Month,Rent,Heating,Paid", *lines])
