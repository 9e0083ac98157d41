"""Folders for files that are needed while a document is read: private, outside the data folder, and gone afterwards.

A parse process may be killed at any moment, so each folder's name tells whose it is: the parent removes those of a
process that it ended, and start-up removes those of processes that do not run any more.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

_PREFIX = "carrel-reading-"
_NAME = re.compile(rf"{_PREFIX}(\d+)-")


@contextmanager
def private_folder() -> Iterator[Path]:
    """Give a new folder that only this user can look into; it is removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_leavings(pid: int | None = None) -> None:
    """Remove the folders that an ended process left, or those of every process that does not run any more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        found = _NAME.match(folder.name)
        if found is None:
            continue
        owner = int(found[1])
        if owner == pid or (pid is None and not psutil.pid_exists(owner)):
            # A folder of another user stays: nobody else may remove it.
            shutil.rmtree(folder, ignore_errors=True)
