"""What stands on every page is not given to the model."""

from dataclasses import replace

from rag.answering.running_lines import without_running_lines
from tests.rag.answering.builders import stored


def test_footer_and_page_number_shared_by_pages_are_left_out() -> None:
    pages = [
        replace(stored("The bell came up.\nThe Corncrake Diary\n3", page=3), document_id=1),
        replace(stored("The gale blew.\nThe Corncrake Diary\n4", 2, page=4), document_id=1),
    ]
    assert without_running_lines(pages) == ["The bell came up.", "The gale blew."]


def test_the_same_line_in_another_document_is_kept() -> None:
    pages = [stored("Terms\nOne.", 1, page=3), stored("Terms\nTwo.", 2, page=5)]
    assert without_running_lines(pages) == ["Terms\nOne.", "Terms\nTwo."]


def test_two_passages_of_one_page_do_not_make_a_line_running() -> None:
    pages = [replace(stored(text, n, page=3), document_id=1) for n, text in enumerate(("Rent\nOne.", "Rent\nTwo."), 1)]
    assert without_running_lines(pages) == ["Rent\nOne.", "Rent\nTwo."]


def test_a_passage_of_nothing_but_running_lines_is_left_as_it_is() -> None:
    assert without_running_lines([stored("4", page=4)]) == ["4"]


def test_formats_without_pages_keep_every_line() -> None:
    lines = [replace(stored("# Notes\nOne.", n), page=None, page_label=None, document_id=1) for n in (1, 2)]
    assert without_running_lines(lines) == ["# Notes\nOne.", "# Notes\nOne."]
