"""The frames between a command and the owner of the data folder: JSON objects, one a message.

Only bytes are exchanged, never pickles: a peer can say something wrong, but not run anything. The listener is a Unix
socket in a folder that only this user may enter (a named pipe on Windows), and both sides prove that they can read a
key which lies in the data folder, readable by this user alone.

To the owner: {"do": "run", "argv": [...], "folder": "...", "json": bool, "interactive": bool}, {"do": "raise"} and,
while a command runs, {"do": "cancel"}. From the owner: {"out": text}, {"err": text}, and last {"exit": code}.
"""

import json
import os
import secrets
import socket
import sys
import tempfile
from contextlib import suppress
from hashlib import blake2b
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, answer_challenge, deliver_challenge
from pathlib import Path

from rag.storage.failures import file_failures

Frame = dict[str, object]
_KEY_BYTES = 32
_MOST_BYTES = 1 << 26


def send(connection: Connection, frame: Frame) -> None:
    """Send one frame; raises OSError when the other side is gone."""
    connection.send_bytes(json.dumps(frame).encode("utf-8", "surrogatepass"))


def receive(connection: Connection) -> Frame:
    """Return the next frame; raises EOFError or OSError when the other side is gone, ValueError for nonsense."""
    try:
        frame = json.loads(connection.recv_bytes(_MOST_BYTES).decode("utf-8", "surrogatepass"))
    except RecursionError as exc:
        raise ValueError("a frame is not that deep") from exc
    if not isinstance(frame, dict):
        raise ValueError("a frame is a JSON object")
    return frame


def greet(connection: Connection, key: bytes) -> None:
    """Make the caller prove that it has the key, and prove the same to it; raises `AuthenticationError`."""
    try:
        deliver_challenge(connection, key)
        answer_challenge(connection, key)
    except AssertionError as exc:
        # What is no greeting at all; newer Pythons raise the error by themselves.
        raise AuthenticationError(str(exc)) from exc


def hang_up(connection: Connection) -> None:
    """Make whoever reads from a connection, on another thread, see its end; closing it would not wake them."""
    if sys.platform == "win32":
        connection.close()
        return
    with suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as same:
        same.shutdown(socket.SHUT_RDWR)


def family() -> str:
    return "AF_PIPE" if sys.platform == "win32" else "AF_UNIX"


def new_address(data_dir: Path) -> str:
    """Return where the owner of a data folder listens: short, as socket names may have 100 characters only."""
    name = blake2b(os.fsencode(data_dir), digest_size=8).hexdigest()
    if sys.platform == "win32":
        return rf"\\.\pipe\carrel-{name}-{secrets.token_hex(4)}"
    base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    folder = base / f"carrel-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if status.st_uid != os.getuid() or status.st_mode & 0o077:
        # Somebody else made the folder first; one of our own name is safe from them.
        folder = Path(tempfile.mkdtemp(prefix="carrel-"))
    return str(folder / f"{name}-{secrets.token_hex(4)}")


def command_key(data_dir: Path) -> bytes:
    """Return the key that proves that a peer is the same user, made on first use."""
    path = data_dir / "command.key"
    with file_failures(path):
        if path.is_file() and len(key := path.read_bytes()) == _KEY_BYTES:
            return key
        # Written beside it first: a process that ends half-way must not leave half a key.
        partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
        partial.unlink(missing_ok=True)
        key = secrets.token_bytes(_KEY_BYTES)
        with os.fdopen(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(key)
        partial.replace(path)
    return key
