"""Runs commands: in this process, or through the program that owns the data folder."""

from collections.abc import Sequence
from pathlib import Path

from inference.api import CancelToken
from rag.cli.console import Console
from rag.cli.context import Context
from rag.cli.dispatch import dispatch
from rag.errors import DataFolderInUse
from rag.places import prepare_data_dir
from rag.server.client import Connection, connect
from rag.server.service import CommandService
from rag.workspace import Workspace


class Runner:
    """Owns the data folder if it is free, or else talks to its owner; a context manager.

    Raises on entering:
        KnownError: The folder can be neither opened nor reached.
    """

    def __init__(self, data_dir: Path | None, folder: Path, cancel: CancelToken) -> None:
        self._data_dir = data_dir
        self._folder = folder
        self._cancel = cancel
        self._workspace: Workspace | None = None
        self._service: CommandService | None = None
        self._owner: Connection | None = None

    def __enter__(self) -> "Runner":
        try:
            self._workspace = Workspace.open(self._data_dir)
        except DataFolderInUse as in_use:
            self._owner = connect(prepare_data_dir(self._data_dir), in_use)
            return self
        # Other commands of this user work meanwhile, through this process.
        self._service = CommandService(self._workspace)
        self._service.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._owner is not None:
            self._owner.close()
        if self._service is not None:
            self._service.stop()
        if self._workspace is not None:
            self._workspace.close()

    def run(self, argv: Sequence[str], console: Console) -> int:
        """Run one command, its errors shown, and return its exit code."""
        if self._owner is not None:
            return self._owner.run(argv, self._folder, console, self._cancel)
        assert self._workspace is not None
        return dispatch(Context(self._workspace, console, self._folder, self._cancel), argv)
