"""A deterministic embedder without a model: words are hashed to directions. For tests and for trying things out."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from inference.types import TextKind, Vectors

_WORD = re.compile(r"\w+")


class HashingEmbedder:
    """An `Embedder` under which texts are near each other that share words; reads up to 254 words.

    Attributes:
        parallel_calls: How many calls may run at once.
    """

    def __init__(self, *, dimension: int = 256, parallel_calls: int = 1) -> None:
        self.name = "hashing"
        self.revision = f"1-{dimension}"
        self.dimension = dimension
        self.max_tokens = 254
        self.languages: tuple[str, ...] = ()
        self.tokenizer_file: Path | None = None
        self.parallel_calls = parallel_calls

    def embed(self, texts: Sequence[str], kind: TextKind) -> Vectors:  # noqa: ARG002 - The protocol's signature.
        """Return float32, (len(texts), dimension), rows L2-normalised; the same for both kinds."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            self._add_words(vectors[row], _WORD.findall(text.casefold())[: self.max_tokens])
        lengths: Vectors = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / lengths

    def close(self) -> None:
        """Nothing to free."""

    def _add_words(self, vector: Vectors, words: list[str]) -> None:
        # A text without words gets a direction too: every row has length 1.
        for word in words or [""]:
            digest = hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest()
            vector[int.from_bytes(digest[:4], "little") % self.dimension] += 1.0
