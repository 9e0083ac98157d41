"""Reading a prompt and writing an answer, beside llama.cpp's own llama-bench: same model, threads, lengths; greedy."""

from __future__ import annotations

from inference.hardware import cores
from tests.bench import llama_bench, places
from tests.bench.report import Figure, Options, at_least, median
from tests.bench.sides.child import measure

TARGET = 0.95
_TITLE = "Speed of the chat model, beside llama-bench"


def run(options: Options) -> Figure:
    """Measure both by turns and compare the medians."""
    model = places.chat_model()
    try:
        program = llama_bench.executable()
    except llama_bench.BuildFailed as failure:
        return Figure("generation", _TITLE, skipped=str(failure))
    arguments = {
        "llama_bench": str(program),
        "model": str(model),
        "threads": cores(),
        "rounds": 1 if options.quick else 7,
        "prompt_words": 120 if options.quick else 320,
        "answer_tokens": 16 if options.quick else 128,
    }
    got = measure("generation_side", arguments)
    measures = [
        at_least(what, "tokens/s", median(got[ours]), median(got[other]), "llama-bench", TARGET)
        for what, ours, other in (
            ("Writing an answer", "write", "write_other"),
            ("Reading a prompt", "read", "read_other"),
        )
    ]
    facts = {
        "model": model.name,
        "threads": arguments["threads"],
        "rounds": arguments["rounds"],
        "prompt tokens": got["prompt_tokens"],
        "answer tokens": got["answer_tokens"],
    }
    return Figure("generation", _TITLE, tuple(measures), facts)
