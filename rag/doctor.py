"""Tells what is installed, what is missing, where the data lies, which device is used and why, and how fast it is."""

import importlib.util
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata

from inference.api import (
    CancelToken,
    Device,
    Finished,
    GenerationRequest,
    KnownError,
    Message,
    Sampling,
    cores,
    devices,
    memory,
)
from rag.plugins import Plugin
from rag.workspace import Workspace

_PARTS = {
    "PySide6-Essentials": ("PySide6", "the window"),
    "llama-cpp-python": ("llama_cpp", "the models that write answers"),
    "onnxruntime": ("onnxruntime", "finding passages by meaning"),
    "chromadb": ("chromadb", "finding passages by meaning"),
    "pypdfium2": ("pypdfium2", "reading PDF"),
    "pypdf": ("pypdf", "reading PDF"),
    "python-docx": ("docx", "reading Word documents"),
    "sentence-transformers": ("sentence_transformers", "other models for finding passages (optional)"),
}
_PROBE = "Count from one to fifty in words."
_PROBE_TOKENS = 48
_PASSAGE = "The notice must be given in writing, eleven weeks before the day on which the lease is to end. " * 8


@dataclass(frozen=True)
class Part:
    """A library that something depends on; `version` is None when it is missing."""

    name: str
    purpose: str
    version: str | None


@dataclass(frozen=True)
class DoctorReport:
    """What was found. Speeds are None when the model could not be loaded; `trouble` says why."""

    system: str
    python: str
    cores: int
    memory_free_mb: int
    memory_total_mb: int
    data_dir: str
    data_mb: float
    cache_dir: str
    parts: tuple[Part, ...]
    device: Device | None
    devices: tuple[Device, ...]
    model: str | None
    answer_tokens_per_s: float | None
    embedding_model: str
    passages_per_s: float | None
    trouble: tuple[str, ...] = ()
    plugins: tuple[Plugin, ...] = ()

    def as_json(self) -> dict[str, object]:
        return {
            "system": self.system,
            "python": self.python,
            "cores": self.cores,
            "memory_free_mb": self.memory_free_mb,
            "memory_total_mb": self.memory_total_mb,
            "data_dir": self.data_dir,
            "data_mb": self.data_mb,
            "cache_dir": self.cache_dir,
            "parts": [vars(part) for part in self.parts],
            "device": vars(self.device) if self.device else None,
            "devices": [vars(each) for each in self.devices],
            "model": self.model,
            "answer_tokens_per_s": self.answer_tokens_per_s,
            "embedding_model": self.embedding_model,
            "passages_per_s": self.passages_per_s,
            "plugins": [vars(plugin) for plugin in self.plugins],
            "trouble": list(self.trouble),
        }

    def lines(self) -> list[str]:
        """Return the report for people, a line each."""
        told = [
            f"System    {self.system}, Python {self.python}, {self.cores} cores, "
            f"{self.memory_free_mb:,} of {self.memory_total_mb:,} MB memory free",
            f"Data      {self.data_dir} ({self.data_mb:,.1f} MB)",
            f"Cache     {self.cache_dir}",
            *(_part_line(part) for part in self.parts),
            *(_plugin_line(plugin) for plugin in self.plugins),
            *self._speed_lines(),
        ]
        return told + [f"Trouble   {each}" for each in self.trouble]

    def _speed_lines(self) -> list[str]:
        told = []
        if self.device is not None:
            why = f" ({self.device.reason})" if self.device.reason else ""
            told.append(f"Device    {self.device.name}{why}")
        if self.model is not None and self.answer_tokens_per_s is not None:
            words = self.answer_tokens_per_s * _WORDS_PER_TOKEN
            told.append(f"Answers   {self.model}: about {words:.0f} words a second")
        if self.passages_per_s is not None:
            told.append(f"Indexing  {self.embedding_model}: about {self.passages_per_s:.0f} passages a second")
        return told


_WORDS_PER_TOKEN = 0.75


def _part_line(part: Part) -> str:
    if part.version is None:
        return f"Missing   {part.name}: {part.purpose}"
    return f"Found     {part.name} {part.version}: {part.purpose}"


def _plugin_line(plugin: Plugin) -> str:
    what = {"loader": "reads files", "collection": "brings a collection"}[plugin.kind]
    state = {"working": what, "removed": f"{what}, which you removed", "broken": f"not used. {plugin.problem}"}
    return f"Plug-in   {plugin.name} ({plugin.package} {plugin.version}): {state[plugin.state]}"


def examine(workspace: Workspace) -> DoctorReport:
    """Look at this computer and measure it; loads the models, so it takes some seconds."""
    trouble: list[str] = []
    answer_speed = _attempt(lambda: _answer_speed(workspace), trouble)
    passage_speed = _attempt(lambda: _passage_speed(workspace), trouble)
    details = workspace.model_details()
    measured = memory()
    return DoctorReport(
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version() + (" (bundled)" if getattr(sys, "frozen", False) else ""),
        cores=cores(),
        memory_free_mb=measured.free_mb,
        memory_total_mb=measured.total_mb,
        data_dir=str(workspace.data_dir),
        data_mb=round(_folder_bytes(str(workspace.data_dir)) / 1_000_000, 1),
        cache_dir=str(workspace.cache_dir),
        parts=tuple(_part(name, module, purpose) for name, (module, purpose) in _PARTS.items()),
        device=details.device if details else None,
        devices=tuple(devices()),
        model=details.ref.name if details else None,
        answer_tokens_per_s=answer_speed,
        embedding_model=workspace.settings.embedding_model,
        passages_per_s=passage_speed,
        trouble=tuple(trouble),
        plugins=tuple(workspace.plugins()),
    )


def _attempt(measure: Callable[[], float], trouble: list[str]) -> float | None:
    try:
        return round(measure(), 1)
    except KnownError as error:
        trouble.append(f"{error.message} {error.remedy}")
        return None


def _answer_speed(workspace: Workspace) -> float:
    workspace.load_model().result()
    request = GenerationRequest((Message("user", _PROBE),), Sampling(max_tokens=_PROBE_TOKENS))
    speeds: list[float] = []

    def on_event(event: object) -> None:
        if isinstance(event, Finished) and event.usage.tokens_per_s:
            speeds.append(event.usage.tokens_per_s)

    workspace.worker.generate(request, on_event).future.result()
    return speeds[0] if speeds else 0.0


def _passage_speed(workspace: Workspace) -> float:
    workspace.prepare_search()
    texts = [f"{number}. {_PASSAGE}" for number in range(32)]
    started = time.perf_counter()
    workspace.embedding.embed_passages(texts, cancel=CancelToken()).result()
    return len(texts) / (time.perf_counter() - started)


def _part(name: str, module: str, purpose: str) -> Part:
    if importlib.util.find_spec(module) is None:
        return Part(name, purpose, None)
    try:
        return Part(name, purpose, metadata.version(name))
    except metadata.PackageNotFoundError:
        return Part(name, purpose, "(version unknown)")


def _folder_bytes(folder: str) -> int:
    total = 0
    for parent, _folders, files in os.walk(folder):
        for name in files:
            try:
                total += os.lstat(os.path.join(parent, name)).st_size  # noqa: PTH118  # Names may be no UTF-8.
            except OSError:
                continue
    return total
