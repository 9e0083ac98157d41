"""The one place that opens SQLite: a writer for all, and readers that see a snapshot.

Write-ahead logging lets readers go on while one thread writes. What the environment does to the file (full disk,
read-only folder, damage) comes out as a `StorageError` that names the folder and the remedy.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import apsw

from rag.storage.failures import file_failures, sqlite_failures
from rag.storage.migrations import MIGRATIONS, Migration, migrate

_BUSY_TIMEOUT_MS = 10_000
_IDLE_READERS = 4


class Database:
    """`library.db`, open. Any thread.

    Attributes:
        path: The database file.
    """

    def __init__(self, path: Path, migrations: Sequence[Migration] = MIGRATIONS) -> None:
        """Open the file, or make it, and bring it up to date.

        Raises:
            DataFolderNewer: A newer program wrote it.
            StorageError: The folder cannot be written, is full, or the file is damaged.
        """
        self.path = path
        self._lock = threading.RLock()
        self._pool_lock = threading.Lock()
        self._idle: list[apsw.Connection] = []
        self._local = threading.local()
        self._closed = False
        with file_failures(path), sqlite_failures(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = _open_writer(path, migrations)

    @contextmanager
    def write(self) -> Iterator[apsw.Connection]:
        """Give the writer inside a transaction that commits at the end, or not at all.

        Threads take turns. Inside another `write()` of the same thread it is a part of that transaction, which can
        fail alone.
        """
        with self._lock:
            if self._writer.in_transaction:
                with self._writer:
                    yield self._writer
                return
            with (
                sqlite_failures(self.path),
                _transaction(self._writer, "BEGIN IMMEDIATE"),
                self._using(self._writer),
            ):
                yield self._writer

    @contextmanager
    def read(self) -> Iterator[apsw.Connection]:
        """Give a connection on which all reads see the same moment; inside `write()` it sees what was written."""
        current: apsw.Connection | None = getattr(self._local, "connection", None)
        if current is not None:
            yield current
            return
        with sqlite_failures(self.path):
            reader = self._take_reader()
            try:
                with _transaction(reader, "BEGIN"), self._using(reader):
                    yield reader
            finally:
                self._put_back(reader)

    def vacuum(self) -> None:
        """Write the file anew without anything that was deleted; nobody can write meanwhile."""
        with self._lock, sqlite_failures(self.path):
            self._writer.execute("VACUUM")

    def fold_log(self) -> bool:
        """Bring the whole log into the file and empty it; False if somebody was reading for too long."""
        with self._lock, sqlite_failures(self.path):
            try:
                return bool(self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0][0] == 0)
            except apsw.BusyError:
                return False

    def close(self) -> None:
        """Fold the log into the file and close it; nothing may be using it any more."""
        with self._lock, self._pool_lock:
            self._closed = True
            for reader in self._idle:
                reader.close()
            self._idle.clear()
            # Closing the last connection checkpoints the log and removes it.
            self._writer.close()

    @contextmanager
    def _using(self, connection: apsw.Connection) -> Iterator[None]:
        outer = getattr(self._local, "connection", None)
        self._local.connection = connection
        try:
            yield
        finally:
            self._local.connection = outer

    def _take_reader(self) -> apsw.Connection:
        with self._pool_lock:
            if self._idle:
                return self._idle.pop()
        return _open(self.path, apsw.SQLITE_OPEN_READONLY)

    def _put_back(self, reader: apsw.Connection) -> None:
        with self._pool_lock:
            if len(self._idle) < _IDLE_READERS and not self._closed:
                self._idle.append(reader)
                return
        reader.close()


def _open(path: Path, flags: int) -> apsw.Connection:
    connection = apsw.Connection(str(path), flags=flags)
    connection.set_busy_timeout(_BUSY_TIMEOUT_MS)
    return connection


def _open_writer(path: Path, migrations: Sequence[Migration]) -> apsw.Connection:
    connection = _open(path, apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = FAST")
        connection.execute("PRAGMA journal_size_limit = 67108864")
        migrate(connection, path, migrations)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _transaction(connection: apsw.Connection, begin: str) -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A full disk makes SQLite roll back by itself.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
