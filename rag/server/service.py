"""The owner's side: runs commands that other processes of this user send.

One thread accepts, one thread serves each connection. A connection that breaks cancels the command that it sent.
"""

import contextlib
import logging
import threading
import time
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path

from inference.api import CancelToken
from rag.cli.console import Console
from rag.cli.context import Context
from rag.cli.dispatch import dispatch
from rag.server.protocol import Frame, command_key, family, greet, hang_up, new_address, receive, send
from rag.workspace import Workspace

log = logging.getLogger(__name__)

_PAUSE_S = 0.1


class CommandService:
    """Listens for commands from `start` to `stop`; both are called by the one who opened the workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._stopping = threading.Event()
        self._callers: list[tuple[Connection, threading.Thread]] = []

    def start(self) -> None:
        """Begin to listen, and let other processes know where."""
        self._key = command_key(self._workspace.data_dir)
        self._address = new_address(self._workspace.data_dir)
        # Callers are greeted on their own threads: one that says nothing must not keep the others out.
        self._listener = Listener(self._address, family=family(), backlog=8)
        self._thread = threading.Thread(target=self._accept, name="commands", daemon=True)
        self._thread.start()
        self._workspace.publish(self._address)

    def stop(self) -> None:
        """Cancel what runs and stop listening."""
        self._stopping.set()
        # Closing a listener does not wake the thread that waits in accept; a caller does.
        with contextlib.suppress(OSError):
            Client(self._address, family=family()).close()
        self._thread.join(timeout=5)
        self._listener.close()
        for connection, thread in self._callers:
            hang_up(connection)
            thread.join(timeout=5)
            connection.close()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection = self._listener.accept()
            except OSError as exc:
                log.info("a caller was not let in: %s", exc)
                # With no file handles left, the next attempt would fail as soon.
                time.sleep(_PAUSE_S)
                continue
            if self._stopping.is_set():
                connection.close()
                return
            thread = threading.Thread(target=self._serve, args=(connection,), name="command", daemon=True)
            self._forget_gone()
            self._callers.append((connection, thread))
            thread.start()

    def _forget_gone(self) -> None:
        for connection, thread in [each for each in self._callers if not each[1].is_alive()]:
            connection.close()
            self._callers.remove((connection, thread))

    def _serve(self, connection: Connection) -> None:
        try:
            greet(connection, self._key)
            while not self._stopping.is_set():
                self._do(connection, receive(connection))
        except AuthenticationError as exc:
            log.info("a caller was turned away: %s", exc)
        except (EOFError, OSError, ValueError) as exc:
            log.debug("a caller left: %s", exc)
        finally:
            # Only ends the line: the thread that stops the service may be about to use the connection.
            hang_up(connection)

    def _do(self, connection: Connection, frame: Frame) -> None:
        what, argv, folder = frame.get("do"), frame.get("argv"), frame.get("folder")
        if what == "raise":
            send(connection, {"exit": 0 if self._workspace.raise_window() else 1})
        elif what == "run" and isinstance(argv, list) and isinstance(folder, str):
            self._run(connection, [str(word) for word in argv], Path(folder), frame)
        elif what != "cancel":  # One that comes late has nothing to cancel.
            raise ValueError("a frame asks for something to do")

    def _run(self, connection: Connection, argv: list[str], folder: Path, frame: Frame) -> None:
        cancel = CancelToken()
        finished = threading.Event()
        watcher = threading.Thread(
            target=_watch, args=(connection, cancel, finished), name="command-watch", daemon=True
        )
        console = _remote_console(connection, frame, cancel)
        context = Context(self._workspace, console, folder, cancel)
        watcher.start()
        try:
            code = dispatch(context, argv)
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
