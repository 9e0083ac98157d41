"""Packages that add a loader and a collection: installed, updated, broken, and gone again."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rag.api import FileRow, Workspace
from rag.ingestion.loaders.registry import default_loaders
from tests.rag.bundles.conftest import QUICK
from tests.rag.ingestion import files

SAMPLE = Path(__file__).parent / "sample_plugin"


class Computer:
    """A data folder and a place for packages; starts workspaces as fresh processes would see them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.packages = folder / "packages"
        self.packages.mkdir()
        self._data = folder / "data"
        self._monkeypatch = monkeypatch
        self._workspace: Workspace | None = None
        monkeypatch.syspath_prepend(str(self.packages))
        # Parse processes find it as well.
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(self.packages), os.environ.get("PYTHONPATH", "")]))

    def start(self) -> Workspace:
        self.stop()
        for name in [name for name in sys.modules if name.startswith(("carrel_sample_plugin", "carrel_made_"))]:
            del sys.modules[name]
        default_loaders.cache_clear()
        self._workspace = Workspace.open(self._data, settings=QUICK)
        return self._workspace

    def stop(self) -> None:
        if self._workspace is not None:
            self._workspace.close()
            self._workspace = None

    def package(self, name: str, code: str, entry_points: str, version: str = "1.0") -> None:
        """Install a package of one module, as pip would leave it."""
        (self.packages / f"carrel_made_{name}.py").write_text(code, "utf-8")
        info = self.packages / f"carrel_made_{name}.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: carrel-made-{name}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(entry_points)


@pytest.fixture
def computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Computer]:
    made = Computer(tmp_path, monkeypatch)
    yield made
    made.stop()
    default_loaders.cache_clear()


LOADER = """
from rag.plugins import LoadedDocument, Page

class Loader:
    name = {name!r}
    version = {version}
    suffixes = frozenset({{".note"}})

    def load(self, path, password=None):
        text = path.read_text("utf-8")
        if "fail" in text:
            raise ValueError("cannot do this")
        if "nothing" in text:
            return None
        return LoadedDocument(path.stem, "anything", "anything", (Page(0, None, None, text.upper() + " v{version}"),))
"""
ENTRY = "[carrel.loaders]\nnote = carrel_made_{0}:Loader\n"


def only_file(workspace: Workspace, collection_id: int) -> FileRow:
    (row,) = workspace.files(collection_id)
    return row


def text_of(workspace: Workspace, collection_id: int) -> str:
    row = only_file(workspace, collection_id)
    assert row.document_id is not None
    return workspace.page(row.document_id, 0).text


def test_sample_package_installed_by_pip_adds_a_loader_and_a_collection_and_takes_them_along(
    computer: Computer, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    # The build may leave traces; the sample stays as it is.
    shutil.copytree(SAMPLE, source)
    options = ["--no-index", "--no-build-isolation", "--no-deps", "--disable-pip-version-check", "--quiet"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(computer.packages), str(source)]
    subprocess.run(command, check=True, timeout=100)
    workspace = computer.start()
    plugins = [(each.name, each.kind, each.package, each.version, each.state) for each in workspace.plugins()]
    assert plugins == [
        ("recipe-card", "loader", "carrel-sample-plugin", "1.0", "working"),
        ("recipe-cards", "collection", "carrel-sample-plugin", "1.0", "working"),
    ]
    cards = workspace.find_collection("Recipe cards")
    assert workspace.wait_until(cards.id)
    best = workspace.search("bake the plum cake", [cards.id]).results[0].passage
    assert (best.document, best.page, best.section) == ("winter.card", 2, "Plum cake")
    own = workspace.create_collection("Own")
    (tmp_path / "own.card").write_text("Rye bread\nKnead it twice.\n", "utf-8")
    workspace.add_paths(own.id, [tmp_path / "own.card"])
    assert workspace.wait_until(own.id)
    computer.stop()
    for installed in computer.packages.iterdir():
        shutil.rmtree(installed)
    workspace = computer.start()
    assert workspace.plugins() == []
    workspace.rescan(own.id)
    assert workspace.wait_until(own.id)
    assert [each.name for each in workspace.collections()] == ["Own"]
    assert workspace.search("knead rye bread", [own.id]).results[0].passage.document == "own.card"
    problem = only_file(workspace, own.id).problem
    assert problem is not None
    assert problem.code == "reader_missing"
    assert "“recipe-card”, which is not installed any more" in problem.message


def test_documents_are_read_again_when_the_loaders_version_changes(computer: Computer, tmp_path: Path) -> None:
    computer.package("note", LOADER.format(name="note", version=1), ENTRY.format("note"))
    workspace = computer.start()
    made = workspace.create_collection("Notes")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.note").write_text("a note", "utf-8")
    workspace.add_paths(made.id, [tmp_path / "notes"])
    assert workspace.wait_until(made.id)
    assert text_of(workspace, made.id) == "A NOTE v1"
    computer.package("note", LOADER.format(name="note", version=2), ENTRY.format("note"))
    workspace = computer.start()
    # Any other file makes the embedding model load, after which older documents are queued.
    (tmp_path / "notes" / "b.txt").write_text("another", "utf-8")
    workspace.rescan(made.id)
    assert workspace.wait_until(made.id)
    row = next(each for each in workspace.files(made.id) if each.path.name == "a.note")
    assert row.document_id is not None
    assert workspace.page(row.document_id, 0).text == "A NOTE v2"


def test_missing_reader_is_forgotten_when_it_is_back(computer: Computer, tmp_path: Path) -> None:
    computer.package("note", LOADER.format(name="note", version=1), ENTRY.format("note"))
    workspace = computer.start()
    made = workspace.create_collection("Notes")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.note").write_text("a note", "utf-8")
    workspace.add_paths(made.id, [tmp_path / "notes"])
    assert workspace.wait_until(made.id)
    entry_points = computer.packages / "carrel_made_note.dist-info" / "entry_points.txt"
    entry_points.write_text("")
    workspace = computer.start()
    workspace.rescan(made.id)
    assert workspace.wait_until(made.id)
    assert [each.problem.code for each in workspace.problems(made.id) if each.problem] == ["reader_missing"]
    assert text_of(workspace, made.id) == "A NOTE v1"
    entry_points.write_text(ENTRY.format("note"))
    workspace = computer.start()
    workspace.rescan(made.id)
    assert workspace.wait_until(made.id)
    assert workspace.problems(made.id) == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import a_package_that_is_not_there", "ModuleNotFoundError"),
        ("raise SystemExit(3)", "SystemExit"),
        ("class Loader:\n    def __init__(self): raise RuntimeError('no')", "RuntimeError: no"),
        ("x = 1", "AttributeError"),
        (LOADER.format(name="", version=1), "It has no name"),
        (LOADER.format(name="pdf", version=1), "There is a reader named 'pdf' already"),
        (LOADER.format(name="note", version="'1'"), "Its version is no whole number"),
        (LOADER.format(name="note", version=1).replace('".note"', '"note"'), "Its suffixes are not"),
        (LOADER.format(name="note", version=1).replace("def load", "def read"), "no method named load"),
    ],
)
def test_broken_loader_is_reported_and_everything_else_goes_on(
    computer: Computer, tmp_path: Path, code: str, words: str
) -> None:
    computer.package("bad", code, ENTRY.format("bad"))
    workspace = computer.start()
    (plugin,) = workspace.plugins()
    assert (plugin.state, plugin.package) == ("broken", "carrel-made-bad")
    assert plugin.problem is not None
    assert words in plugin.problem
    made = workspace.create_collection("Own")
    workspace.add_paths(made.id, [files.text(tmp_path / "good.txt")])
    assert workspace.wait_until(made.id)
    assert only_file(workspace, made.id).state == "ready"


def test_loader_that_has_the_name_of_another_plug_in_is_left_out(computer: Computer) -> None:
    for package in ("first", "second"):
        computer.package(package, LOADER.format(name="note", version=1), ENTRY.format(package))
    states = [(each.package, each.state) for each in computer.start().plugins()]
    assert states == [("carrel-made-first", "working"), ("carrel-made-second", "broken")]


@pytest.mark.parametrize(("text", "words"), [("fail", "ValueError: cannot do this"), ("nothing", "no document")])
def test_what_goes_wrong_in_a_loader_costs_one_file_and_names_the_package(
    computer: Computer, tmp_path: Path, text: str, words: str
) -> None:
    computer.package("note", LOADER.format(name="note", version=1), ENTRY.format("note"))
    workspace = computer.start()
    made = workspace.create_collection("Notes")
    (tmp_path / "a.note").write_text(text, "utf-8")
    workspace.add_paths(made.id, [tmp_path / "a.note"])
    assert workspace.wait_until(made.id)
    row = only_file(workspace, made.id)
    assert row.state == "failed"
    assert row.problem is not None
    assert f"the plug-in carrel-made-note 1.0 failed ({words}" in row.problem.message.replace("it returned ", "")
    assert "Update carrel-made-note" in row.problem.remedy


COLLECTION = "class Cards:\n    name = 'Cards'\n    path = {0!r}\n"
COLLECTION_ENTRY = "[carrel.collections]\ncards = carrel_made_cards:Cards\n"


def test_bundle_of_a_package_is_stored_updated_and_detached(
    computer: Computer, tmp_path: Path, library: object, fill_bundle: Callable[[str], Path]
) -> None:
    computer.package("cards", COLLECTION.format(str(fill_bundle("first text"))), COLLECTION_ENTRY)
    workspace = computer.start()
    assert [each.state for each in workspace.plugins()] == ["working"]
    cards = workspace.find_collection("Papers")
    attachment = workspace.attachment(cards.id)
    assert attachment is not None
    assert attachment.plugin == "carrel-made-cards"
    computer.stop()
    fill_bundle("second text")
    workspace = computer.start()
    assert [each.state for each in workspace.plugins()] == ["working"]
    assert text_of(workspace, cards.id) == "second text"
    (computer.packages / "carrel_made_cards.dist-info" / "entry_points.txt").write_text("")
    workspace = computer.start()
    assert workspace.plugins() == []
    assert workspace.collections() == []


def test_collection_that_the_user_removed_stays_away_while_its_package_is_there(
    computer: Computer, tmp_path: Path
) -> None:
    (tmp_path / "docs").mkdir()
    files.text(tmp_path / "docs" / "a.txt")
    computer.package("cards", COLLECTION.format(str(tmp_path / "docs")), COLLECTION_ENTRY)
    workspace = computer.start()
    assert [each.state for each in workspace.plugins()] == ["working"]
    workspace.remove_collection(workspace.find_collection("Cards").id)
    workspace = computer.start()
    assert [each.state for each in workspace.plugins()] == ["removed"]
    assert workspace.collections() == []


@pytest.mark.parametrize("path", ["/nowhere/cards.carrel", "/nowhere", 5])
def test_collection_of_nothing_is_reported(computer: Computer, path: object) -> None:
    computer.package("cards", COLLECTION.format(path), COLLECTION_ENTRY)
    workspace = computer.start()
    assert [each.state for each in workspace.plugins()] == ["broken"]
    assert workspace.collections() == []


def test_damaged_bundle_of_a_package_is_reported(computer: Computer, tmp_path: Path) -> None:
    (tmp_path / "cards.carrel").write_bytes(b"nothing of use")
    computer.package("cards", COLLECTION.format(str(tmp_path / "cards.carrel")), COLLECTION_ENTRY)
    (plugin,) = computer.start().plugins()
    assert plugin.state == "broken"
    assert plugin.problem is not None
    assert "“cards.carrel” was changed or is damaged" in plugin.problem
