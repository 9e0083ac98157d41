"""From llama.cpp's log to a reason that the user can act on."""

import re
from pathlib import Path

from inference.errors import ModelDamaged, ModelError, ModelTooLarge, NotAModelFile, UnknownArchitecture
from inference.gguf import damaged

_ARCHITECTURE = re.compile(r"unknown model architecture: '([^']*)'")
_OUT_OF_MEMORY = re.compile(r"failed to allocate|unable to allocate|out of memory|failed to map|mmap failed")
_SPOILT = re.compile(
    r"not within the file bounds|failed to read|corrupt|wrong number of tensors|exceeds remaining|"
    r"tensor '[^']*' not found|key not found|wrong shape|mismatch|invalid",
)
_NEWER = re.compile(r"pre-tokenizer type|unknown (?:tokenizer|pre-tokenizer)|unknown type|invalid ggml type")


def load_failure(path: Path, log: str, free_mb: int, needed_mb: int) -> ModelError:
    """Return the error that a failed load is, told from what llama.cpp logged."""
    if found := _ARCHITECTURE.search(log):
        return unknown_architecture(path, found[1])
    if _NEWER.search(log):
        return unknown_architecture(path, _last_line(log))
    if _OUT_OF_MEMORY.search(log):
        return _out_of_memory(path, free_mb, needed_mb)
    if "invalid magic" in log:
        message = f"{path.name} is not a GGUF model."
        return NotAModelFile(message, remedy="Choose a file in the GGUF format.", path=path)
    if _SPOILT.search(log):
        return damaged(path, _last_line(log))
    return ModelDamaged(
        f"The model {path.name} could not be loaded ({_last_line(log)}).",
        remedy="Try another edition of the model; this one may be damaged or too new.",
        path=path,
    )


def unknown_architecture(path: Path, architecture: str) -> UnknownArchitecture:
    message = f"The model {path.name} is of a kind that this version of llama.cpp does not know: {architecture}."
    remedy = "Update the program, or choose another model."
    return UnknownArchitecture(message, remedy=remedy, path=path, architecture=architecture)


def no_chat_model(path: Path, architecture: str, what: str) -> UnknownArchitecture:
    message = f"{path.name} is {what} ({architecture}); it cannot write answers."
    remedy = "Choose a chat model; its name often contains Instruct or Chat."
    return UnknownArchitecture(message, remedy=remedy, path=path, architecture=architecture)


def _out_of_memory(path: Path, free_mb: int, needed_mb: int) -> ModelTooLarge:
    message = f"The memory ran out while {path.name} was loading: it needs about {needed_mb} MB."
    remedy = "Close other programs, or choose a smaller model or a smaller context."
    return ModelTooLarge(message, remedy=remedy, path=path, needed_mb=needed_mb, free_mb=free_mb)


def _last_line(log: str) -> str:
    lines = [line for line in log.splitlines() if line and "failed to load model" not in line]
    # llama.cpp puts its function's name in front: "gguf_init_from_file_impl: ...".
    return re.sub(r"^(?:\w+: )+(?:error loading model: )?", "", lines[-1]) if lines else "no reason was given"
