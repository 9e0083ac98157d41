"""Finding passages by words, in many scripts."""

import apsw
import pytest

from rag.storage.library import Library
from rag.storage.text import cjk_pieces
from tests.rag.storage.builders import add, found, put, scope, store

TEXTS = {
    "accent": "The café on the corner serves naïve guests",
    "decomposed": "A cafe\u0301 with combining accents",
    "hindi": "हिन्दी में पानी का अर्थ जल है",
    "chinese": "我在北京大学学习计算机科学",
    "japanese": "東京タワーは高いです",
    "korean": "한국어를 공부합니다",
    "german": "Die Straßenbahn fährt über die Brücke",
    "russian": "Москва является столицей России",
    "arabic": "القاهرة عاصمة مصر",
}


@pytest.fixture
def collection_id(library: Library) -> int:
    collection = library.create_collection("Scripts")
    for name, text in TEXTS.items():
        add(library, collection.id, name, text)
    return collection.id


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("cafe", {"accent", "decomposed"}),
        ("CAFÉ", {"accent", "decomposed"}),
        ("naive guests", {"accent"}),
        ("हिन्दी", {"hindi"}),
        ("पानी", {"hindi"}),
        ("brucke", {"german"}),
        ("столицей", {"russian"}),
        ("القاهرة", {"arabic"}),
        ("unknown", set()),
    ],
)
def test_words_are_found_in_every_script(library: Library, collection_id: int, words: str, names: set[str]) -> None:
    assert set(found(library, words, collection_id)) == {TEXTS[name] for name in names}


@pytest.mark.parametrize(("question", "name"), [("北京", "chinese"), ("タワー", "japanese"), ("공부", "korean")])
def test_pieces_find_scripts_without_spaces(library: Library, collection_id: int, question: str, name: str) -> None:
    match = "pieces : (" + " OR ".join(f'"{piece}"' for piece in cjk_pieces(question).split()) + ")"
    hits = library.word_search(match, scope(collection_id), 5)
    assert library.passages([hits[0][0]])[0].text == TEXTS[name]


def test_one_character_is_found_as_a_prefix(library: Library, collection_id: int) -> None:
    assert len(library.word_search('pieces : ("高" *)', scope(collection_id), 5)) == 1


def test_better_matches_come_first_with_higher_scores(library: Library) -> None:
    collection = library.create_collection("A")
    add(library, collection.id, "weak", "apple " + "other words " * 30)
    add(library, collection.id, "strong", "apple apple pear")
    hits = library.word_search('"apple" OR "pear"', scope(collection.id), 5)
    texts = [passage.text for passage in library.passages([passage_id for passage_id, _ in hits])]
    assert texts[0] == "apple apple pear"
    assert hits[0][1] > hits[1][1]
    assert len(library.word_search('"apple"', scope(collection.id), 1)) == 1


def test_context_is_searched_and_weighed(library: Library) -> None:
    collection = library.create_collection("A")
    store(library, put(library, collection.id, "context").id, "some text here", context="whales")
    store(library, put(library, collection.id, "text").id, "whales text here", context="fish")
    for weights, expected in (((1.0, 0.1, 1.0), "whales text here"), ((0.1, 1.0, 1.0), "some text here")):
        best = library.word_search('"whales"', scope(collection.id), 5, weights)[0][0]
        assert library.passages([best])[0].text == expected


def test_scope_limits_to_collections_and_documents(library: Library) -> None:
    first, second = library.create_collection("A"), library.create_collection("B")
    rows = [add(library, first.id, "1", "apple one"), add(library, first.id, "2", "apple two")]
    add(library, second.id, "3", "apple three")
    add(library, second.id, "4", "apple one")
    asked = [
        (scope(first.id), {"apple one", "apple two"}),
        (scope(second.id), {"apple one", "apple three"}),
        (scope(first.id, second.id), {"apple one", "apple two", "apple three"}),
        (scope(first.id, documents=[rows[1].document_id or 0]), {"apple two"}),
        (scope(second.id, documents=[rows[1].document_id or 0]), set()),
        (scope(first.id, documents=[]), set()),
        (scope(), set()),
    ]
    for where, expected in asked:
        ids = library.passage_ids(where)
        assert {passage.text for passage in library.passages(ids)} == expected
        assert library.passage_count(where) == len(expected)
        assert {passage_id for passage_id, _ in library.word_search('"apple"', where, 9)} == set(ids)


def test_what_is_no_expression_is_refused(library: Library) -> None:
    collection = library.create_collection("A")
    with pytest.raises(apsw.SQLError):
        library.word_search('"open', scope(collection.id), 5)


def test_terms_are_the_words_of_the_index(library: Library) -> None:
    assert library.terms("The Café, हिन्दी & Über-100\ud800") == ["the", "cafe", "हिन्दी", "uber", "100"]


def test_counts_of_terms(library: Library, collection_id: int) -> None:
    counts = library.term_document_counts(["Café", "the", "unknown", "café guests", "..."])
    assert counts == {"Café": 2, "the": 1, "unknown": 0, "café guests": 1, "...": 0}
