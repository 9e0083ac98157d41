"""The one door to the llama_cpp package: imports it rightly and gives its C calls Python types.

llama.cpp starts a debugger for a backtrace when it dies, which can hang the program; the variable that forbids it
must be set before the library is loaded. Text goes in and out as UTF-8; token ids are lists of int here and C arrays
only inside.
"""

import ctypes
import os
from pathlib import Path

os.environ.setdefault("GGML_NO_BACKTRACE", "1")

import llama_cpp as api

__all__ = ["ABORTED", "Vocabulary", "api", "libraries_folder", "metadata_text"]

ABORTED = 2
"""What llama_decode returns after the abort callback said yes."""
_MARKUP_ATTRIBUTES = api.LLAMA_TOKEN_ATTR_CONTROL | api.LLAMA_TOKEN_ATTR_USER_DEFINED


def libraries_folder() -> Path:
    """Return the folder with the shared libraries that the package carries."""
    override = os.environ.get("LLAMA_CPP_LIB_PATH")
    return Path(override) if override else Path(api.__file__).parent / "lib"


class Vocabulary:
    """Turns text into token ids and back. Thread-safe, as llama.cpp's own calls are; dies with its model."""

    def __init__(self, model: int) -> None:
        pointer = api.llama_model_get_vocab(api.llama_model_p(model))
        if pointer is None:
            raise RuntimeError("llama.cpp gave a model without a vocabulary")
        self.pointer = pointer
        self.size: int = api.llama_vocab_n_tokens(pointer)
        self.bos: int = int(api.llama_vocab_bos(pointer))
        self.eos: int = int(api.llama_vocab_eos(pointer))
        self.adds_bos: bool = api.llama_vocab_get_add_bos(pointer)
        self._piece = ctypes.create_string_buffer(64)

    def tokenize(self, text: str, *, special: bool = True) -> list[int]:
        """Return token ids, nothing added at either end; `special` reads control tokens from the text."""
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        while True:
            ids = (api.llama_token * room)()
            count = api.llama_tokenize(self.pointer, data, len(data), ids, room, False, special)
            if count >= 0:
                return ids[:count]
            room = -count

    def piece(self, token: int) -> bytes:
        """Return the bytes of one token; control tokens have none."""
        return self._to_piece(token, special=False)

    def markup(self, token: int) -> str:
        """Return the text of a token, control tokens included."""
        return self._to_piece(token, special=True).decode("utf-8", "replace") if token >= 0 else ""

    def text_of(self, ids: list[int]) -> str:
        """Return the text of token ids as `tokenize` would read it, control tokens included."""
        return b"".join(self._to_piece(token, special=True) for token in ids).decode("utf-8", "replace")

    def is_end(self, token: int) -> bool:
        return bool(api.llama_vocab_is_eog(self.pointer, token))

    def markup_tokens(self) -> dict[str, bool]:
        """Return the texts of all tokens that are read specially: True for control, False for user-defined ones."""
        attributes = api.llama_vocab_get_attr
        found = [
            (token, attribute)
            for token in range(self.size)
            if (attribute := attributes(self.pointer, token)) & _MARKUP_ATTRIBUTES
        ]
        return {self.markup(token): bool(kind & api.LLAMA_TOKEN_ATTR_CONTROL) for token, kind in found}

    def _to_piece(self, token: int, *, special: bool) -> bytes:
        count = api.llama_token_to_piece(self.pointer, token, self._piece, len(self._piece), 0, special)
        if count < 0:
            self._piece = ctypes.create_string_buffer(-count)
            return self._to_piece(token, special=special)
        return self._piece.raw[:count]


def metadata_text(model: int, key: str) -> str | None:
    """Return a text from the model's metadata, or None."""
    pointer, room = api.llama_model_p(model), 1 << 12
    while True:
        buffer = ctypes.create_string_buffer(room)
        length = api.llama_model_meta_val_str(pointer, key.encode(), buffer, room)
        if length < 0:
            return None
        if length < room:
            return buffer.value.decode("utf-8", "replace")
        room = length + 1
