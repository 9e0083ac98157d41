"""Which passage bears a sentence out."""

import pytest

from rag.answering.support import best_span, find_support, numbers_in

FERRY = "The ferry to Skomer leaves at 9.30 from Martin's Haven. It carries 12 passengers. Dogs stay ashore."
MUSEUM = "The museum opened in 1923 in a former wool mill. Entry costs 7,500 kronor a year."


def test_a_sentence_gets_the_passage_that_says_it() -> None:
    support = find_support("The ferry carries 12 passengers.", [MUSEUM, FERRY])
    assert support is not None
    assert support.passage == 1
    assert FERRY[support.start : support.end].endswith("It carries 12 passengers.")


@pytest.mark.parametrize(
    "sentence",
    [
        "The ferry carries 20 passengers.",
        "The ferry to Ramsey leaves from Martin's Haven.",
        "The museum was founded by a rich widow from Stockholm.",
        "The ferry does not carry 12 passengers.",
        "Yes.",
        "It is.",
    ],
)
def test_a_sentence_that_no_passage_says_gets_none(sentence: str) -> None:
    assert find_support(sentence, [MUSEUM, FERRY]) is None


def test_repeating_the_question_proves_nothing() -> None:
    question = "When does the ferry to Skomer leave from Martin's Haven?"
    sentence = "The ferry to Skomer leaves from Martin's Haven every other afternoon during winter."
    assert find_support(sentence, [FERRY], question) is None


def test_numbers_match_however_they_are_written() -> None:
    assert numbers_in("7,500 and 7500.0") == {"7500"}
    assert find_support("A year's entry costs 7500 kronor.", [MUSEUM]) is not None


def test_other_scripts_are_compared_by_pairs_of_characters() -> None:
    support = find_support("东京是日本的首都。", ["大阪很大。", "日本的首都是东京。人口很多。"])
    assert support is not None
    assert support.passage == 1


def test_the_quote_of_a_table_is_cut_to_its_lines() -> None:
    rows = [f"Row {name} {i * 37}" for i, name in enumerate(["alpha", "beta", "gamma", "delta"] * 20)]
    table = "\n".join([*rows, "Net income 11588", *rows])
    span = best_span("Net income was 11588.", table)
    assert table[span.start : span.end] == "Net income 11588"


def test_without_any_common_word_the_whole_passage_is_quoted() -> None:
    span = best_span("Zebras gallop.", FERRY)
    assert (span.start, span.end, span.share) == (0, len(FERRY), 0.0)
