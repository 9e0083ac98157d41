"""Passages on screen soon after asking, and answers and indexing that do not starve each other."""

from __future__ import annotations

from tests.bench.report import Figure, Options, at_least, at_most, median, percentile
from tests.bench.sides.child import measure

IDLE_MS, BUSY_MS, SHARE_WHILE_INDEXING = 150.0, 400.0, 0.6


def run(options: Options) -> Figure:
    """Measure latency and answers with and without indexing, in one process."""
    full = {"passages": 10_000, "questions": 100, "busy_questions": 40, "answers": 12, "pages": 400}
    quick = {"passages": 20, "questions": 5, "busy_questions": 3, "answers": 1, "pages": 40}
    settings = {"passages_per_answer": 1, "answer_tokens": 16} if options.quick else {"answer_tokens": 128}
    got = measure("latency_side", {**(quick if options.quick else full), "settings": settings})
    alone, busy = got["alone"], got["busy"]
    measures = [
        at_most("Passages found, p95, idle", "ms", percentile(alone["shown_ms"], 0.95), IDLE_MS, "limit"),
        at_most("Passages found, p95, indexing", "ms", percentile(busy["shown_ms"], 0.95), BUSY_MS, "limit"),
    ]
    if alone["tokens_per_s"] and busy["tokens_per_s"]:
        speeds = median(busy["tokens_per_s"]), median(alone["tokens_per_s"])
        measures.append(at_least("Writing while indexing", "tokens/s", *speeds, "alone", SHARE_WHILE_INDEXING))
    measures.append(at_least("Indexing meanwhile", "passages", got["embedded_meanwhile"], 1, "at least", 1.0))
    facts = {
        "passages": f"{got['passages']:,}",
        "median, idle": f"{median(alone['shown_ms']):.0f} ms of {len(alone['shown_ms'])} questions",
        "median, indexing": f"{median(busy['shown_ms']):.0f} ms of {len(busy['shown_ms'])} questions",
        "indexing was still running at the end": got["still_indexing"],
        "indexed meanwhile": f"{got['embedded_meanwhile']} passages in {got['meanwhile_s']:.0f} s",
        "answers' tokens": f"alone {alone['answer_tokens']}, while indexing {busy['answer_tokens']}",
    }
    return Figure("latency", "Passages, answers and indexing at the same time", tuple(measures), facts)
