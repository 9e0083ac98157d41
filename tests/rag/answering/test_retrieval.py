"""Retrieval: words, phrases, meaning and names in one ranking; every result a passage of one page."""

import unicodedata

import pytest

from rag.answering.language import knows_language
from rag.answering.question import MAX_CHARACTERS
from rag.errors import EmptyQuestion, QuestionTooLong
from rag.types import Retrieval, SearchScope
from tests.rag.answering.conftest import House

FERRY = "The ferry to the island carries twelve passengers and leaves at noon."
CRANE = "The crane on the quay lifts three tonnes and never works in a gale."
TIDES = "High water at the quay is at twenty to seven on Monday."
CHESS = "The chess club meets in the library every second Thursday evening."


@pytest.fixture
def harbour(house: House) -> SearchScope:
    """Store two documents in one collection; returns its scope."""
    collection = house.library.create_collection("Harbour")
    house.add(collection.id, "ferry.pdf", FERRY, CRANE)
    house.add(collection.id, "tides.pdf", TIDES, CHESS)
    return SearchScope((collection.id,))


def texts(found: Retrieval) -> list[str]:
    return [result.passage.text for result in found.results]


def test_the_passage_that_answers_comes_first(house: House, harbour: SearchScope) -> None:
    found = house.retriever.retrieve("How many passengers does the ferry carry?", harbour, 3)
    assert texts(found)[0] == FERRY
    assert found.relevant
    first = found.results[0].passage
    assert (first.document, first.page, first.page_label) == ("ferry.pdf", 1, "p1")


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize(("word", "question"), [("край", "Где край?"), ("μήνυμα", "Το μήνυμα;"), ("Straße", "Straße")])
def test_words_are_found_whatever_the_normal_form_of_the_text(
    house: House, form: str, word: str, question: str
) -> None:
    collection = house.library.create_collection("Forms")
    house.add(collection.id, "a.txt", unicodedata.normalize(form, f"x {word} y"), "other words", embed=False)
    for asked in (unicodedata.normalize("NFC", question), unicodedata.normalize("NFD", question)):
        found = house.retriever.retrieve(asked, SearchScope((collection.id,)), 2)
        assert found.results[0].passage.page_index == 0
        assert found.results[0].word_score > 0


def test_k_results_while_there_are_k(house: House, harbour: SearchScope) -> None:
    for k, expected in ((1, 1), (3, 3), (4, 4), (50, 4)):
        found = house.retriever.retrieve("crane", harbour, k)
        assert len(found.results) == expected
        assert [result.rank for result in found.results] == list(range(1, expected + 1))
        scores = [result.score for result in found.results]
        assert scores == sorted(scores, reverse=True)
        assert len({result.passage.id for result in found.results}) == expected


def test_documents_are_found_by_words_before_they_are_embedded(house: House) -> None:
    collection = house.library.create_collection("New")
    house.add(collection.id, "ferry.pdf", FERRY, CRANE, embed=False)
    found = house.retriever.retrieve("What does the crane lift?", SearchScope((collection.id,)), 5)
    assert texts(found) == [CRANE, FERRY]
    assert found.relevant
    assert found.results[0].meaning_score == 0.0


def test_a_scope_of_documents_leaves_the_others_out(house: House, harbour: SearchScope) -> None:
    tides = next(row for row in house.library.files(harbour.collection_ids[0]) if row.path.name == "tides.pdf")
    assert tides.document_id is not None
    scope = SearchScope(harbour.collection_ids, frozenset({tides.document_id}))
    found = house.retriever.retrieve("How many passengers does the ferry carry?", scope, 10)
    assert sorted(texts(found)) == sorted([TIDES, CHESS])


def test_several_collections_are_searched_together(house: House, harbour: SearchScope) -> None:
    other = house.library.create_collection("Kitchen")
    house.add(other.id, "bread.pdf", "The bread rises for nine hours in a cool cellar.")
    scope = SearchScope((*harbour.collection_ids, other.id))
    assert texts(house.retriever.retrieve("bread rising hours", scope, 1)) == [
        "The bread rises for nine hours in a cool cellar."
    ]
    assert "bread" not in " ".join(texts(house.retriever.retrieve("bread", harbour, 10)))


def test_a_question_about_something_else_is_not_relevant(house: House, harbour: SearchScope) -> None:
    found = house.retriever.retrieve("Which enzymes digest lactose?", harbour, 3)
    assert not found.relevant
    assert len(found.results) == 3


def test_nothing_is_found_where_nothing_is(house: House) -> None:
    collection = house.library.create_collection("Empty")
    found = house.retriever.retrieve("anything", SearchScope((collection.id,)), 5)
    assert found.results == ()
    assert not found.relevant
    assert house.retriever.retrieve("anything", SearchScope(()), 5).results == ()


def test_the_document_that_a_question_names_comes_first(house: House) -> None:
    collection = house.library.create_collection("Filings")
    text = "Net income of the year was higher than that of the year before."
    for name in ("Acme_2018_10K.pdf", "Acme_2019_10K.pdf", "FOOTLOCKER_2019_10K.pdf"):
        house.add(collection.id, name, text, f"{name.split('_')[0]} has a registered office.")
    scope = SearchScope((collection.id,))
    acme = house.retriever.retrieve("What was Acme's net income in FY2019?", scope, 1)
    assert acme.results[0].passage.document == "Acme_2019_10K.pdf"
    foot_locker = house.retriever.retrieve("Foot Locker net income of 2019", scope, 1)
    assert foot_locker.results[0].passage.document == "FOOTLOCKER_2019_10K.pdf"


def test_quoted_words_are_searched_as_they_stand(house: House) -> None:
    collection = house.library.create_collection("Phrases")
    house.add(collection.id, "a.pdf", "Light green paint and blue sea and dark water.")
    house.add(collection.id, "b.pdf", "Dark green sea and blue paint and light water.")
    found = house.retriever.retrieve('"light green"', SearchScope((collection.id,)), 1)
    assert found.results[0].passage.document == "a.pdf"


def test_neighbours_on_one_page_make_room_for_other_pages(house: House) -> None:
    collection = house.library.create_collection("Pages")
    crowded = "ferry timetable noon\n\nferry timetable night"
    house.add(collection.id, "a.pdf", crowded, "ferry timetable dawn")
    found = house.retriever.retrieve("ferry timetable", SearchScope((collection.id,)), 4)
    assert [result.passage.page for result in found.results[:2]] == [1, 2]


def test_passages_of_a_format_without_pages_are_ranked_by_their_words_alone(house: House) -> None:
    collection = house.library.create_collection("Text")
    close = ("ferry timetable noon", "ferry timetable night", "ferry timetable dawn")
    house.add(collection.id, "a.txt", *close, "old ferry timetable of some winter", numbered=False)
    found = house.retriever.retrieve("ferry timetable", SearchScope((collection.id,)), 4)
    assert sorted(texts(found)[:3]) == sorted(close)


@pytest.mark.parametrize("question", ["", "   ", "?!", "\n"])
def test_an_empty_question_is_refused(house: House, harbour: SearchScope, question: str) -> None:
    with pytest.raises(EmptyQuestion) as caught:
        house.retriever.retrieve(question, harbour, 5)
    assert caught.value.remedy


def test_a_question_of_a_hundred_thousand_characters_is_refused(house: House, harbour: SearchScope) -> None:
    with pytest.raises(QuestionTooLong) as caught:
        house.retriever.retrieve("why " * 25_000, harbour, 5)
    assert f"{MAX_CHARACTERS:,}" in caught.value.message
    assert "Shorten" in caught.value.remedy


@pytest.mark.parametrize(
    "question",
    ['crane"', "crane AND (", "NEAR(crane quay)", "crane*", "^crane", "text:crane", "-crane 'x'", "crane\x00"],
)
def test_query_syntax_in_a_question_is_only_text(house: House, harbour: SearchScope, question: str) -> None:
    assert texts(house.retriever.retrieve(question, harbour, 4))[0] == CRANE


def test_chinese_words_are_found_without_spaces(house: House) -> None:
    collection = house.library.create_collection("中文")
    house.add(collection.id, "a.pdf", "渡轮每天中午开往小岛。", "起重机可以吊起三吨货物。")
    found = house.retriever.retrieve("起重机能吊起多少吨？", SearchScope((collection.id,)), 1)
    assert found.results[0].passage.text.startswith("起重机")


def test_a_model_for_english_is_not_asked_about_other_languages() -> None:
    assert knows_language(("en",), "How many passengers does the ferry carry?")
    assert knows_language(("en",), "ferry timetable")
    assert not knows_language(("en",), "起重机能吊起多少吨？")
    assert not knows_language(("en",), "Wie viele Passagiere hat die Fähre?")
    assert not knows_language(("en",), "Сколько пассажиров?")
    assert knows_language((), "Сколько пассажиров?")
    assert knows_language(("en", "ru"), "Сколько пассажиров?")
