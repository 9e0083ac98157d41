"""Questions that lean on the one before."""

import pytest

from rag.answering import followups


@pytest.mark.parametrize(
    "question", ["And in 2019?", "Who wrote it?", "What about the second one?", "When was she born?", "Und warum?"]
)
def test_questions_that_cannot_stand_alone(question: str) -> None:
    assert followups.leans_on_previous(question)


@pytest.mark.parametrize(
    "question",
    ["Who wrote Hamlet?", "When did the ferry to Skomer start running?", "What is the net income of Amazon?"],
)
def test_questions_that_stand_alone(question: str) -> None:
    assert not followups.leans_on_previous(question)


def test_both_questions_words_are_searched_the_new_ones_first() -> None:
    together = followups.combined("Who wrote it?", "When was the poem about the ferry printed?")
    assert together == "Who wrote it? poem ferry printed"
