"""The core in the window: opened on a pool thread after the window is seen, then wired to the views by the controllers.

This module imports the core, so it is itself imported late, on that same thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from gui.chat.controller import ChatController
from gui.library.controller import LibraryController
from gui.models.controller import ModelController
from gui.notify import Message
from gui.reader.controller import ReaderController
from gui.wording import counted
from rag.api import Change, Chat, CommandService, DataFolderInUse, RagSettings, Workspace, raise_window

if TYPE_CHECKING:
    from gui.about import AboutDialog
    from gui.bridge import Bridge
    from gui.main_window import MainWindow
    from gui.settings import WindowState
    from gui.tasks import Tasks


@dataclass(frozen=True)
class Opened:
    """What the window needs to begin with."""

    workspace: Workspace
    chats: list[Chat]
    attached: tuple[int, ...]
    suggestions: list[str]
    service: CommandService

    def close(self) -> None:
        """Stop taking commands, and close the data folder."""
        self.service.stop()
        self.workspace.close()


class AlreadyRunning(Exception):
    """Another window owns the data folder and was brought to the front."""


def open_core(data_dir: Path | None, settings: RagSettings | None, *, samples_offered: bool) -> Opened:
    """Open the data folder; on the very first start the sample documents go into it. Called on a pool thread."""
    try:
        workspace = Workspace.open(data_dir, settings=settings)
    except DataFolderInUse as error:
        if error.path is not None and raise_window(error.path):
            raise AlreadyRunning from error
        raise
    try:
        return read_first(workspace, samples_offered=samples_offered)
    except BaseException:
        workspace.close()
        raise


def read_first(workspace: Workspace, *, samples_offered: bool) -> Opened:
    """Read what an open data folder has to show first; called on a pool thread."""
    workspace.keep_in_step()
    chats = workspace.chats()
    collections = workspace.collections()
    if not collections and not samples_offered:
        collections = [workspace.sample_collection()]
    last = chats[0].collection_ids if chats else tuple(each.id for each in collections)
    has_samples = any(each.kind == "sample" for each in collections)
    service = CommandService(workspace)
    service.start()
    return Opened(workspace, chats, last, workspace.sample_questions() if has_samples else [], service)


class Session(QObject):
    """The controllers of one open data folder. GUI thread only."""

    def __init__(self, opened: Opened, window: MainWindow, tasks: Tasks, bridge: Bridge, state: WindowState) -> None:
        super().__init__(window)
        self.workspace = opened.workspace
        self._window, self._bridge, self._state, self._tasks = window, bridge, state, tasks
        self.library = LibraryController(opened.workspace, window, tasks, bridge, state.number("collection", -1))
        self.reader = ReaderController(opened.workspace, window, tasks, state)
        self.models = ModelController(opened.workspace, window, tasks, bridge)
        self.chats = ChatController(opened.workspace, window, tasks, bridge, state, self.library, self.reader)
        self.library.file_opened.connect(self.reader.open_file)
        self.library.reports.place_opened.connect(self.reader.open)
        self.library.changed.connect(self._remember_collection)
        self.chats.remedy_asked.connect(self._remedy)
        self.chats.question_begun.connect(self.models.follow_load)
        window.about_opened.connect(self._tell_plugins)
        self._unsubscribe = opened.workspace.subscribe(self._changed)
        opened.workspace.on_raise(self._raise_asked)
        self._start(opened, tasks)

    def close(self) -> None:
        """End what listens to the core; the core itself is closed by `Opened.close`."""
        self._unsubscribe()
        self.library.exchange.stop()
        self.reader.remember()

    def _start(self, opened: Opened, tasks: Tasks) -> None:
        self._state.put("samples_offered", True)
        self.chats.start(opened.chats, opened.suggestions, opened.attached)
        self.library.refresh()
        at_start = opened.workspace.settings.models_at_start
        self.models.start(load=at_start)
        self.reader.restore()
        if at_start:
            tasks.run(opened.workspace.warm_up)
        self._show_recovered()

    def _show_recovered(self) -> None:
        recovered = self.workspace.recovered
        if recovered:
            model = next((message.model for message in recovered if message.model), None)
            wrote = f" that {model} was writing" if model else ""
            said = (
                f"Carrel ended unexpectedly; {counted(len(recovered), 'answer')}{wrote} was kept as far as it had come."
            )
            self._window.messages.show_message(Message(said, "warning"))

    # --- From the core's threads --------------------------------------------------------------------------------------

    def _changed(self, change: Change) -> None:
        self._bridge.post(self._take_change, change)

    def _raise_asked(self) -> None:
        self._bridge.post(self._window.bring_to_front)

    # --- On the GUI thread --------------------------------------------------------------------------------------------

    def _take_change(self, change: Change) -> None:
        self.library.on_change(change)
        self.chats.on_change(change)
        self.models.on_change(change)

    def _remember_collection(self) -> None:
        chosen = self.library.state.chosen
        self._state.put("collection", -1 if chosen is None else chosen)

    def _tell_plugins(self, dialog: AboutDialog) -> None:
        self._tasks.run(self.workspace.plugins, dialog.show_plugins)

    def _remedy(self, action: str) -> None:
        if action == "choose_model":
            self._window.chat.model.showMenu()
        elif action == "retry":
            self.chats.regenerate()
