"""Words of engines: their order, the text that they make, and where its characters stand."""

import numpy as np
import pytest
from PIL import Image

from rag.ingestion.ocr.choice import chosen_languages
from rag.ingestion.ocr.engine import Word
from rag.ingestion.ocr.layout import Line, reading_order
from rag.ingestion.ocr.page_text import assemble
from rag.ingestion.ocr.rapid import _turned_back
from rag.ingestion.ocr.tesseract import read_table, without_noise

HEAD = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n"


def word(text: str, line: int = 0, block: int = 0, left: float = 0.0, confidence: float = 1.0) -> Word:
    return Word(text, left, 10.0 * line, left + 10 * len(text), 10.0 * line + 8, confidence, line, block)


def line(number: int, text: str, left: float, top: float, width: float = 300) -> Line:
    return Line(number, text, left, top, left + width, top + 20)


def order(lines: list[Line]) -> list[list[int]]:
    return [[each.number for each in row] for block in reading_order(lines) for row in block]


def test_words_become_lines_and_paragraphs() -> None:
    found = assemble([word("One"), word("two", left=40), word("three", 1), word("Four", 2, 1)])
    assert found.text == "One two\nthree\n\nFour"
    assert len(found.boxes) == len(found.text)
    assert np.isnan(found.boxes[3]).all()
    assert found.boxes[1].tolist() == [10, 0, 20, 8]


def test_word_broken_at_the_end_of_a_line_becomes_whole() -> None:
    found = assemble([word("Vermie-"), word("ter", 1), word("zahlt", 1, left=40)])
    assert found.text == "Vermieter zahlt"
    assert found.boxes[6].tolist() == [0, 10, 10, 18]


def test_hyphen_before_a_capital_stays() -> None:
    assert assemble([word("Müller-"), word("Lüdenscheidt", 1)]).text == "Müller-\nLüdenscheidt"


def test_chinese_words_have_no_spaces_between_them() -> None:
    assert assemble([word("房"), word("租"), word("rent")]).text == "房租 rent"


def test_confidence_counts_characters() -> None:
    assert assemble([word("a", confidence=0.0), word("bcd", confidence=1.0)]).confidence == 0.75


def test_nothing_found_is_empty_and_unsure() -> None:
    found = assemble([])
    assert (found.text, found.confidence, found.boxes.shape) == ("", 0.0, (0, 4))


def test_columns_of_prose_are_read_one_after_the_other() -> None:
    prose = "a line of a column of prose"
    lines = [line(i, prose, 0, 30 * i) for i in range(4)] + [line(4 + i, prose, 340, 30 * i) for i in range(4)]
    assert order(lines[::-1]) == [[0], [1], [2], [3], [4], [5], [6], [7]]


def test_columns_below_a_title_across_both_are_read_one_after_the_other() -> None:
    prose = "a line of a column of prose"
    title = line(0, "A title that runs across the whole page", 0, 0, 640)
    left = [line(1 + i, prose, 0, 40 + 30 * i) for i in range(3)]
    right = [line(4 + i, prose, 340, 40 + 30 * i) for i in range(3)]
    assert order([*right, title, *left]) == [[0], [1], [2], [3], [4], [5], [6]]


def test_cells_of_a_table_are_read_row_by_row() -> None:
    cells = [line(3 * row + column, "12.50", 200 * column, 40 * row, 60) for row in range(3) for column in range(3)]
    assert order(cells[::-1]) == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_boxes_on_a_turned_picture_lead_back_to_it(turns: int) -> None:
    pixels = np.zeros((60, 100), np.uint8)
    pixels[20:30, 70:90] = 1
    rows, columns = np.nonzero(np.rot90(pixels, turns))
    box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    back = _turned_back(Word("x", *box, 1.0, 0), turns, (100, 60))
    assert (back.left, back.top, back.right, back.bottom) == (70, 20, 90, 30)


def test_tesseract_table_gives_words_with_lines_and_blocks() -> None:
    rows = [
        "1\t1\t0\t0\t0\t0\t0\t0\t900\t900\t-1\t",
        "5\t1\t1\t1\t1\t1\t10\t20\t30\t12\t96.5\tHarbour",
        "5\t1\t1\t1\t1\t2\t50\t20\t30\t12\t91\trules",
        "5\t1\t2\t1\t1\t1\t10\t90\t30\t12\t40\t“quoted",
        "5\t1\t2\t1\t1\t2\t50\t90\t30\t12\t95\t ",
    ]
    words = read_table(HEAD + "\n".join(rows))
    assert [(each.text, each.line, each.block) for each in words] == [
        ("Harbour", 0, 0),
        ("rules", 0, 0),
        ("“quoted", 1, 1),
    ]
    assert words[0].confidence == pytest.approx(0.965)
    assert (words[0].right, words[0].bottom) == (40, 32)


def test_grain_is_taken_away_and_a_clean_page_left_alone() -> None:
    clean = Image.new("L", (80, 80), 255)
    noise = np.clip(230 + np.random.default_rng(1).normal(0, 20, (80, 80)), 0, 255).astype(np.uint8)
    assert without_noise(clean) is clean
    assert np.asarray(without_noise(Image.fromarray(noise))).std() < noise.std() / 2


def test_languages_are_those_wanted_or_a_few_of_those_installed() -> None:
    installed = ("ara", "deu", "eng", "fra", "jpn", "rus")
    assert chosen_languages(installed, ("rus", "klingon")) == (("rus",), ("klingon",))
    guessed, missing = chosen_languages(installed, ())
    assert guessed[0] == "eng"
    assert len(guessed) == 4
    assert missing == ()
