"""Folders and files that cannot be reached, a full disk, and data folders that cannot be used."""

import json
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from rag.api import Workspace
from tests.bad_input.processes import COMMAND, REPOSITORY, environment, give_up_root_rights, run_carrel
from tests.rag.cli.conftest import Carrel

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="rights of root are given up as Linux has it")


@LINUX
def test_file_that_may_not_be_read_is_named_and_read_once_it_may(data_dir: Path, papers: Path) -> None:
    secret = papers / "secret.txt"
    secret.write_text("The otter sleeps under the jetty.\n", "utf-8")
    secret.chmod(0o000)
    done = run_carrel(data_dir, "index", papers, "--json", before=give_up_root_rights)
    assert (done.code, done.json["ready"]) == (3, 1)
    (problem,) = done.json["failed"]
    assert problem["code"] == "file_unreadable"
    assert "secret.txt" in problem["message"]
    assert "permission" in problem["message"]
    assert "permission" in problem["remedy"]
    secret.chmod(0o600)
    again = run_carrel(data_dir, "index", papers, "--json", before=give_up_root_rights)
    assert (again.code, again.json["ready"]) == (0, 2)


@LINUX
def test_folder_that_may_not_be_listed_does_not_lose_what_was_read_of_it(data_dir: Path, papers: Path) -> None:
    inner = papers / "inner"
    inner.mkdir()
    (inner / "otter.txt").write_text("The otter sleeps under the jetty.\n", "utf-8")
    assert run_carrel(data_dir, "index", papers, "--json").json["ready"] == 2
    inner.chmod(0o000)
    done = run_carrel(data_dir, "index", papers, "--json", before=give_up_root_rights)
    inner.chmod(0o700)
    assert done.json["files"] == 2
    assert run_carrel(data_dir, "search", "otter", "--json").json["results"][0]["document"] == "otter.txt"
    assert done.code == 3, "the folder was not named"
    assert [Path(each["path"]).name for each in done.json["failed"]] == ["inner"]


@LINUX
def test_data_folder_that_may_not_be_written_is_an_error(data_dir: Path) -> None:
    data_dir.chmod(0o500)
    done = run_carrel(data_dir, "collections", "--json", before=give_up_root_rights)
    data_dir.chmod(0o700)
    assert done.code == 1
    assert done.json["error"]["code"] == "folder_not_writable"
    assert str(data_dir) in done.json["error"]["message"]
    assert "--data-dir" in done.json["error"]["remedy"]


def test_data_folder_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("not a folder", "utf-8")
    error = run_carrel(tmp_path / "notes", "collections", "--json").json["error"]
    assert (error["code"], error["path"]) == ("folder_not_writable", str(tmp_path / "notes"))


def test_vanished_folder_keeps_what_was_read_of_it(carrel: Carrel, papers: Path) -> None:
    carrel("index", papers)
    shutil.move(papers, papers.with_name("elsewhere"))
    done = carrel("index", papers, "--json")
    assert done.code == 1
    assert done.json["error"]["path"] == str(papers)
    assert done.json["error"]["remedy"]
    assert carrel("search", "crane", "--json").json["results"][0]["document"] == "crane.txt"
    shutil.move(papers.with_name("elsewhere"), papers)
    assert carrel("index", papers, "--json").json["ready"] == 1


def test_folder_that_vanishes_between_two_scans_keeps_its_documents(data_dir: Path, papers: Path) -> None:
    with closing(Workspace.open(data_dir)) as workspace:
        collection = workspace.create_collection("Papers").id
        workspace.add_paths(collection, [papers])
        assert workspace.wait_until(collection)
        shutil.move(papers, papers.with_name("elsewhere"))
        workspace.rescan(collection)
        assert workspace.wait_until(collection)
        assert [row.state for row in workspace.files(collection)] == ["ready"]
        workspace.prepare_search()
        assert workspace.search("crane", [collection]).results


def test_file_that_vanishes_while_it_waits_is_named_or_gone(data_dir: Path, papers: Path) -> None:
    with closing(Workspace.open(data_dir)) as workspace:
        collection = workspace.create_collection("Papers").id
        workspace.pause_indexing()
        workspace.add_paths(collection, [papers])
        doomed = papers / "doomed.txt"
        doomed.write_text("gone soon", "utf-8")
        workspace.add_paths(collection, [doomed])
        workspace.resume_indexing()
        doomed.unlink(missing_ok=True)
        assert workspace.wait_until(collection)
        states = {row.path.name: row.state for row in workspace.files(collection)}
        assert states["crane.txt"] == "ready"
        assert states.get("doomed.txt") in {None, "failed", "ready"}
        for row in workspace.problems(collection):
            assert row.problem is not None
            assert "doomed.txt" in row.problem.message


def test_data_folder_of_a_newer_version_is_refused_and_left_alone(carrel: Carrel, data_dir: Path, papers: Path) -> None:
    carrel("index", papers)
    library = data_dir / "library.db"
    connection = apsw.Connection(str(library))
    connection.execute("INSERT INTO migration VALUES ('9999-from-the-future', 0)")
    connection.close()
    before = library.read_bytes()
    for words in (["collections"], ["search", "crane"], ["index", str(papers)], ["doctor"]):
        done = carrel(*words, "--json")
        assert done.code == 1
        error = done.json["error"]
        assert error["code"] == "data_folder_newer"
        assert str(data_dir) in error["message"]
        assert "newest version" in error["remedy"]
    assert library.read_bytes() == before


def test_damaged_library_is_named_and_left_alone(carrel: Carrel, data_dir: Path, papers: Path) -> None:
    carrel("index", papers)
    library = data_dir / "library.db"
    library.write_bytes(b"not a database at all" * 500)
    done = carrel("search", "crane", "--json")
    assert done.code == 1
    assert done.json["error"]["code"] == "data_folder_damaged"
    assert "library.db" in done.json["error"]["message"]
    assert library.read_bytes() == b"not a database at all" * 500


_FULL_DISK = """
set -e
mount -t tmpfs -o size=6m none "$1"
cp -r "$2" "$1/data"
shift 2
set +e
"$@" --data-dir "$DISK/data" index "$PAPERS" --json >"$SAID.full"
echo $? >"$SAID.full.code"
mount -o remount,size=200m "$DISK"
"$@" --data-dir "$DISK/data" index "$PAPERS" --json >"$SAID.again"
echo $? >"$SAID.again.code"
"$@" --data-dir "$DISK/data" search "paper 299 otter" --json -k 1 >"$SAID.search"
"""


@LINUX
@pytest.mark.skipif(
    sys.platform == "linux"
    and subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode != 0,
    reason="no right to mount a small disk of its own",
)
def test_full_disk_ends_indexing_with_a_remedy_and_goes_on_when_there_is_room(
    data_dir: Path, papers: Path, tmp_path: Path
) -> None:
    for number in range(300):
        words = " ".join(f"word{number}x{count} otter" for count in range(400))
        (papers / f"paper {number}.txt").write_text(f"Paper {number}. {words}\n", "utf-8")
    (tmp_path / "disk").mkdir()
    said = tmp_path / "said"
    variables = {**environment(), "DISK": str(tmp_path / "disk"), "PAPERS": str(papers), "SAID": str(said)}
    subprocess.run(
        ["unshare", "-m", "bash", "-c", _FULL_DISK, "bash", str(tmp_path / "disk"), str(data_dir), *COMMAND],
        check=True,
        cwd=REPOSITORY,
        env=variables,
        timeout=110,
    )
    full = json.loads(said.with_suffix(".full").read_text("utf-8"))["error"]
    assert said.with_suffix(".full.code").read_text().strip() == "1"
    assert full["code"] == "disk_full"
    assert str(tmp_path / "disk" / "data") in full["message"]
    assert "Free some space" in full["remedy"]
    again = json.loads(said.with_suffix(".again").read_text("utf-8"))
    assert said.with_suffix(".again.code").read_text().strip() == "0"
    assert (again["files"], again["ready"], again["failed"]) == (301, 301, [])
    found = json.loads(said.with_suffix(".search").read_text("utf-8"))["results"]
    assert found[0]["document"] == "paper 299.txt"
