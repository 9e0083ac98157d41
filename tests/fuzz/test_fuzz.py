"""A small form of the fuzzing: a few seconds of each target, the same inputs each time."""

import random
from collections.abc import Callable

import pytest

from tests.fuzz.__main__ import TARGETS
from tests.fuzz.finds import Target

ROUNDS = {"documents": 60, "gguf": 300, "settings": 300, "questions": 60, "frames": 25}


@pytest.mark.parametrize("name", TARGETS)
def test_damaged_input_gives_a_result_or_a_known_error(name: str) -> None:
    make: Callable[[], Target] = TARGETS[name]
    target, chance = make(), random.Random(4)
    try:
        finds = [find.what for _ in range(ROUNDS[name]) if (find := target.try_one(chance))]
    finally:
        target.close()
    assert finds == []
    assert sum(target.outcomes.values()) > 0
