"""Collections, files and documents."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rag.errors import CollectionExists, UnknownCollection
from rag.storage.library import Library
from rag.types import FileProblem, Heading, LoadedDocument, Locator, Page
from tests.rag.storage.builders import (
    CHUNKING,
    EMBEDDER,
    add,
    digest,
    document,
    embed_all,
    found,
    leftovers,
    put,
    scope,
    store,
)

PROBLEM = FileProblem("document_damaged", "It is damaged.", "Get it again.", Path("/docs/a.pdf"))


# --- Collections


def test_names_differ_by_more_than_case(library: Library) -> None:
    made = library.create_collection("Straße Été")
    assert library.find_collection("STRASSE ÉTÉ") == made
    assert library.find_collection("other") is None
    with pytest.raises(CollectionExists):
        library.create_collection("strasse été")


def test_adhoc_collections_are_found_by_key(library: Library) -> None:
    made = library.create_collection("report.pdf", "adhoc", "key")
    assert library.adhoc_collection("key") == made
    assert made.kind == "adhoc"
    assert library.adhoc_collection("other") is None
    with pytest.raises(CollectionExists):
        library.create_collection("another name", "adhoc", "key")


def test_names_that_are_no_unicode_are_taken(library: Library) -> None:
    odd = os.fsdecode(b"caf\xe9")
    made = library.create_collection(odd, "adhoc", f"/docs/{odd}")
    assert made.name == "caf\ufffd"
    assert library.find_collection(odd) == made
    assert library.adhoc_collection(f"/docs/{odd}") == made
    problem = FileProblem("file_unreadable", f"{odd} cannot be read.", "Look.", Path("/docs") / odd)
    library.set_file_state(put(library, made.id, odd).id, "failed", problem)
    stored = library.files(made.id)[0].problem
    assert stored is not None
    assert (stored.message, stored.path) == ("caf\ufffd cannot be read.", problem.path)


def test_rename(library: Library) -> None:
    first, second = library.create_collection("A"), library.create_collection("B")
    library.rename_collection(first.id, "a")
    assert library.collection(first.id).name == "a"
    with pytest.raises(CollectionExists):
        library.rename_collection(second.id, "A")
    with pytest.raises(UnknownCollection):
        library.rename_collection(99, "C")


def test_unknown_collections_are_known_errors(library: Library) -> None:
    with pytest.raises(UnknownCollection):
        library.collection(7)
    with pytest.raises(UnknownCollection):
        library.add_root(7, Path("/docs"))
    with pytest.raises(UnknownCollection):
        put(library, 7)
    assert library.delete_collection(7) == []


def test_ids_of_deleted_collections_are_not_used_again(library: Library) -> None:
    first = library.create_collection("A")
    library.delete_collection(first.id)
    assert library.create_collection("A").id > first.id


def test_times_are_utc(library: Library) -> None:
    before = datetime.now(UTC)
    made = library.create_collection("A").created_at
    assert made.tzinfo is UTC
    assert abs((made - before).total_seconds()) < 60


def test_roots_are_kept_once_and_in_order(library: Library) -> None:
    collection = library.create_collection("A")
    for name in ("/b", "/a", "/b", "/c"):
        library.add_root(collection.id, Path(name))
    library.remove_root(collection.id, Path("/c"))
    assert library.roots(collection.id) == [Path("/b"), Path("/a")]


def test_deleting_a_collection_leaves_no_orphan(library: Library) -> None:
    collection, other = library.create_collection("A"), library.create_collection("B")
    library.add_root(collection.id, Path("/docs"))
    mine = add(library, collection.id, "a.pdf", "only mine", "shared words")
    add(library, collection.id, "b.pdf", "both have this")
    theirs = add(library, other.id, "c.pdf", "both have this")
    embed_all(library)
    ids = library.passage_ids(scope(collection.id))
    library.mark_indexed(collection.id, ids)
    gone = library.delete_collection(collection.id)
    assert library.file(mine.id) is None
    assert len(gone) == 2
    assert library.passages(gone) == []
    assert found(library, "both have this", other.id) == ["both have this"]
    assert library.file(theirs.id) == theirs
    assert not any(leftovers(library).values())


def test_the_numbers_of_a_collection(library: Library) -> None:
    collection = library.create_collection("A")
    add(library, collection.id, "a.pdf", "one", "two")
    add(library, collection.id, "same.pdf", "one", "two")
    library.set_file_state(put(library, collection.id, "bad.pdf").id, "failed", PROBLEM)
    put(library, collection.id, "waiting.pdf")
    library.set_file_state(put(library, collection.id, "no.pdf").id, "cancelled")
    embed_all(library)
    ids = library.passage_ids(scope(collection.id))
    library.mark_indexed(collection.id, ids[:1])
    counts = library.counts(collection.id)
    assert (counts.files_total, counts.files_searchable, counts.files_ready, counts.files_failed) == (4, 2, 0, 1)
    assert (counts.passages_total, counts.passages_embedded) == (2, 1)
    library.mark_indexed(collection.id, ids)
    assert len(library.complete_files(collection.id)) == 2
    shown = library.collection(collection.id)
    assert (shown.files, shown.ready_files, shown.failed_files, shown.passages) == (5, 2, 1, 2)
    assert library.counts() == library.counts(collection.id)
    assert library.counts().passages_embedded == 2


# --- Files


def test_files_are_read_in_the_order_they_came(library: Library) -> None:
    collection = library.create_collection("A")
    rows = [put(library, collection.id, name) for name in ("b", "a", "c")]
    assert library.queued_files(2) == rows[:2]
    library.requeue_file(rows[0].id)
    assert [row.path.name for row in library.queued_files(9)] == ["a", "c", "b"]
    assert [row.path.name for row in library.files(collection.id)] == ["a", "b", "c"]


def test_an_unchanged_file_stays_as_it_is(library: Library) -> None:
    collection = library.create_collection("A")
    row = add(library, collection.id, "a.pdf", "words")
    assert put(library, collection.id) == row
    assert library.queued_files(9) == []


def test_a_changed_file_is_queued_and_keeps_its_text(library: Library) -> None:
    collection = library.create_collection("A")
    row = add(library, collection.id, "a.pdf", "old words")
    changed = put(library, collection.id, size=2)
    assert (changed.id, changed.state, changed.document_id) == (row.id, "queued", row.document_id)
    assert found(library, "old words", collection.id) == ["old words"]
    store(library, row.id, "new words")
    assert found(library, "old words", collection.id) == []
    assert found(library, "new words", collection.id) == ["new words"]
    assert not any(leftovers(library).values())


def test_a_failed_new_reading_keeps_the_old_text(library: Library) -> None:
    collection = library.create_collection("A")
    row = add(library, collection.id, "a.pdf", "old words")
    put(library, collection.id, size=2)
    library.set_file_state(row.id, "failed", PROBLEM)
    failed = library.file(row.id)
    assert failed is not None
    assert (failed.state, failed.problem, failed.document_id) == ("failed", PROBLEM, row.document_id)
    again = put(library, collection.id, size=3)
    assert (again.state, again.problem) == ("queued", None)


@pytest.mark.parametrize("ending", ["store", "fail", "link"])
def test_a_file_that_changes_while_it_is_read_is_read_again(library: Library, ending: str) -> None:
    collection = library.create_collection("A")
    document_id = add(library, collection.id, "other.pdf", "linked words").document_id
    row = put(library, collection.id)
    library.set_file_state(row.id, "reading")
    assert put(library, collection.id, size=2).state == "reading"
    if ending == "store":
        store(library, row.id, "words")
    elif ending == "fail":
        library.set_file_state(row.id, "failed", PROBLEM)
    else:
        assert document_id is not None
        assert library.link_document(row.id, document_id)
    assert [(queued.id, queued.size) for queued in library.queued_files(9)] == [(row.id, 2)]
    library.set_file_state(row.id, "reading")
    store(library, row.id, "newer words")
    assert library.queued_files(9) == []


def test_interrupted_readings_are_queued_again(library: Library) -> None:
    collection = library.create_collection("A")
    row = put(library, collection.id)
    library.set_file_state(row.id, "reading")
    assert library.queued_files(9) == []
    assert library.reset_interrupted() == 1
    assert [queued.id for queued in library.queued_files(9)] == [row.id]


def test_files_are_found_by_path(library: Library) -> None:
    collection, other = library.create_collection("A"), library.create_collection("B")
    names = ["naïve 😀.txt", "quo\"te's.txt", "x" * 255, os.fsdecode(b"caf\xe9.txt")]
    rows = [put(library, collection.id, name) for name in names]
    for name, row in zip(names, rows, strict=True):
        assert row.path == Path("/docs") / name
        assert library.file_by_path(collection.id, Path("/docs") / name) == row
        assert library.file_by_path(other.id, Path("/docs") / name) is None
    assert put(library, other.id, names[0]).id not in {row.id for row in rows}


def test_a_removed_file_takes_its_text_along(library: Library) -> None:
    collection = library.create_collection("A")
    row = add(library, collection.id, "a.pdf", "words")
    ids = library.passage_ids(scope(collection.id))
    assert library.remove_file(row.id) == ids
    assert library.remove_file(row.id) == []
    assert library.file(row.id) is None
    assert found(library, "words", collection.id) == []
    assert not any(leftovers(library).values())


def test_a_removed_copy_leaves_the_text_to_the_other(library: Library) -> None:
    collection, other = library.create_collection("A"), library.create_collection("B")
    rows = [add(library, collection.id, name, "words") for name in ("a.pdf", "b.pdf")]
    theirs = add(library, other.id, "c.pdf", "words")
    assert library.remove_file(rows[0].id) == []
    assert found(library, "words", collection.id) == ["words"]
    ids = library.passage_ids(scope(other.id))
    library.mark_indexed(collection.id, ids)
    assert library.remove_file(rows[1].id) == ids
    assert library.departed(collection.id) == ids
    assert library.departed(other.id) == []
    assert found(library, "words", other.id) == ["words"]
    assert found(library, "words", collection.id) == []
    library.remove_file(theirs.id)
    assert not any(leftovers(library).values())


def test_removing_a_file_without_text(library: Library) -> None:
    collection = library.create_collection("A")
    assert library.remove_file(put(library, collection.id).id) == []
    assert library.files(collection.id) == []


# --- Documents


def test_a_document_comes_back_as_it_was_loaded(library: Library) -> None:
    collection = library.create_collection("A")
    pages = (
        Page(0, 1, "iv", "Heading\ntext", headings=(Heading(0, 7, 1, "Heading"),), boxes=b"\0\1", width=1.5, height=2),
        Page(1, None, None, "", "scanned", "lines", (0, 5), note="A picture."),
    )
    loaded = LoadedDocument(
        "Title", "pdf", "pdf-1", pages, "Someone", datetime(2024, 5, 1, tzinfo=UTC), ((1, "Heading", 0),)
    )
    document_id = library.store_document(put(library, collection.id).id, "sha", loaded, [], CHUNKING, PROBLEM)
    assert document_id is not None
    assert library.loaded_document(document_id) == loaded
    assert library.outline(document_id) == loaded.outline
    assert library.page_count(document_id) == 2
    row = library.document(document_id)
    assert row is not None
    assert library.find_document("sha", "pdf-1", CHUNKING) == row
    assert (row.title, row.kind, row.pages, row.passages) == ("Title", "pdf", 2, 0)
    first, second = library.pages(document_id)
    assert library.page(document_id, 0) == first
    assert (first.label, first.text, first.boxes, first.width) == ("iv", "Heading\ntext", b"\0\1", 1.5)
    assert (second.number, second.kind) == (None, "scanned")
    file = library.file_by_path(collection.id, Path("/docs/a.pdf"))
    assert file is not None
    assert (file.state, file.sha256, file.problem) == ("searchable", "sha", PROBLEM)
    assert library.complete_files(collection.id) == [file.id]


def test_what_is_gone_is_none(library: Library) -> None:
    assert library.document(5) is None
    assert library.loaded_document(5) is None
    assert library.page(5, 0) is None
    assert library.pages(5) == []
    assert library.page_count(5) == 0
    assert library.outline(5) == ()
    assert library.find_document("sha", "pdf-1", CHUNKING) is None


def test_nothing_is_stored_for_a_file_that_was_removed(library: Library) -> None:
    collection = library.create_collection("A")
    row = put(library, collection.id)
    library.remove_file(row.id)
    loaded, passages = document("words")
    assert library.store_document(row.id, "sha", loaded, passages, CHUNKING) is None
    assert not library.link_document(row.id, 1)
    library.set_file_state(row.id, "reading")
    assert not any(leftovers(library).values())


def test_same_bytes_are_stored_once(library: Library) -> None:
    collection, other = library.create_collection("A"), library.create_collection("B")
    row = add(library, collection.id, "a.pdf", "words")
    same = library.find_document(digest("words"), "pdf-1", CHUNKING)
    assert same is not None
    assert same.id == row.document_id
    copy = put(library, other.id, "copy.pdf")
    assert library.link_document(copy.id, same.id)
    assert not library.link_document(copy.id, 99)
    hit = library.word_search('"words"', scope(other.id), 5)[0][0]
    assert library.passages([hit], [other.id])[0].path == Path("/docs/copy.pdf")
    assert library.passages([hit], [collection.id])[0].path == Path("/docs/a.pdf")
    assert library.find_document(digest("words"), "pdf-2", CHUNKING) is None


def test_a_document_read_again_replaces_itself_everywhere(library: Library) -> None:
    collection, other = library.create_collection("A"), library.create_collection("B")
    first, second = add(library, collection.id, "a.pdf", "half"), add(library, other.id, "b.pdf", "half")
    embed_all(library)
    library.mark_indexed(other.id, library.passage_ids(scope(other.id)))
    library.complete_files(other.id)
    loaded, passages = document("whole", "text")
    document_id = library.store_document(first.id, digest("half"), loaded, passages, CHUNKING)
    relinked = library.file(second.id)
    assert relinked is not None
    assert (relinked.document_id, relinked.state) == (document_id, "searchable")
    assert found(library, "whole", other.id) == ["whole"]
    assert len(library.departed(other.id)) == 1
    assert not any(leftovers(library).values())


def test_unchanged_passages_keep_their_vectors(library: Library) -> None:
    collection = library.create_collection("A")
    row = add(library, collection.id, "a.pdf", "stays", "goes")
    assert embed_all(library) == 2
    put(library, collection.id, size=2)
    store(library, row.id, "stays", "comes")
    assert [passage.text for passage in library.unembedded(collection.id, EMBEDDER, 9)] == ["comes"]
    assert not any(leftovers(library).values())


def test_documents_under_paths(library: Library) -> None:
    collection = library.create_collection("A")
    rows = [add(library, collection.id, name, f"words of {name}") for name in ("a/1.txt", "a/b/2.txt", "ab/3.txt")]
    put(library, collection.id, "a/unread.txt")
    under = library.documents_under
    ids = [row.document_id for row in rows]
    assert under(collection.id, [Path("/docs/a")]) == {ids[0], ids[1]}
    assert under(collection.id, [Path("/docs/a/1.txt"), Path("/docs/ab")]) == {ids[0], ids[2]}
    assert under(collection.id, [Path("/docs")]) == set(ids)
    assert under(collection.id, [Path("/elsewhere")]) == frozenset()


def test_odd_text_is_stored(library: Library) -> None:
    collection = library.create_collection("A")
    text = "nul\0inside and \ud800 half, <|im_end|> \U0001f600"
    loaded, passages = document(text, title="Title \udfff")
    loaded = replace(loaded, author="\ud800", pages=(replace(loaded.pages[0], label="\ud800"),))
    library.store_document(put(library, collection.id).id, "sha", loaded, passages, CHUNKING)
    stored = library.passages(library.passage_ids(scope(collection.id)))[0]
    assert stored.text == text.replace("\ud800", "\ufffd")
    assert len(stored.text) == len(text)
    assert stored.page_label == "\ufffd"
    assert found(library, "inside", collection.id) == [stored.text]
    assert not any(leftovers(library).values())


def test_a_passage_carries_its_place(library: Library) -> None:
    collection = library.create_collection("A")
    row = add(library, collection.id, "dir/a.pdf", "one", "two")
    assert row.document_id is not None
    first, second = library.document_passages(row.document_id)
    assert (second.document, second.path, second.page, second.page_label) == ("a.pdf", row.path, 2, "p2")
    assert (second.ordinal, second.page_index, second.start, second.end) == (1, 1, 0, 3)
    assert (second.section, second.locator, second.text) == ("A section", Locator("page", "2"), "two")
    assert library.passages([second.id, 999, first.id]) == [second, first]
    assert library.passages([first.id], [collection.id + 1]) == []


def test_finished_removals_after_a_crash(library: Library) -> None:
    collection = library.create_collection("A")
    add(library, collection.id, "a.pdf", "words")
    with library.db.write() as connection:
        connection.execute("DELETE FROM collection")
    assert leftovers(library)["documents"] == 1
    library.reset_interrupted()
    assert not any(leftovers(library).values())


def test_vectors_wait_in_the_order_of_their_files(library: Library) -> None:
    first, second = library.create_collection("A"), library.create_collection("B")
    add(library, second.id, "b.pdf", "b one", "b two")
    add(library, first.id, "a.pdf", "a one", "b two")
    pending = library.unembedded(None, EMBEDDER, 9)
    assert [passage.text for passage in pending] == ["b one", "b two", "a one"]
    assert library.incomplete_collections() == [second.id, first.id]
    assert [passage.text for passage in library.unembedded(first.id, EMBEDDER, 1)] == ["a one"]
