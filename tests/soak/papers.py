"""The documents on disk, which are added, changed, removed and renamed, and what is known of them."""

import random
from hashlib import blake2b
from pathlib import Path

from tests.rag.ingestion import files

_MOST_FILES = 40
_FILLER = "The keeper wrote the weather down and trimmed the lamp, as on each day of that winter. "


class Papers:
    """A folder of documents; each text carries a word that no other file, and no other version, has.

    Attributes:
        words: The word of what each file holds now, by name.
    """

    def __init__(self, folder: Path, chance: random.Random) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.words: dict[str, str] = {}
        self._chance = chance
        self._counter = 0

    def add(self) -> str:
        """Write a new document; returns what was done."""
        if len(self.words) >= _MOST_FILES:
            return self.remove()
        suffix = self._chance.choice((".txt", ".txt", ".md", ".pdf"))
        return self._write(f"paper {self._counter}{suffix}")

    def change(self) -> str:
        return self._write(self._any()) if self.words else self.add()

    def remove(self) -> str:
        if not self.words:
            return self.add()
        name = self._any()
        (self.folder / name).unlink()
        del self.words[name]
        return f"remove {name}"

    def rename(self) -> str:
        if not self.words:
            return self.add()
        name = self._any()
        self._counter += 1
        new = f"renamed {self._counter}{Path(name).suffix}"
        (self.folder / name).rename(self.folder / new)
        self.words[new] = self.words.pop(name)
        return f"rename {name} to {new}"

    def copy(self) -> str:
        """Write the bytes of one document under a second name."""
        if not self.words:
            return self.add()
        name = self._any()
        self._counter += 1
        new = f"copy {self._counter}{Path(name).suffix}"
        (self.folder / new).write_bytes((self.folder / name).read_bytes())
        self.words[new] = self.words[name]
        return f"copy {name} to {new}"

    def _any(self) -> str:
        return self._chance.choice(sorted(self.words))

    def _write(self, name: str) -> str:
        self._counter += 1
        word = word_of(self._counter)
        text = f"Report {word}. " + _FILLER * self._chance.choice((1, 5, 40))
        path = self.folder / name
        if path.suffix == ".pdf":
            files.pdf(path, [f"{word} {files.STORY}", files.STORY * 2])
        else:
            path.write_text(text + "\n", "utf-8")
        self.words[name] = word
        return f"write {name} with {word}"


def word_of(number: int) -> str:
    """Return a word that is like no other: what is spelled nearly alike is found as well."""
    digits = blake2b(str(number).encode(), digest_size=5).hexdigest()
    return "zq" + digits.translate(str.maketrans("0123456789", "ghijklmnop"))
