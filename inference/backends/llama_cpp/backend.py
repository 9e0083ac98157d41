"""Loads GGUF files: looks at the head, plans memory, and only then calls llama.cpp."""

from inference.hardware import MemoryProbe, memory
from inference.types import CancelToken, ChatModel, Device, LoadProgress, LoadSettings, ModelRef


class LlamaCppBackend:
    """Implements `ChatBackend`.

    Args:
        free_memory: Where the free memory is read from.
    """

    def __init__(self, free_memory: MemoryProbe = memory) -> None:
        self._free_memory = free_memory

    def load(self, ref: ModelRef, settings: LoadSettings, on_progress: LoadProgress, cancel: CancelToken) -> ChatModel:
        """Load a GGUF on the calling thread; raises `ModelError` or `Cancelled`."""
        from inference.backends.llama_cpp.loading import load_model

        return load_model(ref, settings, on_progress, cancel, self._free_memory())


def devices() -> list[Device]:
    """Return where models can run, best first: graphics devices, and the processor with the reason if it is alone.

    Imports llama_cpp, so it takes a moment; any thread but the GUI's.
    """
    from inference.backends.llama_cpp.devices import graphics_devices, processor, why_no_graphics

    graphics = graphics_devices()
    return [*graphics, processor(None if graphics else why_no_graphics())]
