"""Runs any sentence-transformers or Hugging Face folder, in a process of its own.

Importing the library takes seconds and holds the interpreter's lock, and its threads would share the processor with the
answer's; so it lives in a spawned child that reads texts and writes vectors over a pipe. Only weights that carry no
code are loaded (safetensors), nothing is fetched, and the child ends with its parent.
"""

import multiprocessing
import os
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from inference.embedders.errors import EmbeddingModelUnusable
from inference.embedders.folder import ModelFacts, hash_of, read_facts, revision_of, safe_weights
from inference.errors import ModelCrashed, ModelError
from inference.types import TextKind, Vectors

_LOAD_TIMEOUT_S = 300
_STOP_TIMEOUT_S = 5
_BATCH_TEXTS = 16


class SentenceTransformersEmbedder:
    """An `Embedder` whose model lives in a child process; one thread at a time."""

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        """Start the child and wait until the model is loaded; raises `ModelError`."""
        facts = read_facts(folder)
        weights_hash = hash_of(safe_weights(folder))
        self._folder = folder
        context = multiprocessing.get_context("spawn")
        self._pipe, childs_end = context.Pipe()
        self._child = context.Process(
            target=_serve, args=(childs_end, facts, threads), name="carrel-embedder", daemon=True
        )
        self._child.start()
        childs_end.close()
        self.dimension, self.max_tokens = self._answer(_LOAD_TIMEOUT_S)
        self.name = facts.name
        self.revision = revision_of(facts, weights_hash)
        self.languages = facts.languages
        tokenizer = folder / "tokenizer.json"
        self.tokenizer_file: Path | None = tokenizer if tokenizer.is_file() else None

    def embed(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        """Return float32, (len(texts), dimension), rows L2-normalised; raises `ModelCrashed` if the child died."""
        try:
            self._pipe.send((list(texts), kind))
        except OSError as exc:
            raise self._crashed() from exc
        vectors: Vectors = self._answer(None)
        return vectors

    def close(self) -> None:
        """End the child process."""
        self._pipe.close()
        self._child.join(_STOP_TIMEOUT_S)
        if self._child.is_alive():
            self._child.kill()
            self._child.join()

    def _answer(self, timeout_s: float | None) -> Any:  # Whatever the child sends: facts or vectors.
        try:
            if not self._pipe.poll(timeout_s):
                raise EOFError
            answer = self._pipe.recv()
        except (EOFError, OSError) as exc:
            raise self._crashed() from exc
        if isinstance(answer, ModelError):
            self.close()
            raise answer
        return answer

    def _crashed(self) -> ModelCrashed:
        self._child.kill()
        self._child.join()
        return ModelCrashed(
            f"The process that ran the model in {self._folder} ended unexpectedly.",
            remedy="Try again; if it happens again, close other programs to free memory, or choose another model.",
            path=self._folder,
        )


def _serve(pipe: Connection, facts: ModelFacts, threads: int) -> None:
    """Run in the child: load, then answer until the parent closes the pipe."""
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
    try:
        model = _load(facts, threads)
        pipe.send((model.get_embedding_dimension(), _text_tokens(model, facts)))
    except Exception as exc:  # noqa: BLE001 - The libraries raise anything for a folder that is not right.
        pipe.send(_unusable(facts, exc))
        return
    try:
        while True:
            pipe.send(_embed(model, facts, *pipe.recv()))
    except (EOFError, OSError):
        return  # The parent closed its end, or is gone.


def _load(facts: ModelFacts, threads: int) -> Any:  # A SentenceTransformer, whose type only the child knows.
    import torch
    import transformers
    from sentence_transformers import SentenceTransformer

    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    torch.set_num_threads(threads)
    return SentenceTransformer(
        str(facts.folder),
        local_files_only=True,
        trust_remote_code=False,
        model_kwargs={"use_safetensors": True},
    )


def _text_tokens(model: Any, facts: ModelFacts) -> int:
    special = model.tokenizer.num_special_tokens_to_add(pair=False)
    return int(model.max_seq_length or facts.max_length) - int(special)


def _embed(model: Any, facts: ModelFacts, texts: list[str], kind: TextKind) -> Vectors | ModelError:
    safe = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
    if not safe:
        return np.empty((0, model.get_embedding_dimension()), dtype=np.float32)
    try:
        vectors = model.encode(
            safe,
            prompt=facts.prefixes[kind],
            batch_size=_BATCH_TEXTS,
            normalize_embeddings=True,
            show_progress_bar=False,
        )
    except Exception as exc:  # noqa: BLE001 - A model's own failure must reach the parent as a message.
        return _unusable(facts, exc)
    return np.ascontiguousarray(vectors, dtype=np.float32)


def _unusable(facts: ModelFacts, exc: Exception) -> ModelError:
    if isinstance(exc, ImportError):
        return ModelError(
            f"The model in {facts.folder} needs the package {exc.name}, which is not part of this installation.",
            remedy="Install sentence-transformers beside the program, or use all-MiniLM-L6-v2.",
            path=facts.folder,
        )
    first_line = (str(exc).splitlines() or [type(exc).__name__])[0]
    return EmbeddingModelUnusable(
        f"The model in {facts.folder} cannot be used: {first_line}",
        remedy="Choose another folder, or use all-MiniLM-L6-v2.",
        path=facts.folder,
    )
