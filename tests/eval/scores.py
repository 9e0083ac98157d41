"""Shares of questions whose answer is among the first k passages, for each method, as a table and as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.types import SearchScope, StoredPassage
from tests.eval.data import Question
from tests.eval.methods import Method


@dataclass(frozen=True)
class Row:
    """The figures of one method on one set of questions: share by k."""

    task: str
    method: str
    shares: Mapping[int, float]
    questions: int


def measure(
    task: str, methods: Mapping[str, Method], asked: Sequence[tuple[Question, SearchScope]], ks: Sequence[int]
) -> list[Row]:
    """Return a row for each method."""
    rows: list[Row] = []
    for name, method in methods.items():
        ranks = [_first_hit(question, method(question.text, scope, max(ks))) for question, scope in asked]
        shares = {k: sum(rank is not None and rank <= k for rank in ranks) / len(ranks) for k in ks}
        rows.append(Row(task, name, shares, len(asked)))
    return rows


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a table for people, one block for each task."""
    lines: list[str] = []
    for task in dict.fromkeys(row.task for row in rows):
        of_task = [row for row in rows if row.task == task]
        ks = list(of_task[0].shares)
        lines += ["", f"{task} ({of_task[0].questions} questions)", " " * 16 + "".join(f"{f'@{k}':>8}" for k in ks)]
        lines += [f"  {row.method:14}" + "".join(f"{row.shares[k]:8.3f}" for k in ks) for row in of_task]
    return "\n".join(lines).strip("\n")


def shortfalls(rows: Sequence[Row], judged: Mapping[str, Sequence[int]], ours: str) -> list[str]:
    """Return where ours is worse than the best of the others, in words, for the tasks and ks that are judged."""
    found: list[str] = []
    for task, ks in judged.items():
        of_task = [row for row in rows if row.task == task]
        for k in ks:
            best = max((row for row in of_task if row.method != ours), key=lambda row: row.shares[k])
            reached = next(row.shares[k] for row in of_task if row.method == ours)
            if reached < best.shares[k]:
                found.append(f"{task} @{k}: ours {reached:.3f}, {best.method} {best.shares[k]:.3f}")
    return found


def _first_hit(question: Question, passages: Sequence[StoredPassage]) -> int | None:
    for rank, passage in enumerate(passages, start=1):
        right_page = question.pages is None or passage.page_index in question.pages
        if passage.document == question.document and right_page:
            return rank
    return None
