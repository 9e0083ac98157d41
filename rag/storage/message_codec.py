"""The parts of an answer as JSON, and back. JSON's escapes also hold file names that are no Unicode."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rag.types import Citation, Locator, RankedPassage, Sentence, StoredPassage, Timings


def dump(value: Sequence[Any] | Timings) -> str:
    """Return sentences, citations, passages, plain words or timings as JSON."""
    parts = asdict(value) if isinstance(value, Timings) else [_plain(part) for part in value]
    return json.dumps(parts, default=os.fspath)


def sentences(text: str) -> tuple[Sentence, ...]:
    return tuple(Sentence(**{**part, "citations": tuple(part["citations"])}) for part in json.loads(text))


def citations(text: str) -> tuple[Citation, ...]:
    return tuple(Citation(**_placed(part)) for part in json.loads(text))


def passages(text: str) -> tuple[RankedPassage, ...]:
    return tuple(
        RankedPassage(**{**part, "passage": StoredPassage(**_placed(part["passage"]))}) for part in json.loads(text)
    )


def timings(text: str | None) -> Timings | None:
    return None if text is None else Timings(**json.loads(text))


def words(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def _plain(part: Any) -> Any:
    return part if isinstance(part, str) else asdict(part)


def _placed(part: dict[str, Any]) -> dict[str, Any]:
    inside = tuple(part.get("inside", ()))
    return {**part, "path": Path(part["path"]), "locator": Locator(**part["locator"]), "inside": inside}
