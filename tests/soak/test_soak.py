"""A small form of the soak: a few seconds, one kill at least."""

from tests.soak.story import run


def test_a_short_life_loses_doubles_and_leaks_nothing() -> None:
    story = run(seconds=8.0, seed=3, least_checks=2)
    assert story.checks >= 2
    assert story.kills >= 1
