"""Which devices this build of llama.cpp can use, and why it would use the processor only."""

import ctypes
from dataclasses import dataclass
from typing import cast

from inference.backends.llama_cpp.bindings import api, libraries_folder
from inference.types import Device

_GPU, _INTEGRATED = 1, 2
_MB = 1 << 20
_KINDS = ("cuda", "vulkan", "metal", "rocm", "sycl")


@dataclass(frozen=True)
class _Graphics:
    device: Device
    integrated: bool


def graphics_devices() -> list[Device]:
    """Return the graphics devices that llama.cpp sees, discrete ones first, with their free memory."""
    found = sorted(_graphics(), key=lambda each: each.integrated)
    return [each.device for each in found]


def processor(reason: str | None) -> Device:
    return Device(kind="cpu", name=_processor_name(), reason=reason)


def why_no_graphics() -> str:
    """Return the reason why models run on the processor."""
    if not api.llama_supports_gpu_offload():
        return "llama.cpp was built without support for a graphics device"
    return "no graphics device that llama.cpp can use was found"


def _library(name: str) -> ctypes.CDLL:
    candidates = (f"lib{name}.so", f"lib{name}.dylib", f"{name}.dll", f"lib{name}.dll")
    path = next(path for each in candidates if (path := libraries_folder() / each).exists())
    return ctypes.CDLL(str(path))


def _ggml() -> ctypes.CDLL:
    library = _library("ggml")
    library.ggml_backend_dev_count.restype = ctypes.c_size_t
    library.ggml_backend_dev_get.argtypes = [ctypes.c_size_t]
    library.ggml_backend_dev_get.restype = ctypes.c_void_p
    return library


def _base() -> ctypes.CDLL:
    library = _library("ggml-base")
    for name, result in (("name", ctypes.c_char_p), ("description", ctypes.c_char_p), ("type", ctypes.c_int)):
        function = getattr(library, f"ggml_backend_dev_{name}")
        function.argtypes, function.restype = [ctypes.c_void_p], result
    size = ctypes.POINTER(ctypes.c_size_t)
    library.ggml_backend_dev_memory.argtypes = [ctypes.c_void_p, size, size]
    library.ggml_backend_dev_memory.restype = None
    return library


def _graphics() -> list[_Graphics]:
    registry, base = _ggml(), _base()
    pointers = [registry.ggml_backend_dev_get(index) for index in range(registry.ggml_backend_dev_count())]
    kinds = [(pointer, base.ggml_backend_dev_type(pointer)) for pointer in pointers]
    return [
        _Graphics(_describe(base, pointer), integrated=kind == _INTEGRATED)
        for pointer, kind in kinds
        if kind in (_GPU, _INTEGRATED)
    ]


def _describe(base: ctypes.CDLL, pointer: int) -> Device:
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    base.ggml_backend_dev_memory(pointer, ctypes.byref(free), ctypes.byref(total))
    name = cast(bytes, base.ggml_backend_dev_name(pointer)).decode("utf-8", "replace")
    description = cast(bytes, base.ggml_backend_dev_description(pointer)).decode("utf-8", "replace")
    kind = next((each for each in _KINDS if name.lower().startswith(each)), "gpu")
    return Device(kind, description or name, free_mb=free.value // _MB, total_mb=total.value // _MB)


def _processor_name() -> str:
    base, registry = _base(), _ggml()
    for index in range(registry.ggml_backend_dev_count()):
        pointer = registry.ggml_backend_dev_get(index)
        if base.ggml_backend_dev_type(pointer) == 0:
            return cast(bytes, base.ggml_backend_dev_description(pointer)).decode("utf-8", "replace").strip()
    return "CPU"
