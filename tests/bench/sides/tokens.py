"""Counts tokens as all-MiniLM-L6-v2 does, its marks left out; the same measure for both sides."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

WINDOW_TOKENS = 254
"""What the model reads of a text: 256 tokens, less its two marks."""


def count_tokens(model: Path, texts: Sequence[str]) -> list[int]:
    """Return the number of tokens of each text, whole, however long it is."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return [len(encoding.ids) for encoding in tokenizer.encode_batch(list(texts), add_special_tokens=False)]
