"""Knows which model answers; chooses, adds and loads. GUI thread only."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from gui.errors import ACTION_WORDS, notice_of
from gui.models.menu import device_text
from gui.notify import Message

if TYPE_CHECKING:
    from concurrent.futures import Future

    from gui.bridge import Bridge
    from gui.main_window import MainWindow
    from gui.tasks import Tasks
    from inference.api import ModelDetails, ModelRef
    from rag.api import Change, Workspace


class ModelController(QObject):
    """Keeps the model button true."""

    def __init__(self, workspace: Workspace, window: MainWindow, tasks: Tasks, bridge: Bridge) -> None:
        super().__init__(window)
        self._workspace, self._window, self._tasks, self._bridge = workspace, window, tasks, bridge
        self._models: list[ModelRef] = []
        self._details: ModelDetails | None = None
        self._wanted = ""
        self._is_loading = self._failed_once = False
        window.chat.model.model_chosen.connect(self.choose)
        window.chat.model.add_asked.connect(self.ask_for_file)

    def start(self, *, load: bool) -> None:
        """List the models, and load the chosen one in the background, or leave that to the first question."""
        self.refresh()
        if load:
            self.load(None)

    def follow_load(self) -> None:
        """Show the load that the first question has begun."""
        if self._details is None and not self._is_loading:
            self.load(None)

    def on_change(self, change: Change) -> None:
        if change.models:
            self.refresh()

    def refresh(self) -> None:
        self._tasks.run(self._workspace.models, self._listed, self._failed)

    def choose(self, ref: ModelRef) -> None:
        """Answer with another model from now on."""
        self._tasks.run(partial(self._workspace.choose_model, ref), failed=self._failed)
        self.load(ref)

    def load(self, ref: ModelRef | None) -> None:
        """Load a model; None is the one that was chosen last."""
        self._wanted, self._is_loading = ref.name if ref is not None else "", True
        self._show_loading(0.0)
        self._tasks.run(partial(self._workspace.load_model, ref, self._loading), self._load_begun, self._load_failed)

    def ask_for_file(self) -> None:
        """Let the user choose a model file."""
        name, _filter = QFileDialog.getOpenFileName(
            self._window, "Add a model file", "", "Model files (*.gguf);;All files (*)"
        )
        if name:
            self._tasks.run(partial(self._workspace.add_model_file, Path(name)), self.choose, self._failed)

    # --- Slots --------------------------------------------------------------------------------------------------------

    def _loading(self, share: float) -> None:
        # Called on the loading thread.
        self._bridge.post(self._show_loading, share, key="loading")

    def _load_begun(self, future: Future[ModelDetails]) -> None:
        self._tasks.watch(future, self._loaded, self._load_failed)

    def _show_loading(self, share: float) -> None:
        if self._details is None or self._wanted:
            name = self._wanted or "the model"
            how_far = f" · {share:.0%}" if share else ""
            self._window.status.show_loading(f"Loading {name}{how_far}", share)

    def _loaded(self, details: ModelDetails) -> None:
        self._details, self._wanted, self._is_loading, self._failed_once = details, "", False, False
        self._window.status.loading_done()
        self._show()

    def _load_failed(self, error: BaseException) -> None:
        self._wanted, self._is_loading, self._failed_once = "", False, True
        self._window.status.loading_done()
        self._failed(error)
        self._show()

    def _listed(self, models: list[ModelRef]) -> None:
        self._models = models
        self._show()

    def _show(self) -> None:
        details = self._details
        device = device_text(details) if details is not None else ""
        self._window.chat.model.show_models(self._models, details.ref if details is not None else None, device)
        waiting = "Loading…" if self._is_loading else "Loads when asked" if not self._failed_once else "No model"
        name = details.ref.name if details is not None else waiting
        self._window.chat.model.show_name(name, device or "No model is loaded yet")

    def _failed(self, error: BaseException) -> None:
        notice = notice_of(error)
        if notice is None:
            self._tasks.unhandled(error)
            return
        acts = notice.action == "choose_model"
        button = ACTION_WORDS["choose_model"] if acts else ""
        on_button = self._window.chat.model.showMenu if acts else None
        self._window.messages.show_message(Message(notice.text, "error", button, on_button))
