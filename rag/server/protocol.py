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
import sys
import tempfile
from hashlib import blake2b
from multiprocessing.connection import Connection
from pathlib import Path

Frame = dict[str, object]
_KEY_BYTES = 32


def send(connection: Connection, frame: Frame) -> None:
    """Send one frame; raises OSError when the other side is gone."""
    connection.send_bytes(json.dumps(frame).encode("utf-8", "surrogatepass"))


def receive(connection: Connection) -> Frame:
    """Return the next frame; raises EOFError or OSError when the other side is gone, ValueError for nonsense."""
    frame = json.loads(connection.recv_bytes().decode("utf-8", "surrogatepass"))
    if not isinstance(frame, dict):
        raise ValueError("a frame is a JSON object")
    return frame


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
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(handle, "wb") as file:
        key = secrets.token_bytes(_KEY_BYTES)
        file.write(key)
    return key
