"""What a figure comes to: measures with both sides, ratio and target, as a table for people and as JSON."""

from __future__ import annotations

import json
import math
import os
import platform
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

Goal = Literal["at least", "at most"]


@dataclass(frozen=True)
class Measure:
    """One comparison. `ratio` is ours to the other, or the other to ours where less is better and `goal` at least."""

    what: str
    unit: str
    ours: float
    other: float
    other_name: str
    ratio: float
    goal: Goal
    target: float

    @property
    def met(self) -> bool:
        return self.ratio >= self.target if self.goal == "at least" else self.ratio <= self.target

    def line(self) -> str:
        sign = "≥" if self.goal == "at least" else "≤"
        verdict = "met" if self.met else "MISSED"
        sides = f"ours {_number(self.ours)} {self.unit}, {self.other_name} {_number(self.other)} {self.unit}"
        return f"  {verdict:7}{self.what}: {sides}; ratio {self.ratio:.3f} (target {sign} {self.target:g})"


@dataclass(frozen=True)
class Figure:
    """The measures of one figure, plain facts beside them, or why it could not be taken (`skipped`)."""

    name: str
    title: str
    measures: tuple[Measure, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    skipped: str | None = None

    @property
    def met(self) -> bool:
        return all(measure.met for measure in self.measures)

    def text(self) -> str:
        lines = [self.title] + [measure.line() for measure in self.measures]
        lines += [f"  {name}: {value}" for name, value in self.facts.items()]
        return "\n".join([*lines, f"  skipped: {self.skipped}"] if self.skipped else lines)


@dataclass(frozen=True)
class Options:
    """What the caller wants. `quick` is a small form that shows that the figure works and says nothing about speed."""

    quick: bool = False
    eval_dir: Path = Path("../shared/eval")
    minutes: float = 5.0
    files: int = 10_000


def at_least(what: str, unit: str, ours: float, other: float, other_name: str, target: float) -> Measure:
    """Ours divided by the other, where more is better: speeds, shares."""
    return Measure(what, unit, ours, other, other_name, _divide(ours, other), "at least", target)


def times_as_fast(what: str, ours_s: float, other_s: float, other_name: str, target: float) -> Measure:
    """The other's time divided by ours."""
    return Measure(what, "s", ours_s, other_s, other_name, _divide(other_s, ours_s), "at least", target)


def at_most(what: str, unit: str, ours: float, other: float, other_name: str, target: float = 1.0) -> Measure:
    """Ours divided by the other, where less is better: times, memory, or a limit as the other side."""
    return Measure(what, unit, ours, other, other_name, _divide(ours, other), "at most", target)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of the values do not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def write_json(figure: Figure, folder: Path, seconds: float) -> Path:
    """Write a figure and the machine it was taken on; the file's name is the figure's."""
    folder.mkdir(parents=True, exist_ok=True)
    measures = [{**asdict(measure), "met": measure.met} for measure in figure.measures]
    record = {
        "name": figure.name,
        "title": figure.title,
        "measures": measures,
        "facts": figure.facts,
        "skipped": figure.skipped,
        "seconds": round(seconds, 1),
        "machine": machine(),
    }
    path = folder / f"{figure.name}.json"
    path.write_text(json.dumps(record, indent=2, ensure_ascii=False, default=str) + "\n", encoding="utf-8")
    return path


def busy_with() -> str | None:
    """Return a warning if other programs keep the machine busy: then even ratios are doubtful."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    cores = os.cpu_count() or 1
    return f"This machine is busy: {load:.1f} programs want its {cores} cores." if load > cores / 2 else None


def machine() -> dict[str, Any]:
    """Return what a reader must know to compare: a busy machine makes absolute numbers worthless."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "system": platform.platform(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load_average": load,
        "at": time.strftime("%Y-%m-%dT%H:%M:%S"),
    }


def _divide(first: float, second: float) -> float:
    return first / second if second else float("inf")


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}" if abs(value) < 1 else f"{value:.1f}"
