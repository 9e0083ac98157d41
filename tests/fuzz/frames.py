"""Nonsense to the socket of the owner of a data folder: the next caller is served all the same."""

import json
import random
import socket
import tempfile
from contextlib import suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection
from pathlib import Path

from rag.server.protocol import command_key, family
from rag.server.service import CommandService
from rag.settings import RagSettings
from rag.workspace import Workspace
from tests.fuzz.finds import Find, Outcomes
from tests.fuzz.mutations import mutate

_PATIENCE_S = 10.0
_FRAMES = [
    json.dumps(frame).encode()
    for frame in (
        {"do": "run", "argv": ["collections"], "folder": "/", "json": True, "interactive": False},
        {"do": "run", "argv": ["search", "x", "--collection", "y"], "folder": "/tmp", "json": False},
        {"do": "raise"},
        {"do": "cancel"},
    )
]
_GREETING = b"\0\0\0\x1c#CHALLENGE#" + b"k" * 20


class Frames:
    """Implements `Target`."""

    name = "frames"

    def __init__(self) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="carrel-fuzz-")
        folder = Path(self._home.name)
        quick = RagSettings(embedding_model="hashing", chat_model="echo")
        self._workspace = Workspace.open(folder / "data", settings=quick, cache_dir=folder / "cache")
        self._service = CommandService(self._workspace)
        self._service.start()
        self._key = command_key(self._workspace.data_dir)
        owner = json.loads((self._workspace.data_dir / "owner.json").read_text("utf-8"))
        self._address = str(owner["address"])
        self._outcomes = Outcomes()
        self.outcomes = self._outcomes.counts

    def try_one(self, chance: random.Random) -> Find | None:
        raw = chance.random() < 0.3 and family() == "AF_UNIX"
        seeds = [_GREETING] if raw else _FRAMES
        data = mutate(chance.choice(seeds), [*_FRAMES, _GREETING], chance)
        with suppress(OSError, EOFError, AuthenticationError, AssertionError):
            self._say_raw(data) if raw else self._say(data)
        return None if self._is_well() else Find("the next caller was not served", data)

    def close(self) -> None:
        self._service.stop()
        self._workspace.close()
        self._home.cleanup()

    def _say(self, data: bytes) -> None:
        with Client(self._address, family=family(), authkey=self._key) as caller:
            caller.send_bytes(data)
            if caller.poll(0.2):
                self._outcomes.add("answer" if _received(caller) else "hung up")
            else:
                self._outcomes.add("silence")

    def _say_raw(self, data: bytes) -> None:
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(self._address)
            caller.sendall(data)
            self._outcomes.add("raw")

    def _is_well(self) -> bool:
        try:
            with Client(self._address, family=family(), authkey=self._key) as caller:
                caller.send_bytes(_FRAMES[0])
                return caller.poll(_PATIENCE_S) and b"collections" in caller.recv_bytes()
        except (OSError, EOFError):
            return False


def _received(caller: "Connection[bytes, bytes]") -> bool:
    try:
        return bool(caller.recv_bytes())
    except (OSError, EOFError):
        return False
