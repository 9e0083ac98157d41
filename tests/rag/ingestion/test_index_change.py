"""Another embedding model or other passages: the old index answers until the new one is whole; cancel keeps it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rag.reports import IndexChangeProgress
from rag.settings import RagSettings
from rag.workspace import Workspace
from tests.rag.ingestion import embedders_for_tests
from tests.rag.ingestion.embedders_for_tests import GATE

PATIENCE_S = 60.0
OWLS = "The barn owl hunts at night over open fields. " * 40
BOILERS = "The boiler in the cellar is serviced each autumn by an engineer. " * 40


@pytest.fixture
def gated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    embedders_for_tests.install(tmp_path / "plugins")
    monkeypatch.syspath_prepend(str(tmp_path / "plugins"))
    GATE.clear()
    yield
    GATE.set()


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[], Workspace]]:
    """Open the test's library, again and again; each opening closes the one before."""
    spaces: list[Workspace] = []

    def close() -> None:
        GATE.set()
        while spaces:
            spaces.pop().close()

    def open_one() -> Workspace:
        close()
        known = tmp_path / "data" / "settings.json"
        settings = None if known.exists() else RagSettings(embedding_model="hashing", models_at_start=False)
        spaces.append(Workspace.open(tmp_path / "data", settings=settings, cache_dir=tmp_path / "cache"))
        return spaces[0]

    yield open_one
    close()


@pytest.fixture
def space(opened: Callable[[], Workspace], tmp_path: Path) -> Workspace:
    """A library with two documents, ready."""
    space = opened()
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "owls.txt").write_text(OWLS, encoding="utf-8")
    (folder / "boilers.txt").write_text(BOILERS, encoding="utf-8")
    made = space.create_collection("Papers")
    space.add_paths(made.id, [folder])
    assert space.wait_until(made.id)
    return space


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def changing(space: Workspace) -> IndexChangeProgress:
    found = space.index_change()
    assert found is not None
    return found


def only(space: Workspace) -> int:
    return space.find_collection("Papers").id


def texts(space: Workspace, query: str = "owl hunts at night") -> list[str]:
    return [each.passage.text for each in space.search(query, [only(space)], 20).results]


def found_by_meaning(space: Workspace, query: str = "owl hunts at night") -> set[str]:
    results = space.search(query, [only(space)], 20).results
    return {each.passage.document for each in results if each.meaning_score > 0}


def test_old_index_answers_until_the_new_one_is_whole(space: Workspace, gated: None) -> None:
    before = texts(space)
    space.change_settings(embedding_model="gated", passage_tokens=64)
    until(lambda: space.index_change() is not None and changing(space).documents_done == 2)
    assert changing(space).passages_total > len(before)
    assert texts(space) == before
    assert "owls.txt" in found_by_meaning(space)
    GATE.set()
    until(lambda: space.index_change() is None)
    assert space.embedding.identity == "gated-1"
    assert len(texts(space)) > len(before)
    assert "owls.txt" in found_by_meaning(space)


def test_documents_keep_their_ids_and_pages_so_that_old_answers_lead_to_them(space: Workspace) -> None:
    rows = {row.path.name: row.document_id for row in space.files(only(space))}
    space.change_settings(passage_tokens=64)
    until(lambda: space.index_change() is None)
    assert {row.path.name: row.document_id for row in space.files(only(space))} == rows
    owls = rows["owls.txt"]
    assert owls is not None
    assert space.page(owls, 0).text == OWLS
    assert space.document(owls).passages == len(
        [each for each in space.search("owl", [only(space)], 50).results if each.passage.document == "owls.txt"]
    )


def test_cancel_returns_to_the_old_index_and_its_settings(space: Workspace, gated: None, tmp_path: Path) -> None:
    before = texts(space)
    space.change_settings(embedding_model="gated", passage_tokens=64)
    until(lambda: space.index_change() is not None and changing(space).documents_done == 2)
    space.cancel_index_change()
    until(lambda: space.index_change() is None)
    assert (space.settings.embedding_model, space.settings.passage_tokens) == ("hashing", 254)
    assert texts(space) == before
    assert space.collection(only(space)).passages == len(before)
    with space._database.read() as connection:
        assert connection.execute("SELECT count(*) FROM document").get == 2


def test_change_goes_on_after_the_program_was_closed(
    space: Workspace, gated: None, opened: Callable[[], Workspace]
) -> None:
    space.change_settings(embedding_model="gated", passage_tokens=64)
    until(lambda: space.index_change() is not None and changing(space).documents_done == 2)
    again = opened()
    until(lambda: again.index_change() is None and again.embedding.identity == "gated-1")
    assert "owls.txt" in found_by_meaning(again)


def test_documents_added_meanwhile_come_along(space: Workspace, gated: None, tmp_path: Path) -> None:
    space.change_settings(embedding_model="gated", passage_tokens=64)
    until(lambda: space.index_change() is not None and changing(space).documents_done == 2)
    new = tmp_path / "otters.txt"
    new.write_text("Otters sleep holding hands on the water. " * 20, encoding="utf-8")
    space.add_paths(only(space), [new])
    assert space.wait_until(only(space))
    assert "otters.txt" in found_by_meaning(space, "otters sleep")
    GATE.set()
    until(lambda: space.index_change() is None)
    assert "otters.txt" in found_by_meaning(space, "otters sleep")
    assert {row.state for row in space.files(only(space))} == {"ready"}


def test_document_that_leaves_meanwhile_leaves_nothing(space: Workspace, gated: None) -> None:
    space.change_settings(embedding_model="gated", passage_tokens=64)
    until(lambda: space.index_change() is not None and changing(space).documents_done == 2)
    (row,) = [row for row in space.files(only(space)) if row.path.name == "boilers.txt"]
    space.remove_file(row.id)
    GATE.set()
    until(lambda: space.index_change() is None)
    assert "boilers.txt" not in found_by_meaning(space, "boiler engineer")


def test_model_that_does_not_load_is_told_and_harms_nothing(space: Workspace, tmp_path: Path) -> None:
    before = texts(space)
    space.change_settings(embedding_model=str(tmp_path / "nowhere"))
    until(lambda: space.index_change() is not None and changing(space).problem is not None)
    assert "nowhere" in (changing(space).problem or "")
    assert texts(space) == before
    space.cancel_index_change()
    until(lambda: space.index_change() is None)
    assert texts(space) == before


def test_old_vectors_are_gone_after_the_exchange(space: Workspace) -> None:
    space.change_settings(embedding_model="all-MiniLM-L6-v2")
    until(lambda: space.index_change() is None)
    assert space.embedding.identity.startswith("all-MiniLM-L6-v2")

    def held(statement: str) -> object:
        with space._database.read() as connection:
            return connection.execute(statement).get

    until(lambda: held("SELECT count(DISTINCT embedder_id) FROM vector") == 1)
    assert held("SELECT count(*) FROM vector") == held("SELECT count(DISTINCT text_hash) FROM passage")
