"""Texts and paths on their way into SQLite."""

import os
import sys
from pathlib import Path

import pytest

from rag.storage.paths import path_from_sql, path_to_sql
from rag.storage.text import cjk_pieces, embed_text, storable, text_hash


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("plain words", ""),
        ("Füße हिन्दी", ""),
        ("北京大学 in 2024", "北京 京大 大学"),
        ("水 and 火", "水 火"),
        ("ひらがなー", "ひら らが がな なー"),
        ("ｶﾅ", "カナ"),
        ("한국어", "한국 국어"),
        ("\U00020000\U00020001\U00020002", "\U00020000\U00020001 \U00020001\U00020002"),
        ("", ""),
    ],
)
def test_only_scripts_without_spaces_are_cut_into_pieces(text: str, pieces: str) -> None:
    assert cjk_pieces(text) == pieces


def test_hash_tells_context_and_text_apart() -> None:
    assert embed_text("", "text") == "text"
    assert embed_text("Title", "text") == "Title\ntext"
    assert text_hash("Title", "text") != text_hash("", "text")
    assert len(text_hash("", "text")) == 16


def test_lone_surrogates_are_replaced_one_for_one() -> None:
    assert storable("a\ud800é") == "a\ufffdé"
    assert text_hash("", "a\ud800") == text_hash("", "a\ufffd")


@pytest.mark.parametrize("name", ["plain.txt", "naïve 😀.txt", "quo\"te's.txt", "x" * 255])
def test_paths_come_back_as_they_were(name: str) -> None:
    path = Path("/docs") / name
    assert isinstance(path_to_sql(path), str)
    assert path_from_sql(path_to_sql(path)) == path


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are Unicode there")
def test_paths_that_are_no_unicode_come_back_as_they_were() -> None:
    path = Path(os.fsdecode(b"/docs/caf\xe9.txt"))
    assert path_to_sql(path) == b"/docs/caf\xe9.txt"
    assert path_from_sql(path_to_sql(path)) == path
