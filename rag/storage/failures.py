"""What the environment can do to files of the data folder, as known errors."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from rag.errors import DataFolderDamaged, DataFolderInUse, DiskFull, FolderNotWritable, StorageError

_FULL_BELOW_BYTES = 1 << 20
_NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST)
_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def sqlite_failures(path: Path) -> Iterator[None]:
    """Turn what SQLite says about the file `path` into a `StorageError`; our own mistakes go through."""
    try:
        yield
    except apsw.FullError as exc:
        raise disk_full(path) from exc
    except (apsw.ReadOnlyError, apsw.CantOpenError, apsw.PermissionsError) as exc:
        raise not_writable(path) from exc
    except (apsw.CorruptError, apsw.NotADBError) as exc:
        raise damaged(path) from exc
    except apsw.BusyError as exc:
        raise _in_use(path) from exc
    except apsw.IOError as exc:
        raise (disk_full(path) if nearly_full(path) else damaged(path)) from exc


@contextmanager
def file_failures(path: Path) -> Iterator[None]:
    """Turn what the system says when `path` is made or written into a `StorageError`."""
    try:
        yield
    except OSError as exc:
        if exc.errno in _FULL:
            raise disk_full(path) from exc
        if exc.errno in _NOT_WRITABLE:
            raise not_writable(path) from exc
        raise


def nearly_full(path: Path) -> bool:
    """Tell whether the disk that holds `path` has no room left."""
    try:
        return shutil.disk_usage(path.parent).free < _FULL_BELOW_BYTES
    except OSError:
        return False


def disk_full(path: Path) -> StorageError:
    return DiskFull(
        f"The disk that holds {path.parent} is full; nothing half-written was kept.",
        remedy="Free some space, then try again; what is stored already stays.",
        path=path.parent,
    )


def not_writable(path: Path) -> StorageError:
    return FolderNotWritable(
        f"The data folder {path.parent} cannot be written.",
        remedy="Give yourself permission to write there, or choose another folder with --data-dir.",
        path=path.parent,
    )


def damaged(path: Path) -> StorageError:
    return DataFolderDamaged(
        f"{path.name} in {path.parent} is damaged and cannot be read.",
        remedy="Put back a copy of the folder, or move it away and add your documents again.",
        path=path,
    )


def _in_use(path: Path) -> StorageError:
    return DataFolderInUse(
        f"Another program is writing to {path}.",
        remedy="Close the other program, then try again.",
        path=path,
    )
