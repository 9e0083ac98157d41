"""The caller's side: runs a command through the program that owns the data folder."""

import time
from collections.abc import Sequence
from multiprocessing import AuthenticationError
from multiprocessing import connection as connections
from pathlib import Path

from inference.api import CancelToken
from rag.cli.console import Console
from rag.errors import DataFolderInUse
from rag.server.protocol import command_key, family, receive, send
from rag.storage.lock import FolderHeld, FolderLock

_OWNER_STARTS_S = 5.0
_POLL_S = 0.05


class Connection:
    """A line to the owner, for one command after another; used by one thread."""

    def __init__(self, link: connections.Connection, in_use: DataFolderInUse) -> None:
        self._link = link
        self._in_use = in_use

    def run(self, argv: Sequence[str], folder: Path, console: Console, cancel: CancelToken) -> int:
        """Run a command there and show here what it writes; returns its exit code."""
        request = {"do": "run", "argv": list(argv), "folder": str(folder)}
        try:
            send(self._link, {**request, "json": console.json, "interactive": console.interactive})
            return self._follow(console, cancel)
        except (EOFError, OSError) as exc:
            raise self._in_use from exc

    def _follow(self, console: Console, cancel: CancelToken) -> int:
        told = False
        while True:
            if cancel.cancelled and not told:
                send(self._link, {"do": "cancel"})
                told = True
            if not self._link.poll(_POLL_S):
                continue
            frame = receive(self._link)
            if "exit" in frame:
                return int(str(frame["exit"]))
            console.raw(str(frame.get("out", "")), str(frame.get("err", "")))

    def raise_window(self) -> bool:
        """Ask the owner to bring its window to the front; False if it has none."""
        send(self._link, {"do": "raise"})
        return receive(self._link).get("exit") == 0

    def close(self) -> None:
        self._link.close()


def connect(data_dir: Path, in_use: DataFolderInUse) -> Connection:
    """Reach the owner of a data folder; raises `in_use` if it cannot be reached."""
    deadline = time.monotonic() + _OWNER_STARTS_S
    while True:
        address = in_use.address or _published_address(data_dir)
        if address is not None:
            try:
                return Connection(connections.Client(address, family=family(), authkey=command_key(data_dir)), in_use)
            except (OSError, EOFError, AuthenticationError) as exc:
                failure: BaseException | None = exc
        else:
            failure = None
        if time.monotonic() > deadline:
            raise in_use from failure
        # The owner takes the lock first and listens a moment later.
        time.sleep(_POLL_S)


def _published_address(data_dir: Path) -> str | None:
    lock = FolderLock(data_dir)
    try:
        lock.acquire()
    except FolderHeld as held:
        return held.address
    lock.release()
    return None


def raise_window(data_dir: Path) -> bool:
    """Bring the window that owns a data folder to the front; False if nobody answers, or it has no window."""
    address = _published_address(data_dir)
    if address is None:
        return False
    in_use = DataFolderInUse(f"Another Carrel has {data_dir} open.", remedy="Use that one.", path=data_dir)
    in_use.address = address
    try:
        link = connect(data_dir, in_use)
    except DataFolderInUse:
        return False
    try:
        return link.raise_window()
    except (EOFError, OSError):
        return False
    finally:
        link.close()
