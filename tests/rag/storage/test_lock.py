"""The owner of a data folder."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rag.errors import DataFolderInUse, FolderNotWritable
from rag.storage.lock import FolderHeld, FolderLock

_OWNER = """
import sys
from pathlib import Path
from rag.storage.lock import FolderLock
lock = FolderLock(Path(sys.argv[1]))
lock.acquire()
lock.publish("socket-of-the-other")
print("owner", flush=True)
sys.stdin.read()
"""


def start_owner(folder: Path) -> subprocess.Popen[str]:
    owner = subprocess.Popen(
        [sys.executable, "-c", _OWNER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == "owner\n"
    return owner


def end(owner: subprocess.Popen[str]) -> None:
    owner.kill()
    owner.communicate()


def test_the_living_owner_is_named_with_its_address(tmp_path: Path) -> None:
    owner = start_owner(tmp_path)
    try:
        with pytest.raises(FolderHeld) as caught:
            FolderLock(tmp_path).acquire()
    finally:
        end(owner)
    assert caught.value.owner_pid == owner.pid
    assert caught.value.address == "socket-of-the-other"
    assert isinstance(caught.value, DataFolderInUse)
    assert caught.value.path == tmp_path


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_dead_owner_is_taken_over(tmp_path: Path) -> None:
    owner = start_owner(tmp_path)
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    lock = FolderLock(tmp_path)
    lock.acquire()
    with pytest.raises(FolderHeld) as caught:
        FolderLock(tmp_path).acquire()
    assert caught.value.owner_pid == os.getpid()
    assert caught.value.address is None
    lock.release()


def test_the_address_is_told_once_it_is_known(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    lock.acquire()
    lock.publish("127.0.0.1:1234")
    with pytest.raises(FolderHeld) as caught:
        FolderLock(tmp_path).acquire()
    assert (caught.value.owner_pid, caught.value.address) == (os.getpid(), "127.0.0.1:1234")
    lock.release()


def test_a_released_folder_can_be_owned_again(tmp_path: Path) -> None:
    first, second = FolderLock(tmp_path / "new"), FolderLock(tmp_path / "new")
    first.acquire()
    first.acquire()
    first.release()
    first.release()
    second.acquire()
    second.release()


@pytest.mark.parametrize("content", [None, "", "{}", "[1]"])
def test_an_owner_that_is_only_just_starting_is_held_without_a_name(tmp_path: Path, content: str | None) -> None:
    first = FolderLock(tmp_path)
    first.acquire()
    (tmp_path / "owner.json").unlink()
    if content is not None:
        (tmp_path / "owner.json").write_text(content)
    with pytest.raises(FolderHeld) as caught:
        FolderLock(tmp_path).acquire()
    assert caught.value.owner_pid is None
    first.release()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FolderNotWritable):
        FolderLock(tmp_path / "file" / "folder").acquire()
