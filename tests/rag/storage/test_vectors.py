"""Vectors in the library, and Chroma made equal to them."""

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rag.errors import DiskFull, FolderNotWritable
from rag.storage import failures
from rag.storage.library import Library
from rag.storage.vectors import IndexLost, VectorIndex, collection_key
from tests.rag.storage.builders import (
    CHUNKING,
    DIMENSION,
    EMBEDDER,
    add,
    embed_all,
    leftovers,
    put,
    scope,
    store,
    vector,
)

DAMAGED = pytest.mark.expect_log("index of vectors is damaged")


def settle(library: Library, index: VectorIndex, collection_id: int) -> str:
    """Do what the ingest thread does until nothing is left; returns the collection's key."""
    key = collection_key(collection_id, EMBEDDER, CHUNKING)
    embed_all(library)
    while index.apply(library, collection_id, key, EMBEDDER, limit=2):
        pass
    library.complete_files(collection_id)
    return key


def assert_equal(library: Library, index: VectorIndex, collection_id: int, key: str) -> None:
    assert index.ids(key) == library.passage_ids(scope(collection_id))
    assert library.departed(collection_id) == []


# --- In the library


def test_vectors_come_back_as_float32(library: Library) -> None:
    collection = library.create_collection("A")
    add(library, collection.id, "a.pdf", "one", "two", "one")
    pending = library.unembedded(collection.id, EMBEDDER, 9)
    assert [passage.text for passage in pending] == ["one", "two"]
    library.store_vectors(EMBEDDER, [(pending[0].text_hash, vector("one").astype(np.float64))])
    ids = library.passage_ids(scope(collection.id))
    known, matrix = library.vectors(EMBEDDER, ids[::-1])
    assert known.tolist() == [ids[0], ids[2]]
    assert matrix.dtype == np.float32
    np.testing.assert_array_equal(matrix, [vector("one"), vector("one")])
    by_hash = library.vectors_by_hash(EMBEDDER, [passage.text_hash for passage in pending])
    assert list(by_hash) == [pending[0].text_hash]
    np.testing.assert_array_equal(by_hash[pending[0].text_hash], vector("one"))


def test_embedders_have_vectors_of_their_own(library: Library) -> None:
    collection = library.create_collection("A")
    add(library, collection.id, "a.pdf", "one")
    embed_all(library)
    assert len(library.unembedded(collection.id, "other@1", 9)) == 1
    assert library.vectors_by_hash("other@1", [b"x" * 16]) == {}
    ids, matrix = library.vectors("other@1", library.passage_ids(scope(collection.id)))
    assert (ids.size, matrix.size) == (0, 0)


def test_a_context_is_embedded_with_its_text(library: Library) -> None:
    collection = library.create_collection("A")
    store(library, put(library, collection.id).id, "text", context="Title")
    assert library.unembedded(None, EMBEDDER, 9)[0].text == "Title\ntext"


def test_what_was_removed_while_it_was_indexed_departs(library: Library) -> None:
    collection = library.create_collection("A")
    row = add(library, collection.id, "a.pdf", "one")
    ids = library.passage_ids(scope(collection.id))
    library.remove_file(row.id)
    library.mark_indexed(collection.id, ids)
    assert library.departed(collection.id) == ids
    library.forget_departed(collection.id, ids)
    assert library.departed(collection.id) == []
    library.delete_collection(collection.id)
    library.mark_indexed(collection.id, ids)
    assert not any(leftovers(library).values())


# --- In Chroma


def test_the_nearest_come_first_with_their_cosine(index: VectorIndex) -> None:
    index.upsert("c1-key", [7, 8, 9], np.eye(3, DIMENSION, dtype=np.float32))
    asked = np.zeros(DIMENSION, np.float32)
    asked[:2] = (0.8, 0.6)
    hits = index.query("c1-key", asked, 2)
    assert [passage_id for passage_id, _ in hits] == [7, 8]
    np.testing.assert_allclose([cosine for _, cosine in hits], [0.8, 0.6], atol=1e-5)
    assert len(index.query("c1-key", asked, 50)) == 3
    assert index.query("c1-key", asked, 0) == []


def test_unknown_keys_are_empty(index: VectorIndex) -> None:
    index.delete("c9-none", [1])
    index.drop("c9-none")
    assert index.query("c9-none", vector("x"), 5) == []
    assert index.count("c9-none") == 0
    assert index.keys() == []


def test_an_index_survives_closing(index: VectorIndex) -> None:
    index.upsert("c1-key", [1, 2], np.stack([vector("a"), vector("b")]))
    index.upsert("c1-key", [2], vector("c")[None])
    index.close()
    index.close()
    assert index.count("c1-key") == 2
    assert index.query("c1-key", vector("c"), 1)[0][0] == 2


def test_drop_collection_keeps_the_key_in_use(index: VectorIndex) -> None:
    for key in ("c1-old", "c1-new", "c11-other"):
        index.upsert(key, [1], vector("a")[None])
    index.drop_collection(1, keep="c1-new")
    assert index.keys() == ["c1-new", "c11-other"]
    index.drop_collection(1)
    assert index.keys() == ["c11-other"]


def test_keys_depend_on_all_that_makes_vectors() -> None:
    keys = {
        collection_key(1, "a", "x"),
        collection_key(2, "a", "x"),
        collection_key(1, "b", "x"),
        collection_key(1, "a", "y"),
    }
    assert len(keys) == 4
    assert collection_key(1, "a", "x").startswith("c1-")


# --- Both sides


def test_apply_follows_the_library(library: Library, index: VectorIndex) -> None:
    collection = library.create_collection("A")
    row = add(library, collection.id, "a.pdf", *(f"page {number}" for number in range(5)))
    key = settle(library, index, collection.id)
    assert_equal(library, index, collection.id, key)
    file = library.file(row.id)
    assert file is not None
    assert file.state == "ready"
    put(library, collection.id, size=2)
    store(library, row.id, "page 0", "another")
    add(library, collection.id, "b.pdf", "more")
    assert len(library.departed(collection.id)) == 5
    settle(library, index, collection.id)
    assert_equal(library, index, collection.id, key)
    assert index.count(key) == 3
    assert library.incomplete_collections() == []


def test_what_departed_and_came_back_is_kept(library: Library, index: VectorIndex) -> None:
    collection, other = library.create_collection("A"), library.create_collection("B")
    row = add(library, collection.id, "a.pdf", "one")
    add(library, other.id, "b.pdf", "one")
    linked = library.find_document(row.sha256 or "", "pdf-1", CHUNKING)
    assert linked is not None
    key = settle(library, index, collection.id)
    current = library.file(row.id)
    assert current is not None
    library.remove_file(row.id)
    assert library.link_document(put(library, collection.id, "again.pdf").id, linked.id)
    settle(library, index, collection.id)
    assert_equal(library, index, collection.id, key)


def test_reconcile_makes_both_sides_equal(library: Library, index: VectorIndex) -> None:
    collection = library.create_collection("A")
    row = add(library, collection.id, "a.pdf", "one", "two", "three")
    key = settle(library, index, collection.id)
    ids = library.passage_ids(scope(collection.id))
    index.delete(key, ids[:1])
    index.upsert(key, [9999], vector("stale")[None])
    assert index.reconcile(library, collection.id, key, EMBEDDER) == 2
    assert_equal(library, index, collection.id, key)
    assert index.reconcile(library, collection.id, key, EMBEDDER) == 0
    index.rebuild(library, collection.id, key, EMBEDDER)
    assert_equal(library, index, collection.id, key)
    file = library.file(row.id)
    assert file is not None
    assert file.state == "ready"


def test_another_embedder_makes_ready_files_searchable_again(library: Library, index: VectorIndex) -> None:
    collection = library.create_collection("A")
    row = add(library, collection.id, "a.pdf", "one")
    settle(library, index, collection.id)
    new_key = collection_key(collection.id, "other@1", CHUNKING)
    index.reconcile(library, collection.id, new_key, "other@1")
    file = library.file(row.id)
    assert file is not None
    assert file.state == "searchable"
    pending = library.unembedded(collection.id, "other@1", 9)
    library.store_vectors("other@1", [(pending[0].text_hash, vector("other"))])
    assert index.apply(library, collection.id, new_key, "other@1") == 1
    assert library.complete_files(collection.id) == [row.id]


def test_a_lost_folder_is_made_anew_without_embedding(library: Library, index: VectorIndex, tmp_path: Path) -> None:
    collection = library.create_collection("A")
    add(library, collection.id, "a.pdf", "one", "two")
    key = settle(library, index, collection.id)
    index.close()
    shutil.rmtree(tmp_path / "vectors")
    assert index.apply(library, collection.id, key, EMBEDDER) == 2
    assert_equal(library, index, collection.id, key)


def damage_sqlite(folder: Path) -> None:
    next(folder.rglob("chroma.sqlite3")).write_bytes(b"garbage" * 1000)


def damage_graph(folder: Path) -> None:
    # What Chroma keeps beside SQLite, from the first thousand vectors on.
    graph = next(folder.rglob("index_metadata.pickle"))
    graph.write_bytes(b"garbage")


@DAMAGED
@pytest.mark.parametrize("damage", [damage_sqlite, damage_graph])
def test_a_damaged_index_is_made_anew(
    damage: Callable[[Path], None], library: Library, index: VectorIndex, tmp_path: Path
) -> None:
    collection = library.create_collection("A")
    add(library, collection.id, "a.pdf", *(f"page {number}" for number in range(1100)))
    key = collection_key(collection.id, EMBEDDER, CHUNKING)
    pending = library.unembedded(collection.id, EMBEDDER, 2000)
    library.store_vectors(EMBEDDER, [(passage.text_hash, vector(passage.text)) for passage in pending])
    index.reconcile(library, collection.id, key, EMBEDDER)
    index.query(key, vector("page 7"), 1)
    index.close()
    damage(tmp_path / "vectors")
    lost: list[bool] = []
    index.on_lost = lambda: lost.append(True)
    assert index.reconcile(library, collection.id, key, EMBEDDER) == 1100
    assert lost == [True]
    assert_equal(library, index, collection.id, key)
    wanted = library.passages([index.query(key, vector("page 7"), 1)[0][0]])
    assert wanted[0].text == "page 7"
    index.close()
    index.open()
    assert [folder.name for folder in (tmp_path / "vectors").iterdir()] == ["2"]


@DAMAGED
def test_damage_found_by_a_question_gives_no_passages(library: Library, index: VectorIndex, tmp_path: Path) -> None:
    collection = library.create_collection("A")
    add(library, collection.id, "a.pdf", "one")
    key = settle(library, index, collection.id)
    index.close()
    damage_sqlite(tmp_path / "vectors")
    assert index.query(key, vector("one"), 1) == []
    assert index.ids(key) == []
    settle(library, index, collection.id)
    assert_equal(library, index, collection.id, key)


@DAMAGED
def test_damage_that_only_questions_meet_gives_no_passages(
    library: Library, index: VectorIndex, tmp_path: Path
) -> None:
    key = "c1-key"
    index.upsert(key, list(range(1100)), np.random.default_rng(1).random((1100, DIMENSION), np.float32))
    index.query(key, vector("x"), 1)
    index.close()
    assert index.count(key) == 1100
    index.close()
    damage_graph(tmp_path / "vectors")
    index.keys()
    assert index.query(key, vector("x"), 1) == []
    assert index.keys() == []


@DAMAGED
@pytest.mark.parametrize("change", ["apply", "ids", "drop_collection", "rebuild"])
def test_damage_while_it_is_open_is_mended(change: str, library: Library, index: VectorIndex, tmp_path: Path) -> None:
    collection = library.create_collection("A")
    add(library, collection.id, "a.pdf", "one")
    key = settle(library, index, collection.id)
    add(library, collection.id, "b.pdf", "two")
    embed_all(library)
    damage_sqlite(tmp_path / "vectors")
    if change == "ids":
        assert index.ids(key) == []
    elif change == "drop_collection":
        index.drop_collection(collection.id)
    elif change == "rebuild":
        index.rebuild(library, collection.id, key, EMBEDDER)
    assert index.apply(library, collection.id, key, EMBEDDER) == (0 if change == "rebuild" else 2)
    assert_equal(library, index, collection.id, key)


def internal_error(text: str) -> Exception:
    from chromadb.errors import InternalError

    return InternalError(text)


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("error returned from database: (code: 13) database or disk is full", DiskFull),
        ("IO error: No space left on device (os error 28)", DiskFull),
        ("error returned from database: (code: 8) attempt to write a readonly database", FolderNotWritable),
    ],
)
def test_a_full_or_read_only_disk_is_no_damage(index: VectorIndex, text: str, known: type[Exception]) -> None:
    index.upsert("c1-key", [1], vector("a")[None])
    with pytest.raises(known), index._noticing_damage():
        raise internal_error(text)
    assert index.ids("c1-key") == [1]


def test_a_passing_failure_is_no_damage(index: VectorIndex) -> None:
    index.upsert("c1-key", [1], vector("a")[None])
    error = internal_error("(code: 5) database is locked")
    with pytest.raises(type(error)), index._noticing_damage():
        raise error
    assert index.ids("c1-key") == [1]


def test_a_nearly_full_disk_is_no_damage(index: VectorIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    index.open()
    monkeypatch.setattr(failures, "_FULL_BELOW_BYTES", 1 << 62)
    with pytest.raises(DiskFull), index._noticing_damage():
        raise internal_error("anything")


@DAMAGED
def test_two_threads_that_find_damage_make_one_new_index(index: VectorIndex, tmp_path: Path) -> None:
    index.open()

    def both_fail() -> None:
        with index._noticing_damage():
            with contextlib.suppress(IndexLost), index._noticing_damage():
                raise internal_error("broken")
            raise internal_error("broken")

    with pytest.raises(IndexLost):
        both_fail()
    assert sorted(folder.name for folder in (tmp_path / "vectors").iterdir()) == ["1", "2"]


@DAMAGED
def test_apply_recovers_from_damage(library: Library, index: VectorIndex) -> None:
    collection = library.create_collection("A")
    add(library, collection.id, "a.pdf", "one")
    key = settle(library, index, collection.id)
    add(library, collection.id, "b.pdf", "two")
    embed_all(library)
    with pytest.raises(IndexLost), index._noticing_damage():
        raise internal_error("broken")
    assert index.apply(library, collection.id, key, EMBEDDER) == 2
    assert_equal(library, index, collection.id, key)


def test_unused_room_in_files_of_vectors_is_blank(index: VectorIndex, tmp_path: Path) -> None:
    index.upsert("c1-key", [1, 2], np.eye(2, DIMENSION, dtype=np.float32))
    index.open()
    (elements,) = (tmp_path / "vectors").rglob("data_level0.bin")
    with elements.open("r+b") as file:
        file.seek(-20, os.SEEK_END)
        file.write(b"what the memory held")
    index.close()
    assert b"the memory held" not in elements.read_bytes()
    assert index.ids("c1-key") == [1, 2]
    assert [found for found, _ in index.query("c1-key", np.eye(1, DIMENSION, dtype=np.float32), 1)] == [1]


def test_renewed_files_hold_what_is_wanted_and_no_more(index: VectorIndex, tmp_path: Path) -> None:
    index.upsert("c1-key", [1, 2, 3], np.eye(3, DIMENSION, dtype=np.float32))
    index.upsert("c2-key", [4], np.eye(1, DIMENSION, dtype=np.float32))
    lost: list[bool] = []
    index.on_lost = lambda: lost.append(True)
    wanted = {1: [1, 3], 2: []}
    for _ in index.renewed(lambda collection_id, ids: [each for each in wanted[collection_id] if each in ids]):
        assert index.count("c1-key") == 3
    assert index.ids("c1-key") == [1, 3]
    assert index.keys() == ["c1-key"]
    assert lost == [True]
    assert [path.name for path in (tmp_path / "vectors").iterdir()] == ["2"]
