"""So many damaged files of each format, the same ones each time, going on where the last run ended.

A case is made of the seed, the format and its number alone, so a run that is cut off goes on at the next number, and
each find can be made again from its name. Seeds are the small files in `tests/data/formats`, made by real programs, and
the sample documents.
"""

import json
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.errors import DocumentError
from rag.ingestion.loaders.registry import default_loaders
from tests.fuzz.documents import Documents, seeds
from tests.fuzz.finds import Find, keep
from tests.fuzz.mutations import mutate

MANY, FEW = 2000, 300
MAIN_SUFFIXES = (".pdf", ".docx", ".xlsx", ".pptx", ".epub", ".eml", ".msg", ".zip")
"""Formats that people have most, or that strangers send: these get `MANY` files."""
DATA = Path(__file__).parents[1] / "data" / "formats"
_PASSWORDS = (None, None, None, "secret", "ö" * 200)
_SLOW_S = 5.0


@dataclass(frozen=True)
class Format:
    """Files to damage: of one of the main endings, or of one loader."""

    name: str
    wanted: int
    seeds: tuple[tuple[str, bytes], ...]


def formats(folder: Path) -> list[Format]:
    """Return every format that there are seeds for; `folder` takes those that are made on the spot."""
    groups: dict[str, list[tuple[str, bytes]]] = {}
    for suffix, data in [*seeds(folder), *_kept()]:
        groups.setdefault(_group(folder, suffix, data), []).append((suffix, data))
    return [
        Format(name, MANY if name in MAIN_SUFFIXES else FEW, tuple(found)) for name, found in sorted(groups.items())
    ]


def loaders_without_seeds(found: Sequence[Format]) -> list[str]:
    """Return the loaders that no seed is for: what is not fed is not tested."""
    fed = {name for each in found for name in _names(each)}
    return sorted(loader.name for loader in default_loaders().all if loader.name not in fed)


class Campaign:
    """Feeds damaged files to the real parse processes and remembers how far it is."""

    def __init__(self, seed: int, finds: Path, share: float = 1.0) -> None:
        self._documents = Documents()
        self._seed, self._finds, self._share = seed, finds, share
        self._progress = finds / f"progress-{seed}.json"
        self._done: dict[str, int] = json.loads(self._progress.read_text()) if self._progress.is_file() else {}
        self.slowest: dict[str, float] = {}

    def run(self, each: Format) -> list[str]:
        """Feed what is left of a format; returns what was found, each kind once."""
        found: dict[str, Find] = {}
        for number in self._left(each):
            data, suffix, password = self.case(each, number)
            started = time.monotonic()
            what = self._documents.read(data, suffix, password)
            spent = time.monotonic() - started
            self.slowest[each.name] = max(self.slowest.get(each.name, 0.0), spent)
            if what and what not in found:
                found[what] = Find(what, data, suffix)
                keep(found[what], self._finds, f"{each.name.strip('.')}-{self._seed}", number)
        return list(found)

    def case(self, each: Format, number: int) -> tuple[bytes, str, str | None]:
        """Return the damaged file of this number, the ending of its name, and the password to try."""
        chance = random.Random(f"{self._seed} {each.name} {number}")
        suffix, data = chance.choice(each.seeds)
        damaged = mutate(data, [other for _, other in each.seeds], chance)[:4_000_000]
        return damaged, suffix, chance.choice(_PASSWORDS)

    def close(self) -> None:
        self._documents.close()

    def _left(self, each: Format) -> Iterator[int]:
        wanted = max(1, int(each.wanted * self._share))
        for number in range(self._done.get(each.name, 0), wanted):
            yield number
            self._done[each.name] = number + 1
            if number % 50 == 49 or number + 1 == wanted:
                self._finds.mkdir(parents=True, exist_ok=True)
                self._progress.write_text(json.dumps(self._done), encoding="utf-8")


def run_all(seed: int, finds: Path, only: Sequence[str] = ()) -> int:
    """Feed every format, or only some; prints a line for each and returns how many finds there were."""
    campaign, total = Campaign(seed, finds), 0
    try:
        with tempfile.TemporaryDirectory(prefix="carrel-fuzz-") as folder:
            chosen = [each for each in formats(Path(folder)) if not only or each.name in only]
        for each in chosen:
            started = time.monotonic()
            found = campaign.run(each)
            total += len(found)
            slowest = campaign.slowest.get(each.name, 0.0)
            print(
                f"{each.name}: {each.wanted} files, {len(found)} finds, {time.monotonic() - started:.0f} s, "
                f"slowest {slowest:.1f} s",
                flush=True,
            )
            for what in found:
                print(f"  {what}", flush=True)
        if not only and (missing := loaders_without_seeds(chosen)):
            print(f"no seeds for: {', '.join(missing)}")
    finally:
        campaign.close()
    return total


def _kept() -> list[tuple[str, bytes]]:
    files = sorted(path for path in DATA.rglob("*") if path.is_file() and path.suffix not in {".py", ".sh"})
    return [(_ending(path), path.read_bytes()) for path in files]


def _ending(path: Path) -> str:
    return "".join(path.suffixes[-2:]) if path.stem.endswith(".tar") else path.suffix


def _group(folder: Path, suffix: str, data: bytes) -> str:
    if suffix.lower() in MAIN_SUFFIXES:
        return suffix.lower()
    path = folder / f"seed{suffix}"
    path.write_bytes(data)
    try:
        return default_loaders().choose(path).name
    except DocumentError:
        return f"refused {suffix}"


def _names(each: Format) -> set[str]:
    by_suffix = default_loaders()
    names = {loader.name for loader in by_suffix.all if each.name in loader.suffixes}
    return names | {each.name}
