"""Reading reports, and the queue, from the command line."""

from pathlib import Path

from tests.rag.cli.conftest import Carrel
from tests.rag.cli.test_command_line import check_schema
from tests.rag.ingestion import files

KEYS = {"name", "documents", "pages", "passages", "pending", "failed", "pages_by_kind"}


def test_a_collection_is_reported_with_pages_of_each_kind(carrel: Carrel, folder: Path) -> None:
    files.pdf(folder / "mixed.pdf", ["albatross " * 9, "[scan]", ""])
    carrel("index", folder)
    done = carrel("report", "--collection", "Harbour papers", "--json")
    check_schema(done.json, "report")
    assert done.json.keys() == KEYS
    assert (done.json["name"], done.json["documents"], done.json["pages"]) == ("Harbour papers", 4, 6)
    # The noise of the pictured page is nothing to text recognition, where there is one.
    kinds = done.json["pages_by_kind"]
    assert (kinds["text"], kinds["empty"] + kinds["scanned"], kinds["failed"]) == (4, 2, 0)
    assert sum(done.json["pages_by_kind"].values()) == 6


def test_what_was_not_read_is_told_with_reason_and_remedy_and_exits_3(carrel: Carrel, folder: Path) -> None:
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing of use")
    carrel("index", folder)
    done = carrel("report", "--json", "--collection", "Harbour papers")
    assert done.code == 3
    (failed,) = done.json["failed"]
    assert failed.keys() == {"path", "reason", "remedy"}
    assert failed["path"] == str(folder / "broken.pdf")
    told = carrel("report")
    assert told.code == 3
    assert failed["reason"] in told.out
    assert failed["remedy"] in told.out


def test_the_whole_library_has_the_same_keys_and_its_collections(carrel: Carrel, folder: Path) -> None:
    carrel("index", folder)
    carrel("index", folder / "crane.txt", "--collection", "Cranes")
    done = carrel("report", "--json")
    assert done.code == 0
    check_schema(done.json, "report")
    assert done.json.keys() == {*KEYS, "collections"}
    assert done.json["name"] is None
    assert done.json["documents"] == 3
    assert [(each["name"], each["documents"]) for each in done.json["collections"]] == [
        ("Harbour papers", 3),
        ("Cranes", 1),
    ]
    assert "Everything was read." in carrel("report").out


def test_an_empty_library_is_reported(carrel: Carrel) -> None:
    done = carrel("report", "--json")
    assert (done.code, done.json["documents"], done.json["collections"]) == (0, 0, [])


def test_paused_reading_is_told_survives_and_goes_on(carrel: Carrel, folder: Path) -> None:
    assert carrel("pause", "--json").json == {"paused": True}
    done = carrel("index", folder, "--json")
    assert done.json["state"] == "queued"
    assert "carrel resume" in done.err
    listed = carrel("jobs", "--json")
    check_schema(listed.json, "jobs")
    assert listed.json["paused"]
    assert [Path(each["path"]).name for each in listed.json["jobs"]] == ["crane.txt", "ferry.html", "tides.md"]
    moved = carrel("jobs", "--next", folder / "tides.md", "--json").json["jobs"]
    assert [Path(each["path"]).name for each in moved] == ["tides.md", "crane.txt", "ferry.html"]
    assert carrel("resume", "--json").json == {"paused": False}
    assert carrel("index", folder, "--json").json["ready"] == 3
    assert "Nothing is left" in carrel("jobs").out


def test_a_file_that_is_in_no_collection_cannot_be_next(carrel: Carrel, folder: Path) -> None:
    done = carrel("jobs", "--next", folder / "crane.txt", "--json")
    assert (done.code, done.json["error"]["code"]) == (1, "file_unreadable")
