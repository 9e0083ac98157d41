"""Runs an exported model folder with ONNX Runtime: same vectors as sentence-transformers, without torch.

One call uses one core and batches of a few hundred tokens, which stay in that core's cache. More cores are used by
calling from several threads at once (`parallel_calls`): that beats one call spread over the cores, leaves no pool of
spinning threads beside an answer that is being written, and lets each thread have its own priority.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from inference.embedders.errors import EmbeddingModelUnusable
from inference.embedders.folder import MANIFEST, ONNX_FILE, hash_of, read_facts, read_object, revision_of
from inference.types import TextKind, Vectors

if TYPE_CHECKING:
    import onnxruntime
    from tokenizers import Encoding, Tokenizer

BATCH_TOKENS = 512

Ids = NDArray[np.int64]
_REMEDY = "Choose another folder, or use all-MiniLM-L6-v2."


class OnnxEmbedder:
    """An `Embedder` on ONNX Runtime. Unlike the protocol asks for, `embed` may be called from several threads at once.

    Attributes:
        parallel_calls: How many calls at once use this computer fully.
    """

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        """Load the model in `folder`; raises `ModelNotFound` or `EmbeddingModelUnusable`."""
        facts = read_facts(folder)
        if not facts.simple or facts.pooling == "other":
            message = f"The model in {folder} ends in steps that ONNX Runtime does not run here."
            raise EmbeddingModelUnusable(message, remedy=_REMEDY, path=folder)
        self._facts = facts
        self._tokenizer = _load_tokenizer(folder, facts.max_length)
        self._session = _load_session(folder)
        self._inputs = {given.name: given.type for given in self._session.get_inputs()}
        self.name = facts.name
        self.revision = revision_of(facts, _weights_hash(folder))
        self.dimension = int(self._session.get_outputs()[0].shape[-1])
        self.max_tokens = facts.max_length - self._tokenizer.num_special_tokens_to_add(False)
        self.languages = facts.languages
        self.tokenizer_file: Path | None = folder / "tokenizer.json"
        self.parallel_calls = threads

    def embed(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        """Return float32, (len(texts), dimension), rows L2-normalised; any thread, several at once."""
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        tokens = [np.array(encoding.ids, dtype=np.int64) for encoding in self._encode(texts, kind)]
        for batch in batches_of_similar_length([len(ids) for ids in tokens], BATCH_TOKENS):
            vectors[batch] = self._run([tokens[row] for row in batch])
        return vectors

    def close(self) -> None:
        """Let go of the model's memory."""
        del self._session

    def _encode(self, texts: Sequence[str], kind: TextKind) -> list["Encoding"]:
        prefix = self._facts.prefixes[kind]
        prepared = [_encodable(prefix + text) for text in texts]
        if self._facts.lower_case:
            prepared = [text.lower() for text in prepared]
        return self._tokenizer.encode_batch(prepared) if prepared else []

    def _run(self, tokens: list[Ids]) -> Vectors:
        ids, mask = _pad(tokens)
        feeds = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        wanted = {
            name: feeds[name].astype(np.int32) if kind == "tensor(int32)" else feeds[name]
            for name, kind in self._inputs.items()
        }
        hidden: Vectors = self._session.run(None, wanted)[0]
        return _normalised(hidden[:, 0] if self._facts.pooling == "cls" else _mean(hidden, mask))


def batches_of_similar_length(lengths: Sequence[int], batch_tokens: int) -> Iterator[list[int]]:
    """Yield row numbers, longest first, in batches of at most `batch_tokens` once padded (one row at least)."""
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        if batch and (len(batch) + 1) * lengths[batch[0]] > batch_tokens:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _load_tokenizer(folder: Path, max_length: int) -> "Tokenizer":
    from tokenizers import Tokenizer

    file = folder / "tokenizer.json"
    try:
        tokenizer: Tokenizer = Tokenizer.from_file(str(file))
    except Exception as exc:  # The library raises plain Exception for a missing or broken file.
        raise EmbeddingModelUnusable(f"The file {file} cannot be read: {exc}", remedy=_REMEDY, path=file) from exc
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length)
    return tokenizer


def _load_session(folder: Path) -> "onnxruntime.InferenceSession":
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # Batches differ in shape: remembering each shape's memory plan costs memory and saves nothing.
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    file = folder / ONNX_FILE
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as exc:  # ONNX Runtime's own exceptions share no public base class.
        message = f"ONNX Runtime cannot load {file}: {exc}"
        raise EmbeddingModelUnusable(message, remedy=_REMEDY, path=file) from exc


def _weights_hash(folder: Path) -> str:
    stated = read_object(folder / MANIFEST).get("weights_sha256")
    return stated if isinstance(stated, str) else hash_of(sorted((folder / ONNX_FILE).parent.glob("model.onnx*")))


def _encodable(text: str) -> str:
    """Return the text with lone surrogates, which have no UTF-8 form, replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _pad(tokens: list[Ids]) -> tuple[Ids, Ids]:
    ids = np.zeros((len(tokens), max(len(row) for row in tokens)), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, known in enumerate(tokens):
        ids[row, : len(known)] = known
        mask[row, : len(known)] = 1
    return ids, mask


def _mean(hidden: Vectors, mask: Ids) -> Vectors:
    weights = mask.astype(np.float32)
    total: Vectors = np.matmul(weights[:, None, :], hidden)[:, 0]
    total /= weights.sum(axis=1, keepdims=True)
    return total


def _normalised(vectors: Vectors) -> Vectors:
    lengths: Vectors = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors /= np.maximum(lengths, np.float32(1e-12))
    return vectors
