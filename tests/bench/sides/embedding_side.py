"""Embeds the same passages with our service and with a bare loop over ONNX Runtime, by turns in one process.

The bare loop is what one would write: a session on all cores, passages in order of length, batches of 16, padded,
averaged and normalised.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from rag import places
from rag.storage.database import Database
from tests.bench.sides.child import answer
from tests.bench.sides.core import workspace

_BATCH = 16
_TURNS = 2


def work(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the better seconds of each side, and how alike their vectors are."""
    with workspace() as opened:
        collection = opened.create_collection("Bench")
        opened.prepare_search()
        opened.add_paths(collection.id, [Path(name) for name in arguments["files"]])
        opened.wait_until(collection.id, "searchable")
        opened.pause_indexing()
        texts = _passages(places.library_file(opened.data_dir), arguments["passages"])
        bare = _Bare(opened.embedding.tokenizer_file)
        bare_s, ours_s = [], []
        for _turn in range(_TURNS):
            started = time.monotonic()
            expected = bare.embed(texts)
            bare_s.append(time.monotonic() - started)
            started = time.monotonic()
            got = opened.embedding.embed_passages(texts).result()
            ours_s.append(time.monotonic() - started)
        return {
            "passages": len(texts),
            "tokens": bare.tokens(texts),
            "bare_s": min(bare_s),
            "ours_s": min(ours_s),
            "least_cosine": float((expected * got).sum(axis=1).min()),
        }


def _passages(library_file: Path, count: int) -> list[str]:
    database = Database(library_file)
    try:
        with database.read() as connection:
            rows = connection.execute("SELECT context, text FROM passage ORDER BY text_hash LIMIT ?", (count,))
            return [f"{context}\n{text}" if context else text for context, text in rows]
    finally:
        database.close()


class _Bare:
    def __init__(self, tokenizer_file: Path | None) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        assert tokenizer_file is not None
        self._tokenizer = Tokenizer.from_file(str(tokenizer_file))
        self._tokenizer.enable_truncation(256)
        self._tokenizer.enable_padding()
        model = next(tokenizer_file.parent.rglob("model.onnx"))
        self._session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
        self._names = {given.name: given.type for given in self._session.get_inputs()}

    def tokens(self, texts: list[str]) -> int:
        return sum(sum(encoding.attention_mask) for encoding in self._tokenizer.encode_batch(texts))

    def embed(self, texts: list[str]) -> Any:
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        vectors = np.empty((len(texts), 384), np.float32)
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            encodings = self._tokenizer.encode_batch([texts[row] for row in rows])
            mask = np.array([encoding.attention_mask for encoding in encodings])
            feeds = {"input_ids": np.array([encoding.ids for encoding in encodings]), "attention_mask": mask}
            feeds["token_type_ids"] = np.zeros_like(mask)
            typed = {
                name: feeds[name].astype(np.int32 if kind == "tensor(int32)" else np.int64)
                for name, kind in self._names.items()
            }
            hidden = self._session.run(None, typed)[0]
            mean = (hidden * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
            vectors[rows] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return vectors


if __name__ == "__main__":
    answer(work)
