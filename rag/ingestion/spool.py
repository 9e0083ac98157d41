"""Pages and passages on their way to the library: in memory while they are few, else in a file without a name.

A log of a gigabyte becomes a million passages; held as objects they would take several times its size.
"""

import pickle
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import IO, Generic, TypeVar, overload

Item = TypeVar("Item")

SPILL_BYTES = 64_000_000
_GROUP = 200


class Spool(Sequence[Item], Generic[Item]):
    """A sequence that grows at its end and is read from its start, any number of times; one thread."""

    def __init__(self, spill_bytes: int = SPILL_BYTES) -> None:
        self._spill_bytes = spill_bytes
        self._items: list[Item] = []
        self._file: IO[bytes] | None = None
        self._end = 0
        self._size = 0
        self._count = 0

    def extend(self, items: Sequence[Item], size: int) -> None:
        """Add items; `size` is about how many bytes they take."""
        self._items.extend(items)
        self._count += len(items)
        self._size += size
        if self._file is None and self._size > self._spill_bytes:
            # Unnamed where the system allows it, so that nothing is left behind if this process is killed.
            self._file = tempfile.TemporaryFile(prefix="carrel-spool-")  # noqa: SIM115 - it lives as long as this.
        if self._file is not None:
            self._write(self._file)

    @property
    def spilled(self) -> bool:
        return self._file is not None

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Item]:
        position = 0
        while self._file is not None and position < self._end:
            self._file.seek(position)
            group: list[Item] = pickle.load(self._file)
            position = self._file.tell()
            yield from group
        yield from self._items

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | Sequence[Item]:
        if isinstance(index, slice):
            return list(self)[index]
        wanted = index if index >= 0 else self._count + index
        if not 0 <= wanted < self._count:
            raise IndexError(index)
        return next(islice(self, wanted, None))

    def _write(self, file: IO[bytes]) -> None:
        file.seek(self._end)
        for start in range(0, len(self._items), _GROUP):
            pickle.dump(self._items[start : start + _GROUP], file, pickle.HIGHEST_PROTOCOL)
        self._end = file.tell()
        self._items.clear()
