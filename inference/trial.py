"""The first load of an unknown model file happens in a child process: load it, write one token, say how it went.

A GGUF from anywhere can kill llama.cpp, and with it the process that holds the window. What passed once with this
version of llama.cpp is remembered by the file's fingerprint and not tried again.
"""

import multiprocessing
import multiprocessing.connection
from collections.abc import Callable
from importlib import metadata
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from inference.errors import Cancelled, KnownError, ModelCrashed
from inference.fingerprint import FactFile, fingerprint
from inference.registry import default_registry
from inference.types import CancelToken, GenerationRequest, LoadSettings, Message, ModelRef, Sampling

TrialMain = Callable[[Connection, ModelRef, LoadSettings], None]
_PASSED = "passed"
_POLL_S = 0.05


def _nothing_trusted(_ref: ModelRef) -> bool:
    return False


class ModelTrial:
    """Implements the worker's `Trial`.

    Args:
        memory: Where passed files are remembered.
        trusted: Says which models need no trial: those whose checksum is known.
        main: What the child runs; it must be importable.
    """

    def __init__(
        self,
        memory: FactFile,
        *,
        trusted: Callable[[ModelRef], bool] = _nothing_trusted,
        main: TrialMain | None = None,
    ) -> None:
        self._memory = memory
        self._trusted = trusted
        self._main = main or load_and_write_one_token

    def ensure(self, ref: ModelRef, settings: LoadSettings, cancel: CancelToken) -> None:
        """Return if the model may be loaded here.

        Raises:
            ModelCrashed: The child died.
            KnownError: What the child's load raised.
            Cancelled: The user stopped it; the child is ended.
        """
        if ref.path is None or not ref.path.is_file() or self._trusted(ref):
            return
        key = f"{ref.backend} {_engine_version()} {fingerprint(ref.path)}"
        if self._memory.get(key) == _PASSED:
            return
        self._try(ref, settings, cancel)
        self._memory.put(key, _PASSED)

    def _try(self, ref: ModelRef, settings: LoadSettings, cancel: CancelToken) -> None:
        # Spawned, not forked: a copy of a process with threads and a window is not a clean place.
        spawn = multiprocessing.get_context("spawn")
        ours, theirs = spawn.Pipe(duplex=False)
        child = spawn.Process(target=self._main, args=(theirs, ref, settings), name="model-trial", daemon=True)
        child.start()
        theirs.close()
        try:
            answer = _wait(ours, child, cancel)
        finally:
            _end(child)
            ours.close()
        if isinstance(answer, KnownError):
            raise answer
        if answer != _PASSED:
            raise _crashed(ref, child.exitcode)


def load_and_write_one_token(answer: Connection, ref: ModelRef, settings: LoadSettings) -> None:
    """Run in the child: load the model, write a token, send the outcome."""
    try:
        model = default_registry().get(ref.backend).load(ref, settings, lambda _share: None, CancelToken())
        request = GenerationRequest((Message("user", "Hello"),), Sampling(max_tokens=1))
        for _event in model.generate(request, CancelToken()):
            pass
        model.close()
    except KnownError as exc:
        answer.send(exc)
    else:
        answer.send(_PASSED)
    answer.close()


def _wait(ours: Connection, child: BaseProcess, cancel: CancelToken) -> object:
    """Return what the child sent, or None if it died without a word."""
    while not multiprocessing.connection.wait([ours, child.sentinel], timeout=_POLL_S):
        if cancel.cancelled:
            raise Cancelled
    try:
        return ours.recv() if ours.poll() else None
    except EOFError:
        return None


def _end(child: BaseProcess) -> None:
    child.join(timeout=2.0)
    if child.is_alive():
        child.kill()
        child.join()


def _crashed(ref: ModelRef, exit_code: int | None) -> ModelCrashed:
    message = f"The model {ref.name} ended the program that tried it (exit code {exit_code})."
    remedy = "Choose another model, or another edition of this one. Nothing else was affected."
    return ModelCrashed(message, remedy=remedy, path=ref.path)


def _engine_version() -> str:
    try:
        return metadata.version("llama-cpp-python")
    except metadata.PackageNotFoundError:  # A bundle may come without the packages' descriptions.
        return "unknown"
