"""What a target is, what it found, and where finds are kept."""

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from inference.api import KnownError


@dataclass(frozen=True)
class Find:
    """An input that did something else than give a result or a known error."""

    what: str
    data: bytes
    suffix: str = ".bin"


class Target(Protocol):
    """Something that reads what others wrote.

    Attributes:
        name: For the report.
        outcomes: How often each kind of outcome came.
    """

    name: str
    outcomes: dict[str, int]

    def try_one(self, chance: random.Random) -> Find | None:
        """Feed one damaged input; returns a find if the outcome was none of the allowed ones."""
        ...

    def close(self) -> None: ...


@dataclass
class Outcomes:
    """Counts outcomes by kind."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, kind: str) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1


def fault_of(error: KnownError) -> str | None:
    """Return what a known error lacks, or None."""
    if not error.message.strip() or not error.remedy.strip():
        return f"{type(error).__name__} without {'a message' if not error.message.strip() else 'a remedy'}"
    return None


def keep(find: Find, folder: Path, target: str, number: int) -> Path:
    """Write a find's input down, to be tried again; returns its file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{target}-{number}{find.suffix}"
    path.write_bytes(find.data)
    path.with_name(path.name + ".txt").write_text(find.what + "\n", encoding="utf-8")
    return path
