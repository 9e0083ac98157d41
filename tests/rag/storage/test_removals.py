"""Removing with Undo: what is removed is out of sight at once, and comes back as it was, until it is too late."""

from pathlib import Path

import pytest

from rag.errors import RemovalOver, UnknownCollection
from rag.storage.chats import Chats
from rag.storage.library import Library
from rag.storage.library_removals import path_hash
from tests.rag.storage.builders import CHUNKING, EMBEDDER, add, digest, embed_all, found, leftovers, put, scope, store

GRACE_S = 600.0


def test_a_removed_file_is_out_of_sight_at_once(library: Library) -> None:
    collection = library.create_collection("A")
    row = add(library, collection.id, "a.pdf", "some words")
    removal = library.set_aside_file(row.id, GRACE_S)
    assert removal is not None
    assert (removal.kind, removal.name, removal.files) == ("file", "a.pdf", 1)
    assert (removal.until - removal.removed_at).total_seconds() == pytest.approx(GRACE_S)
    assert library.files(collection.id) == []
    assert found(library, "some words", collection.id) == []
    assert library.collection(collection.id).passages == 0
    assert library.removals() == [removal]
    assert library.set_aside_file(row.id, GRACE_S) is None
    assert not any(leftovers(library).values())


def test_undo_brings_a_file_back_without_embedding(library: Library) -> None:
    collection = library.create_collection("A")
    row = add(library, collection.id, "a.pdf", "some words")
    embed_all(library)
    ids = library.passage_ids(scope(collection.id))
    library.mark_indexed(collection.id, ids)
    library.complete_files(collection.id)
    removal = library.set_aside_file(row.id, GRACE_S)
    assert removal is not None
    assert library.departed(collection.id) == ids
    assert library.undo_removal(removal.id) == collection.id
    back = library.file(row.id)
    assert back is not None
    assert (back.state, back.document_id, back.path) == ("searchable", row.document_id, row.path)
    assert found(library, "some words", collection.id) == ["some words"]
    assert library.unembedded(None, EMBEDDER, 9) == []
    assert library.unindexed(collection.id, EMBEDDER, 9) == ids
    assert library.removals() == []
    with pytest.raises(RemovalOver):
        library.undo_removal(removal.id)


def test_a_collection_comes_back_with_its_folders_and_chats(library: Library, chats: Chats) -> None:
    first, second = library.create_collection("First"), library.create_collection("Second")
    row = add(library, first.id, "a.pdf", "some words")
    library.add_root(first.id, Path("/docs"))
    chat = chats.create("Talk", (second.id, first.id))
    removal = library.set_aside_collection(first.id, GRACE_S)
    assert (removal.kind, removal.name, removal.files) == ("collection", "First", 1)
    assert [each.name for each in library.collections()] == ["Second"]
    seen = chats.get(chat.id)
    assert seen is not None
    assert seen.collection_ids == (second.id,)
    library.undo_removal(removal.id)
    assert library.collection(first.id).passages == 1
    assert library.file(row.id) == row
    assert library.roots(first.id) == [Path("/docs")]
    seen = chats.get(chat.id)
    assert seen is not None
    assert seen.collection_ids == (second.id, first.id)
    assert not any(leftovers(library).values())


def test_a_collection_whose_name_was_taken_comes_back_under_another(library: Library) -> None:
    first = library.create_collection("Papers", "adhoc", "key")
    removal = library.set_aside_collection(first.id, GRACE_S)
    library.create_collection("papers", "adhoc", "key")
    library.undo_removal(removal.id)
    assert [each.name for each in library.collections()] == ["Papers (2)", "papers"]


def test_a_deleted_chat_does_not_hinder_undo(library: Library, chats: Chats) -> None:
    collection = library.create_collection("A")
    chat = chats.create("Talk", (collection.id,))
    removal = library.set_aside_collection(collection.id, GRACE_S)
    chats.delete(chat.id)
    library.undo_removal(removal.id)
    assert library.collection(collection.id).name == "A"


def test_an_unknown_collection_cannot_be_removed(library: Library) -> None:
    with pytest.raises(UnknownCollection):
        library.set_aside_collection(7, GRACE_S)


def test_a_file_of_a_removed_collection_comes_back_after_it(library: Library) -> None:
    collection = library.create_collection("A")
    row = add(library, collection.id, "a.pdf", "some words")
    file = library.set_aside_file(row.id, GRACE_S)
    assert file is not None
    whole = library.set_aside_collection(collection.id, GRACE_S)
    with pytest.raises(RemovalOver):
        library.undo_removal(file.id)
    library.undo_removal(whole.id)
    library.undo_removal(file.id)
    assert [each.id for each in library.files(collection.id)] == [row.id]


def test_a_moved_file_finds_its_document(library: Library) -> None:
    collection = library.create_collection("A")
    old = add(library, collection.id, "old.pdf", "some words")
    library.set_aside_vanished(collection.id, [old.id], GRACE_S)
    assert library.removals() == []
    known = library.find_document(digest("some words"), "pdf-1", CHUNKING)
    assert known is not None
    new = put(library, collection.id, "new.pdf")
    assert library.link_document(new.id, known.id)
    assert found(library, "some words", collection.id) == ["some words"]


def test_a_document_that_was_read_anew_comes_back_new(library: Library) -> None:
    collection, other = library.create_collection("A"), library.create_collection("B")
    row = add(library, collection.id, "a.pdf", "some words")
    removal = library.set_aside_file(row.id, GRACE_S)
    assert removal is not None
    again = store(library, put(library, other.id).id, "some words")
    library.undo_removal(removal.id)
    back = library.file(row.id)
    assert back is not None
    assert back.document_id == again
    assert not any(leftovers(library).values())


def test_a_file_that_the_user_removed_is_left_out_until_undo(library: Library) -> None:
    collection = library.create_collection("A")
    row = put(library, collection.id, "a.pdf")
    removal = library.set_aside_file(row.id, GRACE_S)
    assert removal is not None
    assert library.left_out(collection.id) == {path_hash("/docs/a.pdf")}
    library.undo_removal(removal.id)
    assert library.left_out(collection.id) == frozenset()
