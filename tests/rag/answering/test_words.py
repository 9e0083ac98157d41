"""Words of questions, and the full-text queries made of them."""

import pytest

from rag.answering import words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What is the Net Income?", ["net", "income"]),
        ("the who", ["the", "who"]),
        ("Über die Straße", ["strasse"]),
        ("part X-200", ["part", "x", "200"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("", []),
    ],
)
def test_stop_words_go_unless_nothing_else_is_left(text: str, expected: list[str]) -> None:
    assert words.content_words(text) == expected


def test_words_are_cut_where_the_full_text_index_cuts_them() -> None:
    assert [word.folded for word in words.split_words("file_name x२ naïve")] == ["file", "name", "x२", "naive"]


def test_glued_letters_and_digits_are_searched_apart_as_well() -> None:
    assert words.question_terms("FY2019 capex") == ["fy2019", "capex", "2019", "fy"]


@pytest.mark.parametrize(
    ("question", "folded", "exact"),
    [("Край", "краи", "край"), ("ΜΉΝΥΜΑ", "μηνυμα", "μήνυμα"), ("Straße", "strasse", "straße")],
)
def test_words_are_searched_as_the_index_has_them_as_well(question: str, folded: str, exact: str) -> None:
    assert {folded, exact} <= set(words.question_terms(question))


def test_latin_accents_need_no_second_form() -> None:
    assert words.exact_forms("café naïve Łódź Tiếng Việt über") == {}


def test_scripts_without_spaces_are_searched_by_pairs() -> None:
    terms = words.question_terms("东京在哪里")
    assert {"东京", "京在"} <= set(terms)


def test_rarest_terms_come_first_and_the_budget_drops_common_ones() -> None:
    counts = {"common": words.POSTINGS_BUDGET, "rare": 3, "middling": 50}
    assert words.rarest_under_budget(["common", "unknown", "rare", "middling"], counts) == ["rare", "middling"]


def test_the_only_term_is_searched_however_common_it_is() -> None:
    assert words.rarest_under_budget(["common"], {"common": words.POSTINGS_BUDGET * 5}) == ["common"]


def test_quotes_inside_a_term_cannot_leave_the_query() -> None:
    assert words.any_of(['a" OR "b', "c"]) == '"a"" OR ""b" OR "c"'


def test_quoted_words_and_short_questions_are_phrases() -> None:
    assert words.phrases('Where is "net income" defined?') == ["net income", "where is net income defined"]
    assert words.phrases("word") == []
    assert words.phrases("The display of my old boiler upstairs in the hall suddenly reads F2 in 2019") == ["f2"]


def test_pairs_do_not_span_stop_words() -> None:
    assert words.word_pairs("net income of the parent company") == ["net income", "parent company"]
