"""Which chat model is meant by a name or a file, and loading it once."""

import contextlib
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path

from inference.api import (
    ChatWorker,
    CpuBudget,
    FactFile,
    LoadJob,
    LoadSettings,
    ModelDetails,
    ModelNotFound,
    ModelRef,
    ModelShelf,
    ModelTrial,
    default_registry,
    model_at,
    read_header,
)

_WITHOUT_FILE = ("echo",)
"""Backends that are models by themselves, for tests and for a look at the program without one."""
_FACTS_FILE = "known-models.json"


class ChatModels:
    """Finds models and loads at most one at a time; any thread.

    Attributes:
        worker: Owns the loaded model.
    """

    def __init__(self, models_dir: Path, cache_dir: Path, budget: CpuBudget) -> None:
        facts = FactFile(cache_dir / _FACTS_FILE)
        self._shelf = ModelShelf(facts, models_dir)
        trial = ModelTrial(facts, trusted=self._shelf.verify)
        self.worker = ChatWorker(default_registry(), trial=trial, budget=budget)
        self._lock = threading.Lock()
        self._load: tuple[ModelRef, LoadJob] | None = None

    def models(self, added_files: Sequence[str]) -> list[ModelRef]:
        """Return what can be chosen: the built-in model, the models folder, and files added by hand."""
        listed = self._shelf.models()
        known = {ref.path for ref in listed}
        added = [Path(name) for name in added_files]
        return listed + [model_at(path) for path in added if path not in known and path.is_file()]

    def find(self, wanted: ModelRef | str | Path | None, added_files: Sequence[str]) -> ModelRef:
        """Return the model meant by a name or a file; None means the built-in one; raises `ModelNotFound`."""
        if isinstance(wanted, ModelRef):
            return wanted
        if wanted is None:
            return self._shelf.default()
        if str(wanted) in _WITHOUT_FILE:
            return ModelRef(name=str(wanted), backend=str(wanted))
        for ref in self.models(added_files):
            if str(wanted).casefold() in {ref.name.casefold(), str(ref.path).casefold()}:
                return ref
        return self._at_path(Path(wanted), added_files)

    def _at_path(self, path: Path, added_files: Sequence[str]) -> ModelRef:
        with contextlib.suppress(OSError, RuntimeError, ValueError):  # A name that cannot be one of a file.
            path = path.expanduser()
            if path.exists():
                return self.check_file(path)
        names = ", ".join(ref.name for ref in self.models(added_files)) or "none"
        raise ModelNotFound(f"There is no model named or at {path}.", remedy=f"Models here: {names}.", path=path)

    def check_file(self, path: Path) -> ModelRef:
        """Return the model in a file, after a look at its header; raises `ModelError`."""
        path = path.expanduser().resolve()
        read_header(path)
        return model_at(path)

    @property
    def loading_or_loaded(self) -> bool:
        with self._lock:
            return self._load is not None and not _failed(self._load[1].future)

    def load(
        self, ref: ModelRef, context_tokens: int | None, on_progress: Callable[[float], None] | None
    ) -> Future[ModelDetails]:
        """Load a model, or return the load that is already under way or done for it."""
        with self._lock:
            if self._load is not None:
                if self._load[0] == ref and not _failed(self._load[1].future):
                    return self._load[1].future
                self._load[1].cancel()
            job = self.worker.load(ref, LoadSettings(context_tokens=context_tokens), on_progress)
            self._load = (ref, job)
            return job.future


def _failed(future: Future[ModelDetails]) -> bool:
    return future.done() and (future.cancelled() or future.exception() is not None)
