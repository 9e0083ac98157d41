"""Reads the head of a GGUF file: what kind of model it is and how much memory it wants, in milliseconds.

Only the header is walked, never the weights, and long lists (the vocabulary) are stepped over: the reader of the
`gguf` package builds an array for each entry and takes seconds on a large vocabulary. What is no GGUF, or a damaged
one, is told apart here, so that the user reads "this is a web page" and not "failed to read magic".
"""

import math
import mmap
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from inference.errors import ModelDamaged, ModelNotFound, NotAModelFile

Scalar = int | float | bool | str


@dataclass(frozen=True)
class SkippedArray:
    """A list in the header that was stepped over."""

    count: int


MetaValue = Scalar | tuple[Scalar, ...] | SkippedArray

_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING, _ARRAY = 8, 9
_KEPT_ARRAY = 1024
"""Longest list that is kept: one entry for each layer is wanted, one for each word of the vocabulary is not."""
_NEWEST_VERSION = 3

# (elements, bytes) of one block of each ggml tensor type, from ggml.h.
_BLOCKS = {
    **{0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 40)},
    **{10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292)},
    **{16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82)},
    **{23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2)},
    **{34: (256, 54), 35: (256, 66), 39: (32, 17), 40: (64, 36), 41: (128, 18)},
}

_OTHER_KINDS = (
    (re.compile(rb"PK\x03\x04|PK\x05\x06"), "a zip archive"),
    (re.compile(rb"MZ|\x7fELF|#!|\xcf\xfa\xed\xfe"), "a program (a llamafile, perhaps)"),
    (re.compile(rb"\s*<(!doctype|html|\?xml)", re.IGNORECASE), "a web page, often an error page saved by a download"),
    (re.compile(rb"version https://git-lfs"), "a Git LFS pointer, not the file that it points to"),
    (re.compile(rb"lmgg|fmgg|tjgg|algg|ggml|ggmf|ggjt|ggla"), "a model in the old GGML format, from before GGUF"),
    (re.compile(rb"FUGG"), "a GGUF for computers with the other byte order"),
    (re.compile(rb"\x80[\x02-\x05]"), "a Python pickle (PyTorch weights)"),
    (re.compile(rb".{8}\{\"", re.DOTALL), "a safetensors file"),
    (re.compile(rb"%PDF"), "a PDF document"),
    (re.compile(rb"\x00{4}"), "a file of zeros, as an unfinished download leaves"),
)
_REMEDY_OTHER = "Choose a model file in the GGUF format; its name usually ends in .gguf."
_REMEDY_DAMAGED = "Copy or download the file again and compare its size with the original."


@dataclass(frozen=True)
class GgufHeader:
    """What the head of a GGUF file says.

    Attributes:
        tensor_bytes: Size of all weights.
        largest_matrix: Elements of the largest matrix that every token goes through, the vocabulary's left out.
        file_bytes: Size of the file itself.
    """

    path: Path
    version: int
    metadata: Mapping[str, MetaValue]
    tensor_count: int
    tensor_bytes: int
    largest_matrix: int
    file_bytes: int

    @property
    def architecture(self) -> str:
        return self.text("general.architecture") or ""

    def text(self, key: str) -> str | None:
        value = self.metadata.get(key)
        return value if isinstance(value, str) else None

    def number(self, key: str, default: int = 0) -> int:
        """Return a whole number; of a list (one entry for each layer) the largest."""
        value = self.metadata.get(key)
        numbers = value if isinstance(value, tuple) else (value,)
        found = [int(each) for each in numbers if isinstance(each, int | float)]
        return max(found, default=default)

    def own(self, key: str, default: int = 0) -> int:
        """Return a number from the architecture's own namespace, such as `block_count`."""
        return self.number(f"{self.architecture}.{key}", default)

    @property
    def vocabulary(self) -> int:
        tokens = self.metadata.get("tokenizer.ggml.tokens")
        if isinstance(tokens, SkippedArray):
            return tokens.count
        return len(tokens) if isinstance(tokens, tuple) else self.own("vocab_size")


def read_header(path: Path) -> GgufHeader:
    """Read the header of a GGUF file.

    Raises:
        ModelNotFound: There is no such file, or it may not be read.
        NotAModelFile: It is something else; the message says what.
        ModelDamaged: It is a GGUF that was cut off or spoilt.
    """
    head, size = _open_and_look(path)
    if not head.startswith(b"GGUF"):
        raise _other_kind(path, head, size)
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _Walker(path, data, size).header()
    except (struct.error, UnicodeDecodeError, OverflowError) as exc:
        raise damaged(path, "it ends in the middle of its description, or its description is spoilt") from exc


def damaged(path: Path, why: str) -> ModelDamaged:
    return ModelDamaged(f"The model file {path.name} is damaged: {why}.", remedy=_REMEDY_DAMAGED, path=path)


def _open_and_look(path: Path) -> tuple[bytes, int]:
    try:
        if path.is_dir():
            raise NotAModelFile(
                f"{path.name} is a folder, not a model file.", remedy=_REMEDY_OTHER, path=path, detail="a folder"
            )
        with path.open("rb") as file:
            return file.read(256), path.stat().st_size
    except PermissionError as exc:
        message, remedy = f"The model file {path.name} may not be read.", "Change the permissions of the file."
        raise ModelNotFound(message, remedy=remedy, path=path) from exc
    except OSError as exc:
        message = f"The model file {path.name} was not found ({exc.strerror or 'cannot be opened'})."
        remedy = "Choose the file again; it may have been moved, renamed or on a drive that is not connected."
        raise ModelNotFound(message, remedy=remedy, path=path) from exc


def _other_kind(path: Path, head: bytes, size: int) -> NotAModelFile:
    kinds = (name for pattern, name in _OTHER_KINDS if pattern.match(head))
    detail = "an empty file" if size == 0 else next(kinds, "some other kind of file")
    message = f"{path.name} is not a GGUF model: it looks like {detail}."
    return NotAModelFile(message, remedy=_REMEDY_OTHER, path=path, detail=detail)


class _Walker:
    """Walks the header from front to back; `struct.error` means that the file ended too early."""

    def __init__(self, path: Path, data: mmap.mmap, size: int) -> None:
        self._path, self._data, self._size = path, data, size
        self._at = 4

    def header(self) -> GgufHeader:
        version = self._scalar("<I")
        self._check_version(int(version))
        tensor_count, meta_count = int(self._scalar("<Q")), int(self._scalar("<Q"))
        metadata = dict(self._pair() for _ in range(self._plausible(meta_count, 13)))
        total, largest, end = self._tensors(self._plausible(tensor_count, 24))
        alignment = metadata.get("general.alignment", 32)
        start = _round_up(self._at, alignment if isinstance(alignment, int) and alignment > 0 else 32)
        self._check_end(start + end)
        return GgufHeader(self._path, int(version), metadata, tensor_count, total, largest, self._size)

    def _check_version(self, version: int) -> None:
        if version & 0xFFFF == 0:
            raise _other_kind(self._path, b"FUGG", self._size)
        if not 2 <= version <= _NEWEST_VERSION:
            message = f"{self._path.name} is a GGUF of version {version}, which this program cannot read."
            remedy = "Use a file of version 2 or 3, or update the program."
            raise NotAModelFile(message, remedy=remedy, path=self._path, detail=f"a GGUF of version {version}")

    def _check_end(self, end: int) -> None:
        if end > self._size:
            missing = max(1, round((end - self._size) / 1e6))
            raise damaged(self._path, f"it is cut off, the last {missing} MB of its weights are missing")

    def _plausible(self, count: int, least_bytes: int) -> int:
        # A spoilt count would otherwise walk, or ask for memory, for hours.
        if count * least_bytes > self._size - self._at:
            raise struct.error("count exceeds the file")
        return count

    def _scalar(self, layout: str) -> int | float | bool:
        value: int | float | bool = struct.unpack_from(layout, self._data, self._at)[0]
        self._at += struct.calcsize(layout)
        return value

    def _string(self) -> str:
        length = self._plausible(int(self._scalar("<Q")), 1)
        self._at += length
        return self._data[self._at - length : self._at].decode("utf-8", "replace")

    def _pair(self) -> tuple[str, MetaValue]:
        key = self._string()
        return key, self._value(int(self._scalar("<I")))

    def _value(self, kind: int) -> MetaValue:
        if kind == _STRING:
            return self._string()
        if kind == _ARRAY:
            return self._array()
        if kind not in _SCALARS:
            raise struct.error("unknown type of value")
        return self._scalar(_SCALARS[kind])

    def _array(self) -> MetaValue:
        kind, count = int(self._scalar("<I")), int(self._scalar("<Q"))
        if kind == _STRING:
            return self._skip_strings(self._plausible(count, 8))
        if kind not in _SCALARS:
            raise struct.error("unknown type of list")
        layout = _SCALARS[kind]
        self._plausible(count, struct.calcsize(layout))
        if count <= _KEPT_ARRAY:
            return tuple(self._scalar(layout) for _ in range(count))
        self._at += count * struct.calcsize(layout)
        return SkippedArray(count)

    def _skip_strings(self, count: int) -> SkippedArray:
        # The hot loop: a vocabulary has up to a quarter of a million entries, and twice as many merges.
        read, data, at = struct.Struct("<Q").unpack_from, self._data, self._at
        for _ in range(count):
            at += 8 + read(data, at)[0]
        self._at = at
        self._plausible(0, 1)
        return SkippedArray(count)

    def _tensors(self, count: int) -> tuple[int, int, int]:
        total = largest = end = 0
        for _ in range(count):
            name, shape, kind, offset = self._tensor()
            block, size = _BLOCKS.get(kind, (1, 0))
            tensor_bytes = math.prod(shape) // block * size
            total, end = total + tensor_bytes, max(end, offset + tensor_bytes)
            if not name.startswith(("token_embd", "output", "per_layer_token_embd")):
                largest = max(largest, math.prod(shape[:2]))
        return total, largest, end

    def _tensor(self) -> tuple[str, list[int], int, int]:
        name = self._string()
        dimensions = int(self._scalar("<I"))
        if dimensions > 8:
            raise struct.error("too many dimensions")
        shape = [int(self._scalar("<Q")) for _ in range(dimensions)]
        return name, shape, int(self._scalar("<I")), int(self._scalar("<Q"))


def _round_up(value: int, step: int) -> int:
    return -(-value // step) * step
