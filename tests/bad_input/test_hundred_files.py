"""Five corrupt, two encrypted and one empty file among a hundred: the rest is ready, each of the eight is explained."""

from pathlib import Path

from tests.rag.cli.conftest import Carrel
from tests.rag.ingestion import files

GOOD = 92


def fill(folder: Path) -> set[str]:
    """Write the hundred files; returns the names of the bad ones."""
    for number in range(GOOD):
        if number % 10 == 0:
            files.pdf(folder / f"{number:02}.pdf", [f"albatross {number} {files.STORY}"])
        elif number % 10 == 1:
            files.word(folder / f"{number:02}.docx", title=f"Petrel {number}")
        else:
            files.text(folder / f"{number:02}.txt", f"Gannet {number}. {files.STORY}")
    (folder / "cut.pdf").write_bytes((folder / "00.pdf").read_bytes()[:400])
    (folder / "noise.pdf").write_bytes(b"%PDF-1.7\n" + files.noise_bytes(5000))
    (folder / "cut.docx").write_bytes((folder / "01.docx").read_bytes()[:3000])
    (folder / "noise.docx").write_bytes(b"PK\x03\x04" + files.noise_bytes(5000))
    (folder / "noise.txt").write_bytes(files.noise_bytes(5000))
    files.encrypted(files.pdf(folder / "locked 1.pdf", ["words"]), "tide")
    files.encrypted(files.pdf(folder / "locked 2.pdf", ["more words"]), "tide")
    (folder / "empty.txt").touch()
    return {"cut.pdf", "noise.pdf", "cut.docx", "noise.docx", "noise.txt", "locked 1.pdf", "locked 2.pdf", "empty.txt"}


def test_92_are_ready_8_are_explained_and_a_password_opens_both(carrel: Carrel, tmp_path: Path) -> None:
    folder = tmp_path / "hundred"
    folder.mkdir()
    bad = fill(folder)
    done = carrel("index", folder, "--json")
    assert (done.code, done.json["files"], done.json["ready"]) == (3, 100, GOOD)
    report = carrel("report", "--collection", "hundred", "--json").json
    assert (report["documents"], report["pending"]) == (100, 0)
    assert {Path(each["path"]).name for each in report["failed"]} == bad
    for each in report["failed"]:
        assert Path(each["path"]).name in each["reason"]
        assert each["remedy"].endswith(".")
        assert "Error" not in each["reason"]
    (tmp_path / "password").write_text("tide\n")
    opened = carrel("index", folder, "--password-file", tmp_path / "password", "--json")
    assert opened.json["ready"] == GOOD + 2
    assert len(opened.json["failed"]) == 6
