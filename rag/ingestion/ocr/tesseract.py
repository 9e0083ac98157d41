"""Tesseract, where it is installed: the program is called for each page, its answer is a table of words."""

import csv
import io
import os
import re
import shutil
import subprocess
from functools import cache
from typing import TYPE_CHECKING

from rag.ingestion.ocr.engine import Word

if TYPE_CHECKING:
    from PIL import Image

_WORD_LEVEL = "5"
_LIST_TIMEOUT_S = 10
_PAGE_TIMEOUT_S = 40
"""A page of text takes some seconds; what takes longer is no text to Tesseract."""
_NO_LANGUAGES = frozenset({"osd", "equ", "snum"})
"""Data files that help, but hold no language."""
_GRAIN = 3
"""Of 255 grey levels, by which at least half of all pixels differ from their surroundings."""


class Tesseract:
    """Calls the program `tesseract`; `languages` are names of its data files, the likeliest first."""

    name = "tesseract"

    def __init__(self, program: str, languages: tuple[str, ...]) -> None:
        self._program = program
        self.languages = languages

    def words(self, picture: "Image.Image", dots_per_inch: int) -> list[Word]:
        """Return the words in reading order; raises `OSError` or `subprocess.TimeoutExpired` if the program fails."""
        file = io.BytesIO()
        without_noise(picture.convert("L")).save(file, "PPM")
        modes = ["--psm", "1" if "osd" in installed_data(self._program) else "3", "--dpi", str(dots_per_inch)]
        command = [self._program, "stdin", "stdout", "-l", "+".join(self.languages), *modes, "tsv"]
        done = subprocess.run(
            command,
            input=file.getvalue(),
            capture_output=True,
            check=False,
            env=_environment(),
            timeout=_PAGE_TIMEOUT_S,
        )
        if done.returncode:
            raise OSError(f"tesseract ended with {done.returncode}: {done.stderr.decode('utf-8', 'replace')[-300:]}")
        return read_table(done.stdout.decode("utf-8", "replace"))


def read_table(table: str) -> list[Word]:
    """Return the words of Tesseract's TSV output."""
    words: list[Word] = []
    lines: dict[tuple[str, ...], int] = {}
    blocks: dict[tuple[str, ...], int] = {}
    for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        text = (row["text"] or "").strip()
        if row["level"] != _WORD_LEVEL or not text:
            continue
        paragraph = (row["block_num"], row["par_num"])
        block = blocks.setdefault(paragraph, len(blocks))
        line = lines.setdefault((*paragraph, row["line_num"]), len(lines))
        left, top = float(row["left"]), float(row["top"])
        right, bottom = left + float(row["width"]), top + float(row["height"])
        words.append(Word(text, left, top, right, bottom, max(0.0, float(row["conf"])) / 100, line, block))
    return words


def without_noise(picture: "Image.Image") -> "Image.Image":
    """Return a grey picture without the grain of a scanner; a clean one is returned as it is.

    Grain makes Tesseract take a page for a drawing: it then reads nothing, for a minute.
    """
    from PIL import ImageChops, ImageFilter, ImageStat

    smooth = picture.filter(ImageFilter.MedianFilter(3))
    grain = ImageStat.Stat(ImageChops.difference(picture, smooth)).median[0]
    return smooth if grain >= _GRAIN else picture


def find_tesseract() -> str | None:
    """Return the program's path, if it is installed."""
    return shutil.which("tesseract")


@cache
def installed_data(program: str) -> tuple[str, ...]:
    """Return the names of the data files that the program finds, helpers such as "osd" included."""
    try:
        done = subprocess.run(
            [program, "--list-langs"], capture_output=True, text=True, check=False, timeout=_LIST_TIMEOUT_S
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    lines = (done.stdout + done.stderr).splitlines()
    return tuple(name for line in lines if re.fullmatch(r"[\w/-]+", name := line.strip()))


def installed_languages(program: str) -> tuple[str, ...]:
    """Return the languages that the program can read, sorted."""
    return tuple(sorted(name for name in installed_data(program) if name not in _NO_LANGUAGES))


def _environment() -> dict[str, str]:
    # Each parse process is one core's worth of work; more threads make Tesseract slower on a busy machine.
    return {**os.environ, "OMP_THREAD_LIMIT": "1"}
