"""A collection taken to another computer as one file."""

import json
import os
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.api import BundleError, Workspace
from tests.rag.bundles.conftest import Open, found
from tests.rag.ingestion import files

PATIENCE_S = 60
QUESTIONS = ["When does the ferry leave?", "crane tonnes", "high water quay", "crowns in winter"]


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.05)


def carried(sender: Workspace, target: Path, **options: bool) -> Path:
    """Write the first collection to a file and return it."""
    sender.export_collection(sender.collections()[0].id, target, **options)
    return target


def test_search_finds_the_same_on_another_computer_without_embedding_a_passage(
    sender: Workspace, open_workspace: Open, tmp_path: Path, embedded: list[str]
) -> None:
    expected = [found(sender, question) for question in QUESTIONS]
    receiver = open_workspace("receiver")
    report = receiver.import_collection(carried(sender, tmp_path / "Harbour.carrel"))
    assert receiver.wait_until(report.collection_id)
    assert [found(receiver, question) for question in QUESTIONS] == expected
    assert all(expected)
    assert embedded == []
    assert (report.name, report.files, report.added, report.same_model) == ("Harbour", 4, 4, True)


def test_answers_are_the_same(sender: Workspace, open_workspace: Open, tmp_path: Path) -> None:
    receiver = open_workspace("receiver")
    report = receiver.import_collection(carried(sender, tmp_path / "Harbour.carrel"))
    receiver.wait_until(report.collection_id)
    first, second = (
        workspace.ask_once("When does the ferry leave?", [workspace.collections()[0].id], seed=1)
        for workspace in (sender, receiver)
    )
    assert first.text == second.text
    assert [(each.document, each.page, each.quote) for each in first.citations] == [
        (each.document, each.page, each.quote) for each in second.citations
    ]
    assert first.citations


def test_originals_come_along_and_are_marked_in_the_same_places(
    sender: Workspace, open_workspace: Open, tmp_path: Path
) -> None:
    receiver = open_workspace("receiver")
    report = receiver.import_collection(carried(sender, tmp_path / "Harbour.carrel", originals=True))
    receiver.wait_until(report.collection_id)
    marks = []
    for workspace in (sender, receiver):
        best = workspace.search("ferry leaves at noon", [workspace.collections()[0].id]).results[0].passage
        marks.append(workspace.passage_rectangles(best.document_id, best.page_index, best.start, best.end))
        assert workspace.render_page(best.path, best.page_index, 1).result().width > 100
    assert marks[0] == marks[1]
    assert marks[0]
    assert report.originals == 3
    assert best.path.read_bytes() == (tmp_path / "papers" / "ferry.pdf").read_bytes()
    assert best.path.is_relative_to(receiver.data_dir / "originals")


def test_pages_can_be_read_without_originals_and_without_the_file(
    sender: Workspace, open_workspace: Open, tmp_path: Path
) -> None:
    bundle = carried(sender, tmp_path / "Harbour.carrel")
    receiver = open_workspace("receiver")
    report = receiver.import_collection(bundle)
    bundle.unlink()
    receiver.wait_until(report.collection_id)
    receiver.rescan(report.collection_id)
    best = receiver.search("ferry leaves", [report.collection_id]).results[0].passage
    assert "The ferry leaves at noon." in receiver.page(best.document_id, 0).text
    assert best.path == bundle / "ferry.pdf"
    assert receiver.attached_state(report.collection_id) == "away"


def test_attached_files_stay_through_rescan_retry_and_restart(
    sender: Workspace, open_workspace: Open, tmp_path: Path
) -> None:
    receiver = open_workspace("receiver")
    bundle = carried(sender, tmp_path / "Harbour.carrel")
    report = receiver.import_collection(bundle)
    receiver.wait_until(report.collection_id)
    bundle.unlink()
    # A folder of one's own beside it, above the place that its files seem to lie in.
    (tmp_path / "own").mkdir()
    files.text(tmp_path / "own" / "own.txt")
    receiver.add_paths(report.collection_id, [tmp_path])
    receiver.rescan(report.collection_id)
    for row in receiver.files(report.collection_id):
        receiver.retry(row.id)
    receiver.wait_until(report.collection_id)
    receiver.close()
    receiver = open_workspace("receiver")
    assert receiver.wait_until(report.collection_id)
    rows = receiver.files(report.collection_id)
    attached = [row for row in rows if bundle in row.path.parents]
    assert [row.state for row in attached] == ["ready"] * 4
    assert all(row.problem is None for row in rows)


def test_bundle_tells_nothing_of_whose_computer_it_was(sender: Workspace, tmp_path: Path) -> None:
    with zipfile.ZipFile(carried(sender, tmp_path / "Harbour.carrel", originals=True)) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist() if "originals/" not in name)
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    for private in (str(tmp_path), os.environ["HOME"], tmp_path.name):
        assert private.encode() not in everything


@pytest.mark.skipif(sys.platform != "linux", reason="Names are Unicode elsewhere")
def test_names_that_are_no_unicode_arrive_as_they_are(
    open_workspace: Open, tmp_path: Path, embedded: list[str]
) -> None:
    sender = open_workspace("sender")
    made = sender.create_collection("Odd names")
    folder = tmp_path / "odd"
    folder.mkdir()
    name = os.fsdecode(b"caf\xe9.txt")
    files.text(folder / name)
    sender.add_paths(made.id, [folder])
    sender.wait_until(made.id)
    bundle = tmp_path / os.fsdecode(b"odd\xff.carrel")
    sender.export_collection(made.id, bundle, originals=True)
    receiver = open_workspace("receiver")
    report = receiver.import_collection(bundle)
    (row,) = receiver.files(report.collection_id)
    assert row.path.name == name
    assert row.path.read_bytes() == (folder / name).read_bytes()
    attachment = receiver.attachment(report.collection_id)
    assert attachment is not None
    assert attachment.path == bundle


def test_another_embedding_model_takes_the_text_and_computes_vectors_anew(
    sender: Workspace, open_workspace: Open, tmp_path: Path, embedded: list[str]
) -> None:
    from rag.api import RagSettings

    bundle = carried(sender, tmp_path / "Harbour.carrel")
    receiver = open_workspace("receiver", RagSettings(chat_model="echo"))
    report = receiver.import_collection(bundle)
    assert report.same_model is False
    assert receiver.wait_until(report.collection_id)
    assert len(embedded) == receiver.collection(report.collection_id).passages
    assert found(receiver, "When does the ferry leave?")


def test_manifest_stands_first_and_names_every_member_with_its_hash(sender: Workspace, tmp_path: Path) -> None:
    from hashlib import sha256

    with zipfile.ZipFile(carried(sender, tmp_path / "Harbour.carrel")) as archive:
        assert archive.namelist()[0] == "manifest.json"
        manifest = json.loads(archive.read("manifest.json"))
        members = {each["name"]: each for each in manifest["members"]}
        assert set(members) == set(archive.namelist()) - {"manifest.json"}
        for name, member in members.items():
            data = archive.read(name)
            assert (member["size"], member["sha256"]) == (len(data), sha256(data).hexdigest())
    assert manifest["counts"]["documents"] == 3
    assert manifest["counts"]["files"] == 4


def test_vectors_are_found_by_the_hash_that_the_format_describes(sender: Workspace, tmp_path: Path) -> None:
    from hashlib import blake2b

    import numpy as np

    with zipfile.ZipFile(carried(sender, tmp_path / "Harbour.carrel")) as archive:
        lines = [json.loads(line) for line in archive.read("documents.jsonl").splitlines()]
        index, vectors = archive.read("vectors.index"), archive.read("vectors.f32")
        dimension = json.loads(archive.read("manifest.json"))["embedder"]["dimension"]
    rows = np.frombuffer(vectors, "<f4").reshape(-1, dimension)
    keys = [index[at : at + 16] for at in range(0, len(index), 16)]
    pages: list[str] = []
    embedded = []
    for line in lines:
        if "document" in line:
            pages = []
        elif "page" in line:
            pages.append(line["page"]["text"])
        else:
            passage = line["passage"]
            text = pages[passage["page"]][passage["start"] : passage["end"]]
            embedded.append(f"{passage['context']}\n{text}" if passage["context"] else text)
    assert set(keys) == {blake2b(text.encode(), digest_size=16).digest() for text in embedded}
    vector = sender.embedding.embed_passages([embedded[0]]).result()[0]
    place = keys.index(blake2b(embedded[0].encode(), digest_size=16).digest())
    assert np.allclose(rows[place], vector)


def test_collection_without_text_is_not_written(open_workspace: Open, tmp_path: Path) -> None:
    workspace = open_workspace("sender")
    made = workspace.create_collection("Empty")
    with pytest.raises(BundleError, match="holds no text"):
        workspace.export_collection(made.id, tmp_path / "empty.carrel")
    assert list(tmp_path.glob("*.carrel*")) == []


def test_originals_of_what_was_removed_are_gone_when_it_is_purged(
    sender: Workspace, open_workspace: Open, tmp_path: Path
) -> None:
    receiver = open_workspace("receiver")
    report = receiver.import_collection(carried(sender, tmp_path / "Harbour.carrel", originals=True))
    receiver.wait_until(report.collection_id)
    originals = {row.path for row in receiver.files(report.collection_id)}
    assert all(path.is_file() for path in originals)
    first = receiver.files(report.collection_id)[0]
    receiver.remove_file(first.id)
    receiver.purge_removed().result(timeout=60)
    assert {path for path in originals if path.is_file()} == originals - {first.path}
    receiver.remove_collection(report.collection_id)
    assert any(path.is_file() for path in originals)
    receiver.purge_removed().result(timeout=60)
    assert list((receiver.data_dir / "originals").iterdir()) == []


def test_index_is_changed_with_a_bundle_and_the_same_documents_of_ones_own(
    sender: Workspace, tmp_path: Path, papers: Path
) -> None:
    report = sender.import_collection(carried(sender, tmp_path / "Harbour.carrel"))
    assert report.name == "Harbour (2)"
    assert sender.wait_until(report.collection_id)
    before = found(sender, "When does the ferry leave?")
    sender.change_settings(passage_tokens=128)
    wait_for(lambda: sender.index_change() is None)
    assert {each.state for each in sender.files(report.collection_id)} == {"ready"}
    assert found(sender, "When does the ferry leave?") == before
    own = {row.document_id for row in sender.files(sender.find_collection("Harbour").id)}
    assert own.isdisjoint(row.document_id for row in sender.files(report.collection_id))
