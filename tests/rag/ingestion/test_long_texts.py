"""Texts far larger than what is held in memory at once: read, sent and stored piece by piece."""

from pathlib import Path

import pytest

from rag.ingestion import parse_process
from rag.ingestion.spool import Spool
from tests.rag.ingestion.conftest import Desk


@pytest.mark.parametrize("spill_bytes", [0, 250, 10_000])
def test_a_spool_gives_back_what_it_was_given_in_order(spill_bytes: int) -> None:
    spool: Spool[str] = Spool(spill_bytes)
    for number in range(30):
        spool.extend([f"{number}a", f"{number}b"], 10)
    wanted = [f"{number}{letter}" for number in range(30) for letter in "ab"]
    assert spool.spilled == (spill_bytes < 300)
    assert list(spool) == list(spool) == wanted
    assert (len(spool), spool[0], spool[-1], spool[17:19]) == (60, "0a", "29b", wanted[17:19])
    with pytest.raises(IndexError):
        spool[60]


def test_two_readers_of_a_spool_do_not_disturb_each_other() -> None:
    spool: Spool[int] = Spool(0)
    spool.extend(range(1000), 1)
    assert list(zip(spool, spool, strict=True)) == [(number, number) for number in range(1000)]


def test_a_document_that_does_not_fit_into_memory_is_stored_whole(
    desk: Desk, papers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parse_process, "Spool", lambda: Spool(100_000))
    text = "".join(f"{number}: ship {number * 7919 % 10007} passed.\n" for number in range(30_000))
    (papers / "log.txt").write_text(text + "The lantern burns four litres.\n")
    desk.add(papers, until="searchable")
    (row,) = desk.files().values()
    assert row.document_id is not None
    pages = desk.library.pages(row.document_id)
    assert len(pages) > 2
    assert "".join(page.text for page in pages).startswith(text)
    assert desk.found("lantern") == ["log.txt"]
