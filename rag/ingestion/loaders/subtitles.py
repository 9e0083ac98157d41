"""Subtitles (SRT, VTT, ASS): what is said, each cue on a line of its own with its time, located by the file's lines."""

import re
from collections.abc import Iterator
from pathlib import Path

from rag.ingestion.loaders.base import damaged_document, empty_document, has_words, loader_identity
from rag.ingestion.loaders.decoding import decode_text
from rag.types import LoadedDocument, Page

_TIMES = re.compile(r"^\s*(?P<start>(?:\d+:)?\d{1,2}:\d{2})[.,]\d{1,3}\s*-->")
_TAGS = re.compile(r"<[^<>\n]{0,200}>|\{\\[^{}\n]{0,200}\}")
_EVENT = re.compile(r"^Dialogue:(?P<fields>[^\n]*)$")
_EVENT_FIELDS = 9
"""Of an ASS event, before its text."""


class SubtitlesLoader:
    name = "subtitles"
    version = 1
    suffixes = frozenset({".srt", ".vtt", ".sbv", ".ass", ".ssa"})
    reads_text = True

    def load(self, path: Path, password: str | None = None) -> LoadedDocument:
        """Return the cues as one page; `password` is of no use here."""
        del password
        lines = decode_text(path.read_bytes(), path).split("\n")
        if not any(map(has_words, lines)):
            raise empty_document(path)
        cues = list(_events(lines) if path.suffix.lower() in {".ass", ".ssa"} else _cues(lines))
        if not cues:
            raise damaged_document(path, "subtitles")
        starts, length = [], 0
        for _, text in cues:
            starts.append(length)
            length += len(text) + 1
        page = Page(
            *(0, None, None, "".join(f"{text}\n" for _, text in cues)),
            locator_kind="lines",
            unit_starts=tuple(starts),
            unit_numbers=tuple(number for number, _ in cues),
        )
        return LoadedDocument(path.stem, self.name, loader_identity(self), (page,))


def _cues(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Yield the line number and the words of each cue of SRT and VTT files."""
    number = 0
    while number < len(lines):
        times = _TIMES.match(lines[number]) or _short_times(lines[number])
        number += 1
        if times is None:
            continue
        first, words = number + 1, []
        while number < len(lines) and lines[number].strip():
            words.append(lines[number])
            number += 1
        text = _plain(" ".join(words))
        if text:
            yield first, f"{times['start']}  {text}"


def _short_times(line: str) -> "re.Match[str] | None":
    """Recognise the times of SBV files: "0:00:01.000,0:00:03.500"."""
    return re.match(r"^\s*(?P<start>\d+:\d{2}:\d{2})\.\d{3},\d+:\d{2}:\d{2}\.\d{3}\s*$", line)


def _events(lines: list[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines, 1):
        event = _EVENT.match(line)
        fields = event["fields"].split(",", _EVENT_FIELDS) if event else []
        if len(fields) > _EVENT_FIELDS:
            text = _plain(fields[-1].replace(r"\N", " ").replace(r"\n", " ").replace(r"\h", " "))
            if text:
                speaker = f"{fields[4].strip()}: " if fields[4].strip() else ""
                yield number, f"{fields[1].strip().partition('.')[0]}  {speaker}{text}"


def _plain(text: str) -> str:
    return " ".join(_TAGS.sub("", text).split())
