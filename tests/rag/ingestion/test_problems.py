"""What is told of a document that was read in part."""

from pathlib import Path

from rag.ingestion.problems import partial_problem
from rag.types import Page, PageKind

FILE = Path("/docs/letters.zip")


def page(label: str | None, kind: PageKind, *inside: str, note: str = "") -> Page:
    return Page(0, None, label, "", kind=kind, inside=inside, note=note)


def message(*pages: Page) -> str:
    problem = partial_problem(FILE, pages)
    assert problem is not None
    return problem.message


def test_nothing_is_told_of_a_whole_document() -> None:
    assert partial_problem(FILE, [page("1", "text"), page("2", "ocr"), page("3", "empty")]) is None


def test_scanned_pages_are_named_in_ranges() -> None:
    told = message(page("2", "scanned"), page("3", "scanned"), page("7", "scanned"))
    assert "pages 2-3, 7 need text recognition" in told
    assert "page 2 needs" in message(page("2", "scanned"))


def test_pages_of_members_name_their_member() -> None:
    told = message(page("2", "scanned", "lease.pdf"), page("1", "failed", "inner.zip", "note.pdf"))
    assert "page 2 of “lease.pdf” needs" in told
    assert "Page 1 of “inner.zip › note.pdf” could not be read at all." in told


def test_a_member_that_could_not_be_read_gives_its_reason() -> None:
    told = message(page(None, "failed", "locked.pdf", note="It needs a password."))
    assert told == "“letters.zip” was read in part: “locked.pdf” could not be read. It needs a password."


def test_many_members_are_counted() -> None:
    told = message(*(page("1", "failed", f"{number}.pdf") for number in range(9)))
    assert "4 more members" in told


def test_a_protected_member_asks_for_its_password() -> None:
    found = partial_problem(FILE, [page("1", "text"), page(None, "failed", "locked.pdf", note="It needs a password.")])
    assert found is not None
    assert (found.code, found.remedy) == ("document_encrypted", "Enter the password to have all of it read.")


def test_what_mends_a_member_is_said_once() -> None:
    note = "“a.pdf” is damaged. Get a fresh copy."
    found = partial_problem(FILE, [page("1", "text"), page(None, "failed", "a.pdf", note=note)])
    assert found is not None
    assert "Get a fresh copy" not in found.remedy
