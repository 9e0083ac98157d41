"""One owner at a time for a data folder, and the way to reach it.

The operating system holds the lock, so that it ends with its process, however that ends: a dead owner is taken over
without guessing from process numbers. A small file beside it tells others who the owner is and where it listens.
"""

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from rag.errors import DataFolderInUse
from rag.storage.failures import file_failures

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FolderHeld(DataFolderInUse):
    """A living program owns the folder; commands can go through it.

    Attributes:
        owner_pid: Its process, or None while it is only just starting.
        address: Where it listens, or None if it does not (yet).
    """

    def __init__(self, folder: Path, owner_pid: int | None, address: str | None) -> None:
        owner = f" (process {owner_pid})" if owner_pid else ""
        super().__init__(
            f"Another running Carrel{owner} owns the data folder {folder}.",
            remedy="Close it, or choose another folder with --data-dir.",
            path=folder,
        )
        self.owner_pid = owner_pid
        self.address = address


class FolderLock:
    """The right to write in a data folder. Any thread, but not two at once."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir
        # Never deleted: whoever deletes a lock file can delete the one that somebody else has just locked.
        self._lock_file = data_dir / "carrel.lock"
        self._owner_file = data_dir / "owner.json"
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Become the owner, making the folder if need be; a second call changes nothing.

        Raises:
            FolderHeld: Somebody else is.
            FolderNotWritable: The folder cannot be made or written.
        """
        if self._descriptor is not None:
            return
        with file_failures(self._lock_file):
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(descriptor)
        except (BlockingIOError, PermissionError) as exc:
            os.close(descriptor)
            raise FolderHeld(self._folder, *self._owner()) from exc
        self._descriptor = descriptor
        try:
            self._write_owner(None)
        except BaseException:
            self.release()
            raise

    def publish(self, address: str) -> None:
        """Tell others where this owner listens."""
        self._write_owner(address)

    def release(self) -> None:
        """Give the folder back; without it, the end of the process does."""
        if self._descriptor is None:
            return
        self._owner_file.unlink(missing_ok=True)
        os.close(self._descriptor)
        self._descriptor = None

    def _write_owner(self, address: str | None) -> None:
        started_at = datetime.now(UTC).isoformat(timespec="seconds")
        owner = {"pid": os.getpid(), "started_at": started_at, "address": address}
        partial = self._owner_file.with_suffix(".partial")
        with file_failures(self._owner_file):
            partial.write_text(json.dumps(owner), encoding="utf-8")
            partial.chmod(0o600)
            partial.replace(self._owner_file)

    def _owner(self) -> tuple[int | None, str | None]:
        try:
            owner = json.loads(self._owner_file.read_text(encoding="utf-8"))
            return owner["pid"], owner["address"]
        except (OSError, ValueError, KeyError, TypeError):
            return None, None
