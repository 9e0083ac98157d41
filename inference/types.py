"""The words that the rest of the program and the models share: messages, requests, events and protocols.

Backends implement `ChatModel`, embedders implement `Embedder`; both enter by `inference.registry`. All values are
frozen and cross threads freely; the models themselves belong to one thread each (`inference.worker` for chat,
`inference.embedding` for embedding), which is the only one that calls them.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Role = Literal["system", "user", "assistant"]
TextKind = Literal["question", "passage"]
FinishReason = Literal["stop", "length", "cancelled"]
Vectors = NDArray[np.float32]


class CancelToken:
    """A flag that one thread raises and another one obeys; any thread."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []

    def cancel(self) -> None:
        """Raise the flag and run what was registered with `when_cancelled`, once."""
        with self._lock:
            self._event.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def when_cancelled(self, callback: Callable[[], None]) -> None:
        """Run `callback` on the cancelling thread, or at once if already cancelled; it must be quick."""
        with self._lock:
            if not self._event.is_set():
                self._callbacks.append(callback)
                return
        callback()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()


@dataclass(frozen=True)
class Message:
    """One turn of a conversation. The text never carries control tokens: the backend breaks them up."""

    role: Role
    text: str


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen. `temperature=0` is greedy; `seed=None` draws a fresh one."""

    temperature: float = 0.0
    top_k: int = 40
    top_p: float = 0.95
    min_p: float = 0.05
    typical_p: float = 1.0
    repeat_penalty: float = 1.0
    repeat_last_n: int = 64
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    seed: int | None = None
    max_tokens: int = 512
    stop: tuple[str, ...] = ()
    grammar: str | None = None


@dataclass(frozen=True)
class GenerationRequest:
    messages: tuple[Message, ...]
    sampling: Sampling = field(default_factory=Sampling)


@dataclass(frozen=True)
class PromptProgress:
    """Prompt tokens evaluated so far; `cached_tokens` of them were already in the model's cache."""

    done_tokens: int
    total_tokens: int
    cached_tokens: int


@dataclass(frozen=True)
class TextDelta:
    """Newly generated text: whole characters only."""

    text: str


@dataclass(frozen=True)
class Usage:
    prompt_tokens: int
    cached_tokens: int
    answer_tokens: int
    prompt_ms: float
    first_token_ms: float | None
    tokens_per_s: float | None


@dataclass(frozen=True)
class Finished:
    """The last event of each generation, also of one that was stopped."""

    reason: FinishReason
    usage: Usage


StreamEvent = PromptProgress | TextDelta | Finished


@dataclass(frozen=True)
class Device:
    """Where a model runs: `kind` cpu, cuda, vulkan or metal; `reason` says why it is the CPU, when it is."""

    kind: str
    name: str
    free_mb: int | None = None
    total_mb: int | None = None
    reason: str | None = None


@dataclass(frozen=True)
class LoadSettings:
    """How a chat model is loaded. None means: choose for this computer and this model."""

    context_tokens: int | None = None
    threads: int | None = None
    batch_tokens: int = 512
    gpu_layers: int | None = None


@dataclass(frozen=True)
class ModelRef:
    """A model that can be loaded: `backend` names the registry entry, `path` its file (None for built-in ones)."""

    name: str
    backend: str
    path: Path | None = None
    size_mb: int | None = None
    licence: str | None = None
    description: str = ""


@dataclass(frozen=True)
class ModelDetails:
    """Facts of a loaded chat model. `context_tokens` is the context in use, prompt and answer together."""

    ref: ModelRef
    architecture: str
    context_tokens: int
    device: Device
    gpu_layers: int = 0


class ChatModel(Protocol):
    """A loaded chat model. Every method is called on the thread that loaded it."""

    details: ModelDetails

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return how many tokens the rendered prompt takes, the opening of the answer included."""
        ...

    def generate(self, request: GenerationRequest, cancel: CancelToken) -> Iterator[StreamEvent]:
        """Yield progress, text and one `Finished`; raises `PromptTooLong` before any text."""
        ...

    def close(self) -> None:
        """Free the memory; a closed model is not used again."""
        ...


LoadProgress = Callable[[float], None]
"""Receives the share loaded, 0 to 1, on the loading thread."""


class ChatBackend(Protocol):
    """A way to load chat models; the registry holds one for each backend name."""

    def load(self, ref: ModelRef, settings: LoadSettings, on_progress: LoadProgress, cancel: CancelToken) -> ChatModel:
        """Load a model on the calling thread; raises `ModelError` or `Cancelled`."""
        ...


class Embedder(Protocol):
    """Turns texts into vectors. Called on the embedding thread only, but for the plain attributes.

    Attributes:
        name: What the user sees, such as `all-MiniLM-L6-v2`.
        revision: Changes whenever the vectors would (weights' hash, pooling, prefix rules).
        dimension: Length of a vector.
        max_tokens: Tokens of text that the model reads, its special tokens not counted.
        languages: ISO codes that it knows, or empty for "not stated".
        tokenizer_file: A Hugging Face `tokenizer.json` that counts its tokens, or None (count words instead).
    """

    name: str
    revision: str
    dimension: int
    max_tokens: int
    languages: tuple[str, ...]
    tokenizer_file: Path | None

    def embed(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        """Return float32, (len(texts), dimension), rows L2-normalised."""
        ...

    def close(self) -> None: ...
