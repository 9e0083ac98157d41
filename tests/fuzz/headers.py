"""Damaged GGUF files: a header, or a known error, and soon."""

import random
import tempfile
import time
from pathlib import Path

from inference.api import KnownError, read_header
from tests.fuzz.finds import Find, Outcomes, fault_of
from tests.fuzz.mutations import mutate
from tests.inference.chat.tiny_gguf import write_model

_SOON_S = 5.0


class Headers:
    """Implements `Target`."""

    name = "gguf"

    def __init__(self) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="carrel-fuzz-")
        folder = Path(self._home.name)
        self._path = folder / "case.gguf"
        whole = write_model(folder / "seed.gguf", template="{{ messages }}").read_bytes()
        # The head is what is read; a short body makes more of the damage hit it.
        self._seeds = [whole, whole[:20_000], write_model(folder / "words.gguf", tensors=False).read_bytes()]
        self._outcomes = Outcomes()
        self.outcomes = self._outcomes.counts

    def try_one(self, chance: random.Random) -> Find | None:
        data = mutate(chance.choice(self._seeds), self._seeds, chance)
        if chance.random() < 0.7 and not data.startswith(b"GGUF"):
            data = b"GGUF\3\0\0\0" + data[8:]
        self._path.write_bytes(data)
        what = self._read()
        return Find(what, data, ".gguf") if what else None

    def close(self) -> None:
        self._home.cleanup()

    def _read(self) -> str | None:
        began = time.monotonic()
        try:
            header = read_header(self._path)
            # What loading asks of a header must hold as well.
            _ = (header.architecture, header.vocabulary, header.own("context_length"), header.own("block_count"))
            self._outcomes.add("header")
        except KnownError as error:
            self._outcomes.add(error.code)
            return fault_of(error)
        except Exception as exc:  # noqa: BLE001 - whatever else comes out is what is looked for.
            return f"{type(exc).__name__}: {exc}"
        took_s = time.monotonic() - began
        return f"took {took_s:.1f} s" if took_s > _SOON_S else None
