"""Counts tokens as the embedding model does, with where each one starts, so that passages can be measured in place."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Starts = NDArray[np.int64]


class TokenCounter(Protocol):
    def starts(self, text: str) -> Starts:
        """Return the offset at which each token of the text starts, ascending; int64."""
        ...

    def counts(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, special tokens not counted."""
        ...


class ModelTokenCounter:
    """Counts with a Hugging Face `tokenizer.json`; one thread."""

    def __init__(self, tokenizer_file: Path) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(tokenizer_file))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def starts(self, text: str) -> Starts:
        offsets = self._tokenizer.encode(text, add_special_tokens=False).offsets
        # Tokens without characters of their own report (0, 0); positions must never run backwards.
        starts = np.fromiter((start for start, _ in offsets), dtype=np.int64, count=len(offsets))
        return np.maximum.accumulate(starts) if len(starts) else starts

    def counts(self, texts: Sequence[str]) -> list[int]:
        return [len(encoding.ids) for encoding in self._tokenizer.encode_batch(list(texts), add_special_tokens=False)]


class WordTokenCounter:
    """Guesses where no tokenizer is at hand: a token for five letters, sign or ideograph; rather too many."""

    _PIECE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]|\w{1,5}|[^\w\s]")

    def starts(self, text: str) -> Starts:
        return np.array([match.start() for match in self._PIECE.finditer(text)], dtype=np.int64)

    def counts(self, texts: Sequence[str]) -> list[int]:
        return [len(self._PIECE.findall(text)) for text in texts]


def token_counter(tokenizer_file: Path | None) -> TokenCounter:
    """Return the model's own counter, or the guess if it has no tokenizer file."""
    return WordTokenCounter() if tokenizer_file is None else ModelTokenCounter(tokenizer_file)
