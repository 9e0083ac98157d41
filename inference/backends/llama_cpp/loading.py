"""The steps of a load: read the head, refuse what cannot work, plan memory and devices, call llama.cpp.

Whatever fails on the way frees what was allocated before it.
"""

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from inference.backends.llama_cpp import devices, failures, sizing
from inference.backends.llama_cpp.bindings import Vocabulary, api, metadata_text
from inference.backends.llama_cpp.context import Context
from inference.backends.llama_cpp.logs import listener
from inference.backends.llama_cpp.model import LlamaCppModel
from inference.backends.llama_cpp.prompt import CHATML, PLAIN, ChatTemplate, TextGuard
from inference.errors import Cancelled, ModelNotFound
from inference.gguf import GgufHeader, damaged, read_header
from inference.hardware import Memory, cores
from inference.types import CancelToken, Device, LoadProgress, LoadSettings, ModelDetails, ModelRef

_ENCODERS = re.compile(r"bert|^t5encoder$|^clip$|^wavtokenizer|^gemma-embedding$|^llama-embed$")
_PART = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")
_ALL_LAYERS = 999


@dataclass(frozen=True)
class Plan:
    """How a model will be loaded."""

    ref: ModelRef
    path: Path
    header: GgufHeader
    needed: sizing.Needs
    free_mb: int
    context_tokens: int
    device: Device
    gpu_layers: int
    threads: int
    batch_tokens: int

    @property
    def needed_mb(self) -> int:
        return self.needed.total(self.context_tokens) >> 20


def load_model(
    ref: ModelRef, settings: LoadSettings, on_progress: LoadProgress, cancel: CancelToken, memory: Memory
) -> LlamaCppModel:
    """Load a model as planned; raises `ModelError` or `Cancelled`."""
    plan = make_plan(ref, settings, memory)
    log = listener()
    log.clear()
    with contextlib.ExitStack() as undo:
        model = _load_weights(plan, on_progress, cancel)
        undo.callback(api.llama_model_free, model)
        context = _open_context(plan, model)
        undo.callback(context.close)
        vocabulary = Vocabulary(model)
        template = _template(model, vocabulary)
        details = ModelDetails(ref, plan.header.architecture, context.size, plan.device, plan.gpu_layers)
        undo.pop_all()
    return LlamaCppModel(details, model, context, vocabulary, template)


def make_plan(ref: ModelRef, settings: LoadSettings, memory: Memory) -> Plan:
    """Decide context, devices and threads from the header alone; raises `ModelError`."""
    if ref.path is None:
        raise ModelNotFound(f"The model {ref.name} has no file.", remedy="Choose a GGUF file.")
    header = read_header(ref.path)
    weights = sum(each.tensor_bytes for each in _part_headers(header))
    _refuse_other_models(header)
    batch_tokens = max(32, settings.batch_tokens)
    needed = sizing.needs(header, weights, batch_tokens)
    graphics = _graphics(settings)
    free_mb = memory.free_mb + (graphics.free_mb or 0 if graphics else 0)
    context_tokens = sizing.choose_context(header, settings.context_tokens, needed, free_mb)
    device, layers = _place(header, needed, context_tokens, graphics, settings.gpu_layers)
    threads = settings.threads or cores()
    step = batch_tokens if layers else sizing.micro_batch(header, batch_tokens, threads)
    return Plan(ref, ref.path, header, needed, free_mb, context_tokens, device, layers, threads, step)


def _part_headers(header: GgufHeader) -> Iterator[GgufHeader]:
    """Yield the headers of all files of a model that was split; each must be there."""
    parts = header.number("split.count", 1)
    found = _PART.search(header.path.name)
    if parts <= 1 or found is None:
        yield header
        return
    stem = header.path.name[: found.start()]
    for number in range(1, parts + 1):
        yield read_header(header.path.with_name(f"{stem}-{number:05}-of-{parts:05}.gguf"))


def _refuse_other_models(header: GgufHeader) -> None:
    architecture, kind = header.architecture, header.text("general.type") or "model"
    if not architecture:
        raise damaged(header.path, "its description does not name the kind of model")
    if kind != "model" or header.tensor_count == 0:
        what = "only a vocabulary" if kind == "model" else f"an addition to another model, of the type {kind}"
        raise failures.no_chat_model(header.path, architecture, what)
    if header.number("split.no") > 0:
        message = f"{header.path.name} is a later part of a model in several files."
        raise ModelNotFound(message, remedy="Choose its first part, …-00001-of-….gguf.", path=header.path)
    if _ENCODERS.search(architecture) or header.metadata.get(f"{architecture}.attention.causal") is False:
        raise failures.no_chat_model(header.path, architecture, "a model for searching or reading, not for chat")


def _graphics(settings: LoadSettings) -> Device | None:
    found = devices.graphics_devices() if settings.gpu_layers != 0 else []
    return found[0] if found else None


def _place(
    header: GgufHeader, needed: sizing.Needs, context_tokens: int, graphics: Device | None, asked: int | None
) -> tuple[Device, int]:
    if graphics is None:
        reason = "set so: no layers on a graphics device" if asked == 0 else devices.why_no_graphics()
        return devices.processor(reason), 0
    fitting = sizing.layers_on_gpu(header, needed, context_tokens, graphics.free_mb or 0)
    layers = fitting if asked is None else (asked if asked >= 0 else _ALL_LAYERS)
    if layers == 0:
        return devices.processor(f"{graphics.name} has only {graphics.free_mb} MB free"), 0
    return graphics, layers


def _load_weights(plan: Plan, on_progress: LoadProgress, cancel: CancelToken) -> int:
    callback_failure: list[BaseException] = []

    def progressed(share: float, _user: object) -> bool:
        # Called from C: an exception cannot pass through, so it is kept and the load is stopped.
        try:
            on_progress(float(share))
        except BaseException as exc:  # noqa: BLE001
            callback_failure.append(exc)
        return not (cancel.cancelled or callback_failure)

    callback = api.llama_progress_callback(progressed)
    parameters = api.llama_model_default_params()
    parameters.n_gpu_layers = plan.gpu_layers
    parameters.progress_callback = callback
    model = api.llama_model_load_from_file(os.fsencode(plan.path), parameters)
    if callback_failure:
        raise callback_failure[0]
    if model and not cancel.cancelled:
        return int(model)
    if model:
        api.llama_model_free(model)
    if cancel.cancelled:
        raise Cancelled
    raise failures.load_failure(plan.path, listener().text(), plan.free_mb, plan.needed_mb)


def _open_context(plan: Plan, model: int) -> Context:
    if not api.llama_model_has_decoder(model) or api.llama_model_has_encoder(model):
        raise failures.no_chat_model(plan.path, plan.header.architecture, "a model that reads before it writes")
    parameters = api.llama_context_default_params()
    parameters.n_ctx = plan.context_tokens
    parameters.n_batch = parameters.n_ubatch = plan.batch_tokens
    # Only the last token of a batch is ever looked at; room for all would be batch x vocabulary floats.
    parameters.n_outputs_max = 1
    parameters.n_threads = parameters.n_threads_batch = plan.threads
    parameters.no_perf = True
    pointer = api.llama_init_from_model(model, parameters)
    if not pointer:
        raise failures.load_failure(plan.path, listener().text(), plan.free_mb, plan.needed_mb)
    return Context(pointer, plan.batch_tokens)


def _template(model: int, vocabulary: Vocabulary) -> ChatTemplate:
    markup = vocabulary.markup_tokens()
    source = metadata_text(model, "tokenizer.chat_template")
    if not source:
        source = CHATML if "<|im_start|>" in markup else PLAIN
    guard = TextGuard(markup, source)
    bos, eos = vocabulary.markup(vocabulary.bos), vocabulary.markup(vocabulary.eos)
    return ChatTemplate(source, bos, eos, datetime.now().astimezone(), guard)
