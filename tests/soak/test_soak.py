"""A small form of the soak: a few seconds, one kill at least."""

from tests.soak import kills
from tests.soak.story import run


def test_a_short_life_loses_doubles_and_leaks_nothing() -> None:
    story = run(seconds=8.0, seed=3, least_checks=2)
    assert story.checks >= 2
    assert story.kills >= 1


def test_a_mixed_folder_survives_a_kill_and_a_pause() -> None:
    figures = kills.run(seed=8, count=8, kills=1)
    assert figures.kills == 1
    assert figures.documents_checked >= 7
    assert figures.pause_s < 2.0
