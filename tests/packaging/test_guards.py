"""The test suite's own guards do what they promise."""

import logging
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

OUTSIDE = "198.51.100.7"  # TEST-NET-2: reserved for documentation, nobody is there.


@pytest.mark.network
def test_sockets_to_the_outside_are_blocked_and_written_down(no_network: Path) -> None:
    with socket.socket() as sock, pytest.raises(OSError, match="network blocked"):
        sock.connect((OUTSIDE, 80))
    with pytest.raises(OSError, match="network blocked"):
        socket.getaddrinfo("carrel.invalid", 443)
    assert OUTSIDE in no_network.read_text(encoding="utf-8")


@pytest.mark.network
def test_child_processes_are_blocked_too(no_network: Path) -> None:
    code = f"import socket; socket.create_connection(('{OUTSIDE}', 80), 1)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "network blocked" in result.stderr
    assert OUTSIDE in no_network.read_text(encoding="utf-8")


def test_loopback_passes() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()[:2]):
        pass


def test_an_expected_warning_passes(expect_log: Callable[[str], None]) -> None:
    expect_log("the disk is nearly full")
    logging.getLogger("carrel.test").warning("the disk is nearly full")


FAILING = {
    "warning": ("import logging\ndef test_it():\n    logging.getLogger('x').warning('surprise')\n", "surprise"),
    "thread": (
        "import threading\n_stop = threading.Event()\n"
        "def test_it():\n    threading.Thread(target=_stop.wait, args=(20,), name='ingest', daemon=True).start()\n",
        "Threads left running: ingest",
    ),
}


@pytest.mark.parametrize("kind", sorted(FAILING))
def test_what_a_test_leaves_behind_fails_it(kind: str, tmp_path: Path) -> None:
    source, message = FAILING[kind]
    (tmp_path / "test_inner.py").write_text(source, encoding="utf-8")
    conftest = Path(__file__).parents[1] / "conftest.py"
    (tmp_path / "conftest.py").write_text(conftest.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "guard").symlink_to(conftest.parent / "guard")
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n    expect_log\n    network\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:pytest-qt", str(tmp_path)]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 1, result.stdout
    assert message in result.stdout
