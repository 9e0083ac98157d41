"""How things are said."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gui import wording
from rag.api import Citation, IndexingProgress, Locator

NOW = datetime(2026, 3, 18, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=7), "7 min ago"),
        (timedelta(hours=5), "5 h ago"),
    ],
)
def test_times_are_relative_until_a_day(before: timedelta, said: str) -> None:
    assert wording.age(NOW - before, NOW) == said


def test_older_times_are_dates() -> None:
    assert "2026" in wording.age(NOW - timedelta(days=30), NOW) or "26" in wording.age(NOW - timedelta(days=30), NOW)


@pytest.mark.parametrize(
    ("days", "group"), [(0, "Today"), (1, "Yesterday"), (3, "This week"), (20, "This month"), (100, "Earlier")]
)
def test_chats_are_grouped_by_age(days: int, group: str) -> None:
    assert wording.age_group(NOW - timedelta(days=days), NOW) == group


def test_a_chat_of_another_year_stands_under_that_year() -> None:
    assert wording.age_group(NOW - timedelta(days=400), NOW) == "2025"


def citation(locator: Locator, page: int | None = None, label: str | None = None) -> Citation:
    return Citation(1, "Lease.pdf", Path("/Lease.pdf"), page, label, locator, "words")


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (citation(Locator("page", "4"), 4, "iv"), "Lease.pdf, p. iv"),
        (citation(Locator("page", "4"), 4), "Lease.pdf, p. 4"),
        (citation(Locator("lines", "12-18")), "Lease.pdf, lines 12–18"),
        (citation(Locator("lines", "12")), "Lease.pdf, line 12"),
        (citation(Locator("paragraph", "3")), "Lease.pdf, paragraph 3"),
    ],
)
def test_a_source_is_named_with_its_place(item: Citation, said: str) -> None:
    assert wording.source_name(item) == said


def progress(**changes: object) -> IndexingProgress:
    values = {
        "collection_id": None, "files_total": 10, "files_searchable": 2, "files_ready": 3, "files_failed": 1,
        "passages_total": 100, "passages_embedded": 50, "current": None, "paused": False, "seconds_left": 130.0,
    }  # fmt: skip
    return IndexingProgress(**{**values, **changes})


def test_progress_says_how_many_files_and_the_time_left() -> None:
    assert wording.progress_text(progress()) == "Reading documents · 4 of 10 files · 2 min left"


def test_paused_progress_says_so() -> None:
    assert wording.progress_text(progress(paused=True)) == "Paused · 4 of 10 files"


def test_progress_is_whole_only_at_the_end() -> None:
    assert 0 < wording.progress_share(progress()) < 1
    assert wording.progress_share(progress(files_ready=9, files_failed=1, files_searchable=0)) == 1


def test_a_source_in_an_archive_is_named_with_the_way_to_it() -> None:
    item = replace(citation(Locator("page", "2"), 2, "2"), document="letters.zip", inside=("2021.zip", "lease.pdf"))
    assert wording.source_name(item) == "letters.zip › 2021.zip › lease.pdf, p. 2"
    assert wording.short_source(item) == "lease.pdf"


def test_waiting_for_the_cable_is_said() -> None:
    progress = IndexingProgress(None, 12, 0, 3, 0, 0, 0, None, False, 60.0, held=True)
    assert wording.progress_text(progress) == "Waiting until the computer is plugged in · 3 of 12 files"
