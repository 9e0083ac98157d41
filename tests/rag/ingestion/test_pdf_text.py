"""The rule from pdfium's characters to a page's text, and back."""

from hypothesis import given
from hypothesis import strategies as st

from rag.ingestion.loaders.pdf_text import clean_text, clean_with_origin

RAW = st.text(st.sampled_from(list("abC1 -.,\r\n\ufffe\u00ad\ufb01\ufb03\x02\x00é水\U0001f600\ud800")), max_size=200)


@given(RAW)
def test_both_ways_give_the_same_text(raw: str) -> None:
    assert clean_with_origin(raw).text == clean_text(raw)


@given(RAW)
def test_each_character_has_an_origin_in_order(raw: str) -> None:
    clean = clean_with_origin(raw)
    origin = clean.origin.tolist()
    assert len(origin) == len(clean.text)
    assert origin == sorted(origin)
    assert all(0 <= position < len(raw) for position in origin)


@given(RAW)
def test_ordinary_characters_come_from_themselves(raw: str) -> None:
    clean = clean_with_origin(raw)
    for character, position in zip(clean.text, clean.origin.tolist(), strict=True):
        if raw[position].isalnum() and raw[position].isascii():
            assert character == raw[position]


@given(RAW)
def test_text_can_be_stored(raw: str) -> None:
    text = clean_text(raw)
    text.encode("utf-8")
    assert not set(text) & set("\r\0\ufffe")


def test_line_ends_become_single_newlines() -> None:
    assert clean_text("one\r\ntwo\rthree\n") == "one\ntwo\nthree\n"


def test_ligatures_are_spelt_out_and_point_to_their_sign() -> None:
    clean = clean_with_origin("e\ufb03cient")
    assert clean.text == "efficient"
    assert clean.origin.tolist() == [0, 1, 1, 1, 2, 3, 4, 5, 6]


def test_words_broken_in_justified_print_are_joined() -> None:
    raw = "The dimin\ufffe\r\nishing light and the grow\ufffeing dark\r\nare one."
    assert clean_text(raw) == "The diminishing light and the growing dark\nare one."


def test_a_single_hyphen_on_a_long_page_stays() -> None:
    raw = "line\r\n" * 60 + "a long\ufffeterm plan\r\n"
    assert "long-term plan" in clean_text(raw)


def test_the_page_itself_tells_how_a_word_is_spelt() -> None:
    raw = "line\r\n" * 60 + "light\ufffehouse and lighthouse; well\ufffeknown and well-known\r\n" * 3
    text = clean_text(raw)
    assert "light-house" not in text
    assert "wellknown" not in text


def test_hyphens_before_capitals_and_digits_stay() -> None:
    raw = "Form W\ufffe8BEN and Sub\ufffeAgent\r\n"
    assert clean_text(raw) == "Form W-8BEN and Sub-Agent\n"
