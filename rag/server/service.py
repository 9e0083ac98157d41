"""The owner's side: runs commands that other processes of this user send.

One thread accepts, one thread serves each connection. A connection that breaks cancels the command that it sent.
"""

import contextlib
import logging
import threading
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path

from inference.api import CancelToken
from rag.cli.console import Console
from rag.cli.context import Context
from rag.cli.dispatch import dispatch
from rag.server.protocol import Frame, command_key, family, new_address, receive, send
from rag.workspace import Workspace

log = logging.getLogger(__name__)


class CommandService:
    """Listens for commands from `start` to `stop`; both are called by the one who opened the workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._stopping = threading.Event()
        self._connections: set[Connection] = set()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to listen, and let other processes know where."""
        self._key = command_key(self._workspace.data_dir)
        self._address = new_address(self._workspace.data_dir)
        self._listener = Listener(self._address, family=family(), backlog=8, authkey=self._key)
        self._thread = threading.Thread(target=self._accept, name="commands", daemon=True)
        self._thread.start()
        self._workspace.publish(self._address)

    def stop(self) -> None:
        """Cancel what runs and stop listening."""
        self._stopping.set()
        # Closing a listener does not wake the thread that waits in accept; a caller does.
        with contextlib.suppress(OSError, EOFError, AuthenticationError):
            Client(self._address, family=family(), authkey=self._key).close()
        self._thread.join(timeout=5)
        self._listener.close()
        with self._lock:
            open_connections = list(self._connections)
        for connection in open_connections:
            connection.close()
        for thread in self._threads:
            thread.join(timeout=5)

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection = self._listener.accept()
            except (OSError, EOFError, AuthenticationError) as exc:
                log.info("a caller was turned away: %s", exc)
                continue
            if self._stopping.is_set():
                connection.close()
                return
            thread = threading.Thread(target=self._serve, args=(connection,), name="command", daemon=True)
            with self._lock:
                self._connections.add(connection)
                self._threads = [each for each in self._threads if each.is_alive()] + [thread]
            thread.start()

    def _serve(self, connection: Connection) -> None:
        try:
            while not self._stopping.is_set():
                self._do(connection, receive(connection))
        except (EOFError, OSError, ValueError, KeyError) as exc:
            log.debug("a caller left: %s", exc)
        finally:
            with self._lock:
                self._connections.discard(connection)
            connection.close()

    def _do(self, connection: Connection, frame: Frame) -> None:
        if frame["do"] == "raise":
            send(connection, {"exit": 0 if self._workspace.raise_window() else 1})
        elif frame["do"] == "run":
            self._run(connection, frame)

    def _run(self, connection: Connection, frame: Frame) -> None:
        cancel = CancelToken()
        finished = threading.Event()
        watcher = threading.Thread(
            target=_watch, args=(connection, cancel, finished), name="command-watch", daemon=True
        )
        console = _remote_console(connection, frame, cancel)
        context = Context(self._workspace, console, Path(str(frame["folder"])), cancel)
        argv = frame["argv"]
        assert isinstance(argv, list)
        watcher.start()
        try:
            code = dispatch(context, [str(word) for word in argv])
        finally:
            finished.set()
            watcher.join()
        send(connection, {"exit": code})


def _remote_console(connection: Connection, frame: Frame, cancel: CancelToken) -> Console:
    def write(stream: str, text: str) -> None:
        try:
            send(connection, {stream: text})
        except OSError:
            cancel.cancel()

    return Console(
        lambda text: write("out", text),
        lambda text: write("err", text),
        json=bool(frame.get("json")),
        interactive=bool(frame.get("interactive")),
    )


def _watch(connection: Connection, cancel: CancelToken, finished: threading.Event) -> None:
    """Cancel when the caller says so, or is gone."""
    while not finished.is_set():
        try:
            if connection.poll(0.05) and receive(connection).get("do") == "cancel":
                cancel.cancel()
        except (EOFError, OSError, ValueError):
            cancel.cancel()
            return
