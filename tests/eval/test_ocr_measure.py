"""The measure of text recognition: what counts as an error, and that the pages are what they say."""

import numpy as np
import pytest

from tests.eval.ocr import character_error
from tests.eval.scans import ENGLISH, prose, scan


@pytest.mark.parametrize(
    ("truth", "read", "error"),
    [("abcd", "abcd", 0.0), ("abcd", "abxd", 0.25), ("abcd", "abd", 0.25), ("ab cd", "ab \n cd", 0.0), ("ab", "", 1.0)],
)
def test_errors_are_edits_for_each_character(truth: str, read: str, error: float) -> None:
    assert character_error(truth, read) == error


def test_a_scan_is_the_same_each_time_and_noise_changes_it() -> None:
    first, second = (scan("page", prose(ENGLISH, 11), 72, skew=1, noise=20) for _ in range(2))
    clean = scan("page", prose(ENGLISH, 11), 72)
    assert first.text == "\n".join(ENGLISH)
    assert np.array_equal(np.asarray(first.picture), np.asarray(second.picture))
    assert not np.array_equal(np.asarray(first.picture), np.asarray(clean.picture))
