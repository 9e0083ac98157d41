"""A folder as people have it: thousands of files of many formats, some of them scans; the same each time."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

from tests.bench.synthetic import Writer

_PARAGRAPH_BYTES = 430
_FILES_IN_FOLDER = 100


def write_mixed(folder: Path, files: int, text_bytes: int, scans: int, seed: int = 11) -> int:
    """Write so many files with so much text in all, and so many scanned pages; returns the bytes of text written."""
    writer, chance = Writer(seed), random.Random(seed)
    kinds = [kind for kind, share in _SHARES.items() for _ in range(share)]
    each = text_bytes / max(1, files - scans)
    written = 0
    for number in range(files - scans):
        kind = kinds[number % len(kinds)]
        wanted = max(1, round(chance.lognormvariate(0.0, 0.6) * each / 1.2 / _PARAGRAPH_BYTES))
        paragraphs = [writer.paragraph(4) for _ in range(wanted)]
        written += sum(len(paragraph) for paragraph in paragraphs)
        path = folder / f"folder {number // _FILES_IN_FOLDER:03}" / f"{writer.title()} {number}.{kind}"
        path.parent.mkdir(parents=True, exist_ok=True)
        _MAKERS[kind](path, paragraphs)
    for number in range(scans):
        _scan(folder / "scans" / f"scan {number:03}.png", [writer.sentence() for _ in range(12)], number)
    return written


def _text(path: Path, paragraphs: list[str]) -> None:
    path.write_text("\n\n".join(paragraphs), encoding="utf-8")


def _markdown(path: Path, paragraphs: list[str]) -> None:
    path.write_text("\n\n".join(f"## Part {number}\n\n{each}" for number, each in enumerate(paragraphs, 1)), "utf-8")


def _html(path: Path, paragraphs: list[str]) -> None:
    body = "".join(f"<h2>Part {number}</h2><p>{each}</p>" for number, each in enumerate(paragraphs, 1))
    path.write_text(f"<html><head><title>{path.stem}</title></head><body>{body}</body></html>", encoding="utf-8")


def _word(path: Path, paragraphs: list[str]) -> None:
    import docx

    document = docx.Document()
    for each in paragraphs:
        document.add_paragraph(each)
    document.save(str(path))


def _sheet(path: Path, paragraphs: list[str]) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Notes")
        sheet.write_row(0, 0, ("Number", "Remark", "Amount"))
        for row, each in enumerate(_sentences(paragraphs), 1):
            sheet.write_row(row, 0, (row, each, row * 3))


def _csv(path: Path, paragraphs: list[str]) -> None:
    rows = "".join(f"{row};{each};{row * 3}\n" for row, each in enumerate(_sentences(paragraphs), 1))
    path.write_text("Number;Remark;Amount\n" + rows, encoding="utf-8")


def _json(path: Path, paragraphs: list[str]) -> None:
    records = [{"number": number, "remark": each} for number, each in enumerate(paragraphs, 1)]
    path.write_text(json.dumps(records, indent=1), encoding="utf-8")


def _mail(path: Path, paragraphs: list[str]) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.org", "b@example.org", path.stem
    message["Date"] = "Mon, 06 Jan 2025 10:00:00 +0000"
    message.set_content("\n\n".join(paragraphs))
    path.write_bytes(message.as_bytes())


def _pdf(path: Path, paragraphs: list[str]) -> None:
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, SimpleDocTemplate

    style = getSampleStyleSheet()["BodyText"]
    SimpleDocTemplate(str(path), invariant=1).build([Paragraph(each, style) for each in paragraphs])


def _slides(path: Path, paragraphs: list[str]) -> None:
    from pptx import Presentation

    show = Presentation()
    for number, each in enumerate(paragraphs, 1):
        slide = show.slides.add_slide(show.slide_layouts[1])
        slide.shapes.title.text, slide.placeholders[1].text = f"Slide {number}", each
    show.save(str(path))


def _scan(path: Path, sentences: list[str], seed: int) -> None:
    """Draw sentences as a scanner would see them: a little turned, with noise."""
    import numpy as np
    from PIL import Image, ImageDraw, ImageFont

    path.parent.mkdir(parents=True, exist_ok=True)
    page = Image.new("L", (1240, 800), 250)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(22)
    for line, sentence in enumerate(sentences):
        draw.text((80, 60 + 55 * line), sentence[:95], fill=20, font=font)
    turned = page.rotate(0.7, fillcolor=250)
    noise = np.random.default_rng(seed).normal(0, 8, (800, 1240))
    Image.fromarray(np.clip(np.asarray(turned) + noise, 0, 255).astype(np.uint8)).save(path)


def _sentences(paragraphs: list[str]) -> list[str]:
    return [f"{sentence.strip()}." for each in paragraphs for sentence in each.split(".") if sentence.strip()]


_MAKERS: dict[str, Callable[[Path, list[str]], None]] = {
    "txt": _text,
    "md": _markdown,
    "html": _html,
    "docx": _word,
    "xlsx": _sheet,
    "csv": _csv,
    "json": _json,
    "eml": _mail,
    "pdf": _pdf,
    "pptx": _slides,
}
_SHARES = {"txt": 7, "md": 5, "html": 4, "docx": 4, "xlsx": 2, "csv": 2, "json": 2, "eml": 5, "pdf": 6, "pptx": 1}
