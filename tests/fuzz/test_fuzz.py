"""A small form of the fuzzing: a few seconds of each target, the same inputs each time."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fuzz.__main__ import TARGETS
from tests.fuzz.campaign import Campaign, formats, loaders_without_seeds
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


def test_some_damaged_files_of_each_format_give_text_or_a_reason(tmp_path: Path) -> None:
    campaign = Campaign(4, tmp_path / "finds", share=0.01)
    try:
        found = {each.name: campaign.run(each) for each in formats(tmp_path)}
    finally:
        campaign.close()
    assert {name: finds for name, finds in found.items() if finds} == {}


def test_campaign_goes_on_where_it_ended(tmp_path: Path) -> None:
    (pdf,) = [each for each in formats(tmp_path) if each.name == ".pdf"]
    first = Campaign(5, tmp_path / "finds", share=0.001)
    first.run(pdf)
    first.close()
    again = Campaign(5, tmp_path / "finds", share=0.002)
    assert list(again._left(pdf)) == [2, 3]
    assert again.case(pdf, 1) == first.case(pdf, 1)
    again.close()


def test_every_loader_is_fed(tmp_path: Path) -> None:
    assert loaders_without_seeds(formats(tmp_path)) == []
