"""Markers of a streamed answer: checked, renumbered, held back, and given where the words are in a passage."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag.answering.citations import CitedAnswer, CitedText, marked_numbers
from tests.rag.answering.builders import stored

FERRY = "The ferry carries 12 passengers. Dogs stay ashore."
MUSEUM = "The museum opened in 1923 in a former wool mill."
PASSAGES = [stored(FERRY, 1, start=50), stored(MUSEUM, 2), stored("Nothing of interest.", 3)]


def cited(text: str, piece: int = 1) -> CitedAnswer:
    answer = CitedText("", PASSAGES)
    for start in range(0, len(text), piece):
        answer.feed(text[start : start + piece])
    return answer.finish()


@pytest.mark.parametrize(
    ("written", "shown", "sources"),
    [
        ("Zebras run [2]. Apes climb [1].", "Zebras run [1]. Apes climb [2].", [2, 1]),
        ("Zebras run [9].", "Zebras run.", []),
        ("Zebras run [1, 9].", "Zebras run [1].", [1]),
        ("Zebras run【2】.", "Zebras run[1].", [2]),
        ("Zebras run【3†source】.", "Zebras run[1].", [3]),
        ("Zebras run ［1］.", "Zebras run [1].", [1]),
        ("Zebras run [Passage 2].", "Zebras run [1].", [2]),
        ("Zebras run. [1][3]", "Zebras run. [1][2]", [1, 3]),
        ("Zebras run [1-3].", "Zebras run [1][2][3].", [1, 2, 3]),
        ("Zebras run in [2019] and [sic].", "Zebras run in [2019] and [sic].", []),
        ("Use `a[1]` here.", "Use `a[1]` here.", []),
        ("Zebras run [1", "Zebras run", []),
        ("[7] Zebras run.", "Zebras run.", []),
        ("", "", []),
    ],
)
def test_markers_are_checked_and_numbered_by_appearance(written: str, shown: str, sources: list[int]) -> None:
    answer = cited(written)
    assert answer.text == shown
    assert [citation.document for citation in answer.citations] == [f"file{n}.pdf" for n in sources]
    assert [citation.n for citation in answer.citations] == list(range(1, len(sources) + 1))


def test_a_sentence_without_marker_gets_the_passage_that_supports_it() -> None:
    answer = cited("The museum opened in 1923. The ferry carries 12 passengers. All is well in Paris.")
    assert answer.text == ("The museum opened in 1923. [1] The ferry carries 12 passengers. [2] All is well in Paris.")
    assert [sentence.citations for sentence in answer.sentences] == [(1,), (2,), ()]


def test_the_quote_is_an_exact_span_of_its_page() -> None:
    citation = cited("The ferry carries 12 passengers.").citations[0]
    page = " " * 50 + FERRY
    assert citation.quote == "The ferry carries 12 passengers."
    assert page[citation.start : citation.end] == citation.quote
    assert (citation.page, citation.page_label, citation.document_id) == (4, "4", 101)


def test_half_a_marker_is_held_back() -> None:
    answer = CitedText("", PASSAGES)
    shown = []
    for character in "Zebras run [2]. Apes":
        answer.feed(character)
        shown.append(answer.text)
    assert not any("[" in text and "[1]" not in text for text in shown)
    assert shown[-1] == "Zebras run [1]. Apes"


def test_finished_sentences_stay_as_they_were_shown() -> None:
    answer = CitedText("", PASSAGES)
    text = "The museum opened in 1923. The ferry carries 12 passengers. Zebras run [3]. Apes climb."
    finished = ""
    for character in text:
        answer.feed(character)
        assert answer.text.startswith(finished)
        if "Zebras" in answer.text:
            finished = answer.text[: answer.text.index("Zebras")]
    assert finished == "The museum opened in 1923. [1] The ferry carries 12 passengers. [2] "


def test_an_answer_that_goes_in_circles_is_cut_where_it_begins_to() -> None:
    answer = CitedText("", PASSAGES)
    for piece in ("Zebras run in herds. ", "Apes climb high trees. ", "Zebras  run in herds [2]. ", "Apes climb"):
        assert not answer.repeats_itself
        answer.feed(piece)
    assert answer.repeats_itself
    assert answer.text == "Zebras run in herds. Apes climb high trees."
    assert answer.finish().text == "Zebras run in herds. Apes climb high trees."


@pytest.mark.parametrize(
    ("marker", "numbers"), [("[1]", [1]), ("[3, 1]", [1, 3]), ("[2-4]", [2, 3, 4]), ("[1-99]", [1, 99])]
)
def test_markers_name_passages(marker: str, numbers: list[int]) -> None:
    assert marked_numbers(marker) == numbers


PIECES = st.lists(
    st.sampled_from(
        [
            "The museum opened in 1923",
            "Zebras run",
            ".",
            ". ",
            "[1]",
            " [2]",
            "[9]",
            "【3】",
            "[",
            "]",
            "1",
            ",",
            "\n\n",
            "- ",
            "`",
            "。",
        ]
    )
)


@example(["。", "`", "`", "`", "。", "The museum opened in 1923"], 1)
@given(PIECES, st.integers(1, 7))
def test_the_answer_does_not_depend_on_how_the_stream_is_cut(pieces: list[str], piece: int) -> None:
    text = "".join(pieces)
    answer = cited(text, piece)
    assert answer == cited(text, max(1, len(text)))


@given(PIECES)
def test_spans_and_numbers_always_agree(pieces: list[str]) -> None:
    answer = cited("".join(pieces), 3)
    known = {citation.n for citation in answer.citations}
    assert known == {n for sentence in answer.sentences for n in sentence.citations}
    for sentence in answer.sentences:
        assert answer.text[sentence.start : sentence.end] == sentence.text
    for citation in answer.citations:
        assert citation.quote
