"""Whoever calls the owner of a data folder and says nonsense, or nothing, harms nobody else."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from multiprocessing.connection import Client, Connection
from pathlib import Path

import pytest

from rag.api import CommandService, Workspace
from rag.server.protocol import command_key, family
from tests.bad_input.processes import run_carrel

NONSENSE = [
    b"",
    b"\xff\xfe",
    b"[1, 2]",
    b"{}",
    b'{"do": 5}',
    b'{"do": "run"}',
    b'{"do": "run", "argv": "index", "folder": "/"}',
    b'{"do": "run", "argv": ["index"], "folder": 7}',
    b'{"do": "cancel"}',
    b"[" * 100_000,
]


@pytest.fixture
def service(data_dir: Path) -> Iterator[CommandService]:
    with closing(Workspace.open(data_dir)) as workspace:
        made = CommandService(workspace)
        made.start()
        try:
            yield made
        finally:
            made.stop()


def address_of(data_dir: Path) -> str:
    return str(json.loads((data_dir / "owner.json").read_text("utf-8"))["address"])


def call(data_dir: Path) -> "Connection[bytes, bytes]":
    return Client(address_of(data_dir), family=family(), authkey=command_key(data_dir))


@pytest.mark.parametrize("frame", NONSENSE, ids=range(len(NONSENSE)))
def test_nonsense_is_hung_up_on_and_the_next_caller_served(
    frame: bytes, service: CommandService, data_dir: Path
) -> None:
    with call(data_dir) as caller, suppress(OSError, EOFError):
        caller.send_bytes(frame)
        if b"cancel" not in frame:
            assert caller.poll(10)
            with pytest.raises((EOFError, OSError)):
                caller.recv_bytes()
    with call(data_dir) as caller:
        caller.send_bytes(b'{"do": "run", "argv": ["frobnicate"], "folder": "/", "json": true}')
        assert b"usage" in caller.recv_bytes()


def test_wrong_key_is_turned_away(service: CommandService, data_dir: Path) -> None:
    from multiprocessing import AuthenticationError

    with pytest.raises((AuthenticationError, EOFError, OSError)):
        Client(address_of(data_dir), family=family(), authkey=b"guess")


@pytest.mark.skipif(family() != "AF_UNIX", reason="named pipes are not sockets")
def test_silent_caller_keeps_nobody_out_and_does_not_delay_the_end(data_dir: Path, papers: Path) -> None:
    with closing(Workspace.open(data_dir)) as workspace:
        service = CommandService(workspace)
        service.start()
        with socket.socket(socket.AF_UNIX) as silent, socket.socket(socket.AF_UNIX) as stammering:
            silent.connect(address_of(data_dir))
            stammering.connect(address_of(data_dir))
            stammering.sendall(b"\0\0\0\xff#CHALL")
            assert run_carrel(data_dir, "collections", "--json").code == 0
            began = time.monotonic()
            service.stop()
            assert time.monotonic() - began < 4


def test_half_a_key_that_a_kill_left_is_replaced(data_dir: Path) -> None:
    (data_dir / "command.key").write_bytes(b"half")
    assert len(command_key(data_dir)) == 32
    assert command_key(data_dir) == command_key(data_dir)


def test_command_that_runs_when_the_owner_closes_ends(data_dir: Path, papers: Path) -> None:
    with closing(Workspace.open(data_dir)) as workspace:
        workspace.pause_indexing()
        service = CommandService(workspace)
        service.start()
        with call(data_dir) as caller:
            request = {"do": "run", "argv": ["index", str(papers)], "folder": "/", "json": True}
            caller.send_bytes(json.dumps(request).encode())
            assert caller.poll(20)
            service.stop()
