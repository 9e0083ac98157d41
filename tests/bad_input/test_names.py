"""Names of every kind that a disk can hold are read, found and shown."""

import json
import os
import sys
from pathlib import Path

import pytest

from rag.api import CommandService, Workspace
from tests.bad_input.processes import run_carrel
from tests.rag.cli.conftest import Carrel

WORDS = "The otter sleeps under the jetty.\n"
NAMES = {
    "emoji": "🦦 otter 👩‍👩‍👧.txt",
    "quotes": "it's \"the\" `otter` $HOME %s {x} 'q'.txt",
    "newline": "otter\nand\ttab.txt",
    "longest": "o" * 251 + ".txt",
    "longest in bytes": "ä" * 125 + "x.txt",
    "no UTF-8": os.fsdecode(b"otter-\xff\xfe-\xe4.txt"),
    "dashes": "--json",
    "blanks": " otter .txt",
    "right to left": "\u202eotter\u200f לוטרה.txt",
    "composed": "o\u0308tter.txt",
}
ODD = [pytest.param(name, id=kind) for kind, name in NAMES.items()]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow fewer names")
@pytest.mark.parametrize("name", ODD)
def test_file_of_any_name_is_indexed_found_and_asked(name: str, carrel: Carrel, papers: Path) -> None:
    (papers / name).write_text(WORDS, "utf-8")
    done = carrel("index", "--json", "--", papers, papers / name)
    assert (done.code, done.json["ready"]) == (0, 2), done.err
    result = carrel("search", "otter jetty", "--json", "-k", 1).json["results"][0]
    assert os.fsencode(result["path"]) == os.fsencode(papers / name)
    asked = carrel("ask", "Where does the otter sleep?", "--json", "--", papers / name)
    assert (asked.code, asked.json["outcome"]) == (0, "answered")
    assert asked.json["citations"][0]["document"].encode("utf-8", "surrogateescape") == os.fsencode(name)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow fewer names")
@pytest.mark.parametrize("name", ODD)
def test_bad_file_of_any_name_is_named(name: str, carrel: Carrel, papers: Path) -> None:
    (papers / name).write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 99)
    done = carrel("index", "--json", "--", papers, papers / name)
    assert (done.code, done.json["ready"]) == (3, 1)
    (problem,) = done.json["failed"]
    assert os.fsencode(problem["path"]) == os.fsencode(papers / name)
    assert problem["remedy"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow fewer names")
def test_name_that_is_no_utf8_is_written_as_utf8_json_by_a_process(data_dir: Path, papers: Path) -> None:
    name = NAMES["no UTF-8"]
    (papers / name).write_text(WORDS, "utf-8")
    done = run_carrel(data_dir, "search", "otter jetty", papers / name, "--json")
    assert done.code == 0, done.err
    assert os.fsencode(done.json["results"][0]["path"]) == os.fsencode(papers / name)
    for_people = run_carrel(data_dir, "search", "otter jetty", papers / name)
    assert "otter-" in for_people.out


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow fewer names")
def test_odd_names_pass_through_the_owner_of_the_data_folder(data_dir: Path, papers: Path) -> None:
    paths = [papers / name for name in NAMES.values()]
    for path in paths:
        path.write_text(WORDS, "utf-8")
    workspace = Workspace.open(data_dir)
    service = CommandService(workspace)
    service.start()
    try:
        done = run_carrel(data_dir, "search", "otter", "--json", "-k", 20, "--", *paths)
    finally:
        service.stop()
        workspace.close()
    assert done.code == 0, done.err
    assert {os.fsencode(each["path"]) for each in done.json["results"]} <= {os.fsencode(path) for path in paths}
    assert done.json["results"]


def test_name_longer_than_the_disk_allows_is_an_error(carrel: Carrel, papers: Path) -> None:
    done = carrel("index", papers / ("x" * 300), "--json")
    assert done.code == 1
    assert done.json["error"]["remedy"]


def test_path_with_a_nul_is_an_error(carrel: Carrel, papers: Path, tmp_path: Path) -> None:
    done = carrel("index", f"{papers}/a\0b", "--json")
    assert done.code == 1
    assert done.json["error"]["remedy"]


def test_collection_of_any_name_is_kept(carrel: Carrel, papers: Path) -> None:
    for name in ('🦦 it\'s "quoted"', "x" * 1000, "ein\nName", "--collection"):
        done = carrel("index", papers, f"--collection={name}", "--json")
        assert done.code == 0
        assert carrel("search", "crane", f"--collection={name}", "--json").json["results"]
    listed = [each["name"] for each in json.loads(carrel("collections", "--json").out)["collections"]]
    assert len(listed) == 4
