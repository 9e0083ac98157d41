"""Our chat model and llama-bench by turns: prompts of the same length, answers of the same length, the same threads."""

from __future__ import annotations

import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from inference.api import (
    ChatWorker,
    Finished,
    GenerationRequest,
    LoadSettings,
    Message,
    ModelRef,
    Sampling,
    StreamEvent,
    TextDelta,
    default_registry,
)
from tests.bench import llama_bench
from tests.bench.sides.child import answer
from tests.bench.synthetic import Writer

_ASK = "Write a very long story about a lighthouse keeper and every ship that he ever saw. Story number {number}:"


class Watch:
    """Listens to one answer and remembers when its first words and its end came; called on the llm thread."""

    def __init__(self) -> None:
        self.first: float | None = None
        self.end: Future[tuple[float, Finished]] = Future()

    def __call__(self, event: StreamEvent) -> None:
        now = time.perf_counter()
        if isinstance(event, TextDelta) and self.first is None:
            self.first = now
        elif isinstance(event, Finished):
            self.end.set_result((now, event))


def work(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return tokens/s of each round, for reading and writing, ours and llama-bench's."""
    program, model = Path(arguments["llama_bench"]), Path(arguments["model"])
    threads, rounds = int(arguments["threads"]), int(arguments["rounds"])
    worker = ChatWorker(default_registry())
    try:
        ref = ModelRef(name=model.stem, backend="llama_cpp", path=model)
        worker.load(ref, LoadSettings(context_tokens=2048, threads=threads, gpu_layers=0)).future.result()
        writer = Writer(seed=5)
        _write(worker, 0, 8)  # The first run touches the weights for the first time; llama-bench warms up too.
        measured: dict[str, list[float]] = {"read": [], "read_other": [], "write": [], "write_other": []}
        for number in range(rounds):
            tokens, speed = _read(worker, writer, int(arguments["prompt_words"]))
            measured["read"].append(speed)
            measured["read_other"].append(llama_bench.run(program, model, threads, prompt=tokens))
            depth, written, speed = _write(worker, number + 1, int(arguments["answer_tokens"]))
            measured["write"].append(speed)
            measured["write_other"].append(llama_bench.run(program, model, threads, generate=written, depth=depth))
        return {**measured, "prompt_tokens": tokens, "answer_tokens": written}
    finally:
        worker.shutdown()


def _read(worker: ChatWorker, writer: Writer, words: int) -> tuple[int, float]:
    """Have a new prompt read; returns the tokens that were not cached, and tokens/s up to the first token chosen."""
    text = " ".join(writer.paragraph(3) for _ in range(words // 40))
    started = time.perf_counter()
    _, ended, finished = _run(worker, text, 1)
    tokens = finished.usage.prompt_tokens - finished.usage.cached_tokens
    return tokens, tokens / (ended - started)


def _write(worker: ChatWorker, number: int, tokens: int) -> tuple[int, int, float]:
    """Have an answer written; returns the prompt's tokens, the answer's, and tokens/s after the first."""
    first, ended, finished = _run(worker, _ASK.format(number=number), tokens)
    written = finished.usage.answer_tokens
    return finished.usage.prompt_tokens, written, (written - 1) / (ended - first)


def _run(worker: ChatWorker, text: str, tokens: int) -> tuple[float, float, Finished]:
    watch = Watch()
    request = GenerationRequest((Message("user", text),), Sampling(temperature=0.0, max_tokens=tokens))
    job = worker.generate(request, watch)
    job.future.result()
    ended, finished = watch.end.result()
    return watch.first or ended, ended, finished


if __name__ == "__main__":
    answer(work)
