"""Small forms of the crowds: a few seconds in all."""

from tests.soak import crowds


def test_a_deep_tree_is_listed_as_it_is_with_what_is_not_read() -> None:
    assert crowds.run("tree", 60).passages >= 57


def test_a_long_log_and_a_long_book_are_read_to_the_end() -> None:
    assert crowds.run("log", 1).passages > 1_000
    assert crowds.run("book", 30).passages >= 30
