"""A folder of many formats that changes from round to round; each version of each file carries a word of its own."""

import random
from email.message import EmailMessage
from pathlib import Path

import docx

from tests.rag.ingestion import files
from tests.soak.papers import word_of

SUFFIXES = (".txt", ".md", ".html", ".pdf", ".docx", ".csv", ".eml", ".py")
_FILLER = "The keeper wrote the weather down and trimmed the lamp, as on each day of that winter. "


class MixedFolder:
    """Files of all kinds, from a few lines to some twenty pages.

    Attributes:
        words: The word of what each file holds now, by name.
        ever: All words that any file ever held.
    """

    def __init__(self, folder: Path, chance: random.Random, count: int) -> None:
        folder.mkdir()
        self.folder = folder
        self.words: dict[str, str] = {}
        self.ever: set[str] = set()
        self._chance = chance
        self._versions = 0
        for number in range(count):
            self._write(f"{number:04}{SUFFIXES[number % len(SUFFIXES)]}")

    def change(self, count: int) -> None:
        """Write new versions of some files, add one and delete one."""
        for name in self._chance.sample(sorted(self.words), count):
            self._write(name)
        gone = self._chance.choice(sorted(self.words))
        (self.folder / gone).unlink()
        del self.words[gone]
        self._write(f"new {self._versions:04}{self._chance.choice(SUFFIXES)}")

    def _write(self, name: str) -> None:
        self._versions += 1
        word = word_of(self._versions)
        paragraphs = [_FILLER * self._chance.randint(1, 8) for _ in range(self._chance.choice((1, 4, 20, 60)))]
        write(self.folder / name, word, paragraphs)
        self.words[name] = word
        self.ever.add(word)


def write(path: Path, word: str, paragraphs: list[str]) -> None:
    """Write a file of the format that its name says."""
    text = "\n\n".join([f"Report {word}.", *paragraphs])
    match path.suffix:
        case ".pdf":
            files.pdf(path, [f"Report {word}. {files.STORY}", *(_wrapped(each) for each in paragraphs)])
        case ".docx":
            document = docx.Document()
            for each in (f"Report {word}.", *paragraphs):
                document.add_paragraph(each)
            document.save(str(path))
        case ".html":
            body = "".join(f"<p>{each}</p>" for each in text.split("\n\n"))
            path.write_text(f"<html><body>{body}</body></html>", "utf-8")
        case ".csv":
            rows = [f'{number},"{each[:200]}"' for number, each in enumerate([f"Report {word}.", *paragraphs])]
            path.write_text("number,entry\n" + "\n".join(rows) + "\n", "utf-8")
        case ".eml":
            message = EmailMessage()
            message["From"], message["To"], message["Subject"] = "keeper@example.org", "all@example.org", "The log"
            message.set_content(text)
            path.write_bytes(bytes(message))
        case ".py":
            path.write_text(f'"""Report {word}."""\n\n' + "\n".join(f"# {each}" for each in paragraphs) + "\n", "utf-8")
        case _:
            path.write_text(text + "\n", "utf-8")


def _wrapped(text: str) -> str:
    words, lines, line = text.split(), [], ""
    for word in words:
        if len(line) + len(word) > 80:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    return "\n".join([*lines, line])
