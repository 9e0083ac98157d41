"""Documents made up of the sample documents' own words: as many as a measurement needs, the same each time."""

from __future__ import annotations

import random
import re
from pathlib import Path

from tests.bench.places import ROOT

_SAMPLES = ROOT / "resources" / "samples" / "documents"


class Writer:
    """Writes paragraphs of shuffled words; the same seed gives the same text."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        text = " ".join(path.read_text(encoding="utf-8") for path in sorted(_SAMPLES.glob("*.[mt][dx]*")))
        self._words = sorted(set(re.findall(r"[A-Za-z]{2,}", text)))

    def sentence(self) -> str:
        words = [self._random.choice(self._words) for _ in range(self._random.randint(8, 20))]
        number = self._random.randint(2, 9999)
        return f"{' '.join(words).capitalize()} {number}."

    def paragraph(self, sentences: int) -> str:
        return " ".join(self.sentence() for _ in range(sentences))

    def title(self) -> str:
        return " ".join(self._random.choice(self._words) for _ in range(3)).capitalize()


def write_notes(folder: Path, files: int, sections: int, seed: int = 1) -> list[Path]:
    """Write Markdown files of short sections, about one passage each."""
    folder.mkdir(parents=True, exist_ok=True)
    writer = Writer(seed)
    paths = []
    for number in range(files):
        parts = [f"# {writer.title()}"]
        for section in range(sections):
            parts.append(f"## {section + 1}. {writer.title()}\n\n{writer.paragraph(3)}")
        paths.append(folder / f"notes-{seed}-{number:03}.md")
        paths[-1].write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return paths


def write_pdf(path: Path, pages: int, seed: int = 2, paragraphs: int = 6) -> Path:
    """Write a PDF of full pages of running text."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate

    path.parent.mkdir(parents=True, exist_ok=True)
    writer = Writer(seed)
    style = getSampleStyleSheet()["BodyText"]
    heading = getSampleStyleSheet()["Heading2"]
    story = []
    for number in range(pages):
        story.append(Paragraph(f"{number + 1}. {writer.title()}", heading))
        story += [Paragraph(writer.paragraph(5), style) for _ in range(paragraphs)]
        story.append(PageBreak())
    SimpleDocTemplate(str(path), pagesize=A4, invariant=1).build(story)
    return path
