"""The numbers and maps of reading reports, and how quick they are."""

import time
from dataclasses import replace
from pathlib import Path

from rag.storage.library import Library
from rag.types import FileProblem, LoadedDocument, Locator, Page, Passage, Skipped
from tests.rag.storage.builders import CHUNKING, add, put, store

PROBLEM = FileProblem("document_damaged", "“bad.pdf” is damaged.", "Get a fresh copy.", Path("/docs/bad.pdf"))
PAGES = 5000
QUICK_S = 0.05


def mixed_document() -> tuple[LoadedDocument, list[Passage]]:
    """Return a document with a page of each kind and something left out."""
    pages = (
        Page(0, 1, "i", "albatross"),
        Page(1, 2, "ii", "petrel", kind="ocr", confidence=0.9),
        Page(2, 3, "iii", "", kind="empty"),
        Page(3, 1, "1", "", kind="scanned", inside=("lease.pdf",)),
        Page(4, None, None, "", kind="failed", inside=("locked.pdf",), note="It needs a password."),
    )
    passages = [
        Passage(index, index, 0, len(pages[index].text), pages[index].text, "", Locator("page", "1"), "", 1)
        for index in (0, 1)
    ]
    skipped = (Skipped("setup.exe", "It is a program.", ("tools.zip",)),)
    return LoadedDocument("Mixed", "pdf", "pdf-1", pages, skipped=skipped), passages


def test_each_page_is_on_the_map(library: Library) -> None:
    collection = library.create_collection("Papers").id
    loaded, passages = mixed_document()
    document_id = library.store_document(put(library, collection).id, "hash", loaded, passages, CHUNKING)
    assert document_id is not None
    found = library.page_map(document_id)
    assert [page.kind for page in found] == ["text", "ocr", "empty", "scanned", "failed"]
    assert [page.index for page in found] == [0, 1, 2, 3, 4]
    assert [page.passages for page in found] == [1, 1, 0, 0, 0]
    assert (found[1].confidence, found[3].inside, found[4].note) == (0.9, ("lease.pdf",), "It needs a password.")
    assert library.skipped_parts(document_id) == loaded.skipped


def test_a_collection_is_counted_with_each_text_once(library: Library) -> None:
    papers, others = library.create_collection("Papers").id, library.create_collection("Others").id
    add(library, papers, "a.pdf", "albatross", "petrel")
    add(library, papers, "copy of a.pdf", "albatross", "petrel")
    add(library, others, "b.pdf", "gannet")
    put(library, others, "c.pdf")
    counts = library.report_counts(papers)
    assert (counts.documents, counts.pages, counts.passages) == (2, 2, 2)
    assert counts.pages_by_kind == {"text": 2, "ocr": 0, "empty": 0, "scanned": 0, "failed": 0}
    whole = library.report_counts(None)
    assert (whole.documents, whole.pages, whole.passages, whole.pending) == (4, 3, 3, 4)


def test_unread_files_are_those_with_problems_and_those_given_up(library: Library) -> None:
    collection = library.create_collection("Papers").id
    add(library, collection, "good.pdf", "albatross")
    library.set_file_state(put(library, collection, "bad.pdf").id, "failed", PROBLEM)
    library.set_file_state(put(library, collection, "given up.pdf").id, "cancelled")
    assert [row.path.name for row in library.unread_files(collection)] == ["bad.pdf", "given up.pdf"]


def test_an_accepted_problem_is_listed_again_only_when_the_file_is_new(library: Library) -> None:
    collection = library.create_collection("Papers").id
    file_id = put(library, collection, "bad.pdf").id
    library.set_file_state(file_id, "failed", PROBLEM)
    library.accept_problem(file_id)
    assert library.unread_files(collection) == []
    assert library.collection(collection).failed_files == 0
    assert library.counts(collection).files_total == library.counts(collection).files_failed == 0
    assert put(library, collection, "bad.pdf").accepted
    assert not put(library, collection, "bad.pdf", size=9).accepted
    library.set_file_state(file_id, "failed", PROBLEM)
    assert len(library.unread_files(collection)) == 1


def test_the_same_bytes_are_known_under_all_names(library: Library) -> None:
    collection = library.create_collection("Papers").id
    first = add(library, collection, "a.pdf", "albatross")
    add(library, collection, "b.pdf", "albatross")
    add(library, collection, "c.pdf", "gannet")
    assert library.same_bytes(first.id) == (Path("/docs/b.pdf"),)


def test_a_file_put_first_comes_before_all_and_a_later_one_before_it(library: Library) -> None:
    collection = library.create_collection("Papers").id
    ids = {name: put(library, collection, name).id for name in ("a", "b", "c", "d")}
    library.put_first(ids["c"])
    library.put_first(ids["d"])
    put(library, collection, "e")
    assert [row.path.name for row in library.queued_files(9)] == ["d", "c", "a", "b", "e"]
    assert library.urgent_files() == frozenset()
    store(library, ids["d"], "albatross")
    assert library.urgent_files() == {ids["d"]}


def test_what_is_remembered_outlives_the_value_before(library: Library) -> None:
    assert library.remembered("paused") is None
    library.remember("paused", value=True)
    library.remember("paused", value=False)
    assert library.remembered("paused") is False


def test_the_map_of_5000_pages_is_quick(library: Library) -> None:
    collection = library.create_collection("Papers").id
    text = "The keeper wrote the weather down and trimmed the lamp. " * 50
    pages = tuple(Page(i, i + 1, str(i + 1), f"{i} {text}", boxes=b"x" * 4000) for i in range(PAGES))
    passages = [
        Passage(2 * i + half, i, 0, 5, page.text[:5], "", Locator("page", str(i + 1)), "", 1)
        for i, page in enumerate(pages)
        for half in (0, 1)
    ]
    loaded = replace(mixed_document()[0], pages=pages)
    document_id = library.store_document(put(library, collection).id, "hash", loaded, passages, CHUNKING)
    assert document_id is not None
    took = []
    for _ in range(3):
        # Processor time: other processes of the test run must not count.
        began = time.thread_time()
        found = library.page_map(document_id)
        took.append(time.thread_time() - began)
    assert len(found) == PAGES
    assert {page.passages for page in found} == {2}
    assert min(took) < QUICK_S, f"{min(took) * 1000:.0f} ms"
