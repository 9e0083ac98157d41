"""Opens embedders by name or folder.

The functions in `BUILT_IN` are what the registry offers; a folder needs no entry. Opening may take seconds (the first
use of the default model prepares it, a sentence-transformers folder starts a process), so call it on a worker thread.
"""

import multiprocessing
import sys
from collections.abc import Callable, Mapping
from importlib import metadata
from multiprocessing.connection import Connection
from pathlib import Path

from inference.embedders.export import (
    DEFAULT_NAME,
    bundled_model,
    default_model_source,
    export_default,
    exported_folder,
    is_exported,
)
from inference.embedders.folder import ONNX_FILE, read_facts
from inference.embedders.hashing import HashingEmbedder
from inference.errors import ModelError, ModelNotFound
from inference.types import Embedder

ENTRY_POINTS = "carrel.embedders"
Factory = Callable[[Path, int], Embedder]
"""Takes the cache folder and how many cores may be used."""


def open_embedder(name_or_folder: str | Path, *, cache_dir: Path, threads: int) -> Embedder:
    """Open an embedder by its registered name or its model's folder; raises `ModelError`."""
    name = str(name_or_folder)
    if factory := BUILT_IN.get(name):
        return factory(cache_dir, threads)
    for point in metadata.entry_points(group=ENTRY_POINTS):
        if point.name == name:
            plugin: Factory = point.load()
            return plugin(cache_dir, threads)
    return open_folder(Path(name).expanduser(), threads)


def available_embedders() -> tuple[str, ...]:
    """Return the names that `open_embedder` knows; any thread."""
    plugins = {point.name for point in metadata.entry_points(group=ENTRY_POINTS)}
    return (*BUILT_IN, *sorted(plugins - set(BUILT_IN)))


def open_folder(folder: Path, threads: int) -> Embedder:
    """Open a model's folder, with ONNX Runtime if it was exported for it, else with sentence-transformers."""
    if not folder.exists():
        raise ModelNotFound(
            f"There is no model named or at {folder}.",
            remedy=f"Choose one of {', '.join(available_embedders())}, or the folder of a model.",
            path=folder,
        )
    facts = read_facts(folder)
    if (folder / ONNX_FILE).is_file() and facts.simple and facts.pooling != "other":
        return _open_onnx(folder, threads)
    from inference.embedders.sentence_transformers import SentenceTransformersEmbedder

    return SentenceTransformersEmbedder(folder, threads=threads)


def _open_onnx(folder: Path, threads: int) -> Embedder:
    from inference.embedders.onnx import OnnxEmbedder

    return OnnxEmbedder(folder, threads=threads)


def _open_default(cache_dir: Path, threads: int) -> Embedder:
    return _open_onnx(bundled_model() or _exported_default(cache_dir), threads)


def _open_hashing(_cache_dir: Path, threads: int) -> Embedder:
    return HashingEmbedder(parallel_calls=threads)


def _exported_default(cache_dir: Path) -> Path:
    """Return the exported default model; if set-up has not made it, a child process does so now."""
    folder = exported_folder(cache_dir, default_model_source())
    if is_exported(folder):
        return folder
    if getattr(sys, "frozen", False):
        raise ModelNotFound(f"The model {DEFAULT_NAME} is missing from the program.", remedy="Install it again.")
    # Serialising 90 MB would hold the interpreter's lock, and the window with it.
    context = multiprocessing.get_context("spawn")
    pipe, childs_end = context.Pipe(duplex=False)
    child = context.Process(target=_export_in_child, args=(childs_end, cache_dir), daemon=True)
    child.start()
    childs_end.close()
    try:
        answer = pipe.recv()
    except EOFError as exc:
        message = f"The model {DEFAULT_NAME} could not be prepared: the process that did so ended."
        raise ModelError(message, remedy="Free some memory and try again.", path=folder) from exc
    finally:
        child.join()
        pipe.close()
    if isinstance(answer, ModelError):
        raise answer
    return folder


def _export_in_child(pipe: Connection, cache_dir: Path) -> None:
    try:
        export_default(cache_dir)
        pipe.send(None)
    except ModelError as exc:
        pipe.send(exc)


BUILT_IN: Mapping[str, Factory] = {DEFAULT_NAME: _open_default, "hashing": _open_hashing}
