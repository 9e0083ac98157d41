"""The evaluation itself: how hits are counted, what counts as worse, and what is said when there is no data."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from rag.types import SearchScope, StoredPassage
from tests.eval.__main__ import main
from tests.eval.data import Question
from tests.eval.methods import Method
from tests.eval.scores import measure, shortfalls, table
from tests.rag.answering.builders import stored

SCOPE = SearchScope((1,))
RIGHT = Question("right page?", "file1.pdf", frozenset({3}))
ANYWHERE = Question("any page?", "file2.pdf")


def fixed(*passages: StoredPassage) -> Method:
    def method(_question: str, _scope: SearchScope, k: int) -> Sequence[StoredPassage]:
        return passages[:k]

    return method


def test_a_hit_is_the_right_page_of_the_right_document() -> None:
    methods = {"a": fixed(stored("x", 1, page=9), stored("x", 1, page=4), stored("x", 2))}
    rows = measure("t", methods, [(RIGHT, SCOPE), (ANYWHERE, SCOPE)], (1, 2, 3))
    assert rows[0].shares == {1: 0.0, 2: 0.5, 3: 1.0}
    assert "0.500" in table(rows)


def test_ours_is_worse_only_where_another_is_better() -> None:
    methods = {"other": fixed(stored("x", 1, page=4)), "ours": fixed(stored("x", 1, page=9), stored("x", 1, page=4))}
    rows = measure("t", methods, [(RIGHT, SCOPE)], (1, 2))
    assert shortfalls(rows, {"t": (2,)}, "ours") == []
    assert shortfalls(rows, {"t": (1, 2)}, "ours") == ["t @1: ours 0.000, other 1.000"]


def test_without_data_the_folder_and_the_variable_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CARREL_EVAL_DIR", str(tmp_path))
    assert main([]) == 2
    message = capsys.readouterr().err
    assert str(tmp_path) in message
    assert "CARREL_EVAL_DIR" in message
