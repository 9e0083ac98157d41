"""Whether passages answer to a question at all."""

import pytest

from rag.answering.relevance import Signs, coverage, is_relevant


@pytest.mark.parametrize(
    ("cosine", "covered", "expected"),
    [
        (0.7, 0.1, True),
        (0.3, 0.6, True),
        (0.3, 0.2, False),
        (0.0, 0.6, False),
        (0.55, 0.0, True),
        (None, 0.5, True),
        (None, 0.2, False),
    ],
)
def test_meaning_and_words_decide_together(cosine: float | None, covered: float, expected: bool) -> None:
    assert is_relevant(Signs(cosine, covered)) is expected


def test_rare_words_count_more_than_common_ones() -> None:
    counts = {"annual": 900, "report": 800, "skomer": 1}
    common = coverage("annual report skomer", ["The annual report."], counts, 1000)
    rare = coverage("annual report skomer", ["Skomer is an island."], counts, 1000)
    assert 0.0 < common < 0.2 < 0.8 < rare < 1.0


def test_words_must_stand_together_in_one_passage() -> None:
    apart = coverage("ferry timetable", ["The ferry.", "The timetable."], {"ferry": 1, "timetable": 1}, 10)
    assert apart == pytest.approx(0.5)
    assert coverage("ferry timetables", ["The ferry timetable."], {}, 10) == pytest.approx(1.0)
