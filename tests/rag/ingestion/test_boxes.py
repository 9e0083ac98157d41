"""Packing of character boxes, and the rectangles that mark a span."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rag.ingestion.boxes import Boxes, pack, span_rectangles, unpack

WIDTH, HEIGHT = 5.0, 10.0


def grid(text: str) -> Boxes:
    """Lay a text out like a typewriter: a box for each character but the line ends."""
    boxes = np.full((len(text), 4), np.nan, dtype=np.float32)
    row = column = 0
    for index, character in enumerate(text):
        if character == "\n":
            row, column = row + 1, 0
            continue
        left, top = column * WIDTH, row * (HEIGHT + 2)
        boxes[index] = left, top, left + WIDTH, top + HEIGHT
        column += 1
    return boxes


@given(st.lists(st.tuples(*[st.floats(width=32)] * 4), max_size=50))
def test_packing_loses_nothing(rows: list[tuple[float, ...]]) -> None:
    boxes = np.array(rows, dtype=np.float32).reshape(-1, 4)
    assert unpack(pack(boxes)).tobytes() == boxes.tobytes()


def test_nothing_packed_is_no_boxes() -> None:
    assert unpack(b"").shape == (0, 4)


def test_a_word_is_one_rectangle() -> None:
    text = "the tide turns"
    assert span_rectangles(grid(text), text, 4, 8) == [(20.0, 0.0, 40.0, 10.0)]


def test_each_line_has_a_rectangle_of_its_own() -> None:
    text = "the tide\nturns at\nnoon"
    assert span_rectangles(grid(text), text, 4, 22) == [
        (20.0, 0.0, 40.0, 10.0),
        (0.0, 12.0, 40.0, 22.0),
        (0.0, 24.0, 20.0, 34.0),
    ]


def test_columns_are_not_joined_across_the_gap() -> None:
    text = "left" + " " * 20 + "right"
    boxes = grid(text)
    boxes[4:24] = np.nan
    assert len(span_rectangles(boxes, text, 0, len(text))) == 2


def test_a_span_without_boxes_marks_nothing() -> None:
    assert span_rectangles(grid("\n\n"), "\n\n", 0, 2) == []


def test_boxes_of_another_text_mark_nothing() -> None:
    assert span_rectangles(grid("abc"), "abcd", 0, 2) == []


@given(st.text(st.sampled_from("ab \n"), max_size=60), st.integers(0, 60), st.integers(0, 60))
def test_rectangles_hold_exactly_the_span(text: str, start: int, end: int) -> None:
    boxes = grid(text)
    rectangles = span_rectangles(boxes, text, start, end)
    chosen = [box for box in boxes[start:end] if not np.isnan(box).any()]
    for left, top, right, bottom in chosen:
        assert any(r[0] <= left and r[1] <= top and r[2] >= right and r[3] >= bottom for r in rectangles)
    area = sum((r[2] - r[0]) * (r[3] - r[1]) for r in rectangles)
    assert area == len(chosen) * WIDTH * HEIGHT
