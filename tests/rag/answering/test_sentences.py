"""Sentences as spans: abbreviations, decimals, lists, other scripts, markers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering.sentences import split_sentences


def sentences(text: str) -> list[str]:
    return [text[span.start : span.end] for span in split_sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Dr. Smith paid 3.5 dollars. He left.", ["Dr. Smith paid 3.5 dollars.", "He left."]),
        ("It opens e.g. on Monday. Then not.", ["It opens e.g. on Monday.", "Then not."]),
        ("J. R. R. Tolkien wrote it. I read it.", ["J. R. R. Tolkien wrote it.", "I read it."]),
        ("The U.S. economy grew. Prices fell.", ["The U.S. economy grew.", "Prices fell."]),
        ("It is true. [1] It is new.[2] Last", ["It is true. [1]", "It is new.[2]", "Last"]),
        ("A. [1][2] B is next. [3]", ["A. [1][2] B is next. [3]"]),
        ("- first item\n- second item", ["- first item", "- second item"]),
        ("1. Mix it. 2. Bake it.", ["1. Mix it.", "2. Bake it."]),
        ("# Title\nText here.", ["# Title", "Text here."]),
        ("First paragraph\n\nsecond paragraph", ["First paragraph", "second paragraph"]),
        ("东京是首都。[1]大阪不是！对吗？", ["东京是首都。[1]", "大阪不是！", "对吗？"]),
        ("यह सच है। वह नहीं।", ["यह सच है।", "वह नहीं।"]),
        ("هل هذا صحيح؟ نعم.", ["هل هذا صحيح؟", "نعم."]),
        ('He said "stop." Then he went.', ['He said "stop."', "Then he went."]),
        ("See:\n```py\na. b. c\n```\nDone.", ["See:", "```py\na. b. c\n```", "Done."]),
        ("", []),
        ("  \n ", []),
    ],
)
def test_sentences_end_where_readers_end_them(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@given(st.text(alphabet=st.sampled_from("aB1 .!?。\n[]-#`\"'é東")))
def test_every_character_lies_in_exactly_one_sentence(text: str) -> None:
    spans = split_sentences(text)
    covered = [i for span in spans for i in range(span.start, span.end)]
    assert len(covered) == len(set(covered))
    assert covered == sorted(covered)
    assert all(text[i].isspace() for i in set(range(len(text))) - set(covered))
