"""A collection to a file and from a file, by commands."""

import json
import zipfile
from pathlib import Path

import pytest

from rag.api import CommandService, Workspace
from tests.rag.cli.conftest import Carrel
from tests.rag.cli.test_command_line import check_schema
from tests.rag.cli.test_owner import run_process


@pytest.fixture
def bundle(carrel: Carrel, folder: Path, tmp_path: Path) -> Path:
    """The harbour papers in a file, and the collection gone."""
    carrel("index", folder)
    assert carrel("export", "Harbour papers", tmp_path / "harbour.carrel").code == 0
    carrel("collections", "remove", "Harbour papers")
    return tmp_path / "harbour.carrel"


def test_export_follows_the_schema_and_tells_a_fingerprint(carrel: Carrel, folder: Path, tmp_path: Path) -> None:
    carrel("index", folder)
    done = carrel("export", "harbour papers", tmp_path / "harbour.carrel", "--originals", "--json")
    assert done.code == 0
    check_schema(done.json, "export")
    assert (done.json["files"], done.json["originals"], done.json["revision"]) == (3, 3, 1)
    assert done.json["digest"].startswith(done.json["fingerprint"].replace(" ", ""))


def test_import_follows_the_schema_and_is_searched_at_once(carrel: Carrel, bundle: Path) -> None:
    done = carrel("import", bundle, "--json")
    assert done.code == 0
    check_schema(done.json, "import")
    assert (done.json["collection"], done.json["added"], done.json["updated"]) == ("Harbour papers", 3, False)
    found = carrel("search", "crane tonnes", "--collection", "Harbour papers", "-k", 1, "--json").json["results"]
    assert found[0]["document"] == "crane.txt"


def test_import_again_changes_nothing_and_can_rename(carrel: Carrel, bundle: Path) -> None:
    carrel("import", bundle)
    again = carrel("import", bundle, "--name", "Port", "--json").json
    assert (again["updated"], again["added"], again["unchanged"], again["collection"]) == (True, 0, 3, "Port")


def test_collections_tell_where_one_came_from(carrel: Carrel, bundle: Path) -> None:
    carrel("import", bundle)
    listed = carrel("collections", "--json")
    check_schema(listed.json, "collections")
    (source,) = [each["source"] for each in listed.json["collections"]]
    assert (source["path"], source["state"], source["revision"]) == (str(bundle), "current", 1)
    bundle.unlink()
    assert "the file is away" in carrel("collections").out


def test_changed_file_is_refused_with_exit_code_1(carrel: Carrel, bundle: Path) -> None:
    with zipfile.ZipFile(bundle, "a") as archive:
        archive.writestr("extra", "x")
    done = carrel("import", bundle, "--json")
    assert done.code == 1
    check_schema(done.json, "error")
    assert done.json["error"]["code"] == "bundle_damaged"
    assert "“extra” was added" in done.json["error"]["message"]
    assert carrel("collections", "--json").json == {"collections": []}


def test_commands_go_through_the_owner_of_the_data_folder(data_dir: Path, bundle: Path) -> None:
    workspace = Workspace.open(data_dir)
    service = CommandService(workspace)
    service.start()
    try:
        done = run_process("--data-dir", data_dir, "import", bundle, "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["files"] == 3
        assert [each.name for each in workspace.collections()] == ["Harbour papers"]
    finally:
        service.stop()
        workspace.close()
