"""Documents that cannot be read: each is named with a remedy, the others of the folder are ready, nothing is lost."""

import json
from pathlib import Path

import pytest

from tests.bad_input.makers import BAD, PASSWORD, STORY
from tests.bad_input.processes import Done, run_carrel, write_settings
from tests.rag.cli.conftest import Carrel
from tests.rag.cli.test_command_line import check_schema
from tests.rag.ingestion import files

GOOD = ("crane.txt", "lighthouse.pdf", "harbour.docx", "a pdf inside.txt", "latin.txt", "wide.txt")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All bad documents among good ones."""
    made = tmp_path_factory.mktemp("mixed") / "papers"
    made.mkdir()
    for name, bad in BAD.items():
        bad.make(made / name)
    (made / "crane.txt").write_text("The crane lifts at most 3.2 tonnes.\n", "utf-8")
    files.pdf(made / "lighthouse.pdf", [STORY])
    files.word(made / "harbour.docx")
    files.pdf(made / "inside.pdf", ["The quay is forty metres long."]).rename(made / "a pdf inside.txt")
    (made / "latin.txt").write_bytes(
        "Die Brücke über den Fluß wurde im Frühjahr für die Fußgänger geöffnet.".encode("cp1252")
    )
    (made / "wide.txt").write_bytes("The ferry leaves at noon.".encode("utf-16"))
    return made


@pytest.fixture(scope="module")
def indexed(folder: Path) -> tuple[Path, Done]:
    """The data folder after the bad folder was indexed, and what the command said."""
    data_dir = write_settings(folder.parent / "data")
    return data_dir, run_carrel(data_dir, "index", folder, "--json")


@pytest.mark.parametrize("name", BAD)
def test_bad_document_is_named_with_its_reason_and_a_remedy(
    name: str, folder: Path, indexed: tuple[Path, Done]
) -> None:
    failed = {Path(each["path"]).name: each for each in indexed[1].json["failed"]}
    problem = failed[name]
    assert problem["code"] == BAD[name].code
    assert BAD[name].words in problem["message"]
    assert name in problem["message"]
    assert problem["remedy"].endswith(".")
    assert problem["path"] == str(folder / name)
    assert not problem["read_in_part"]


def test_bad_documents_do_not_hold_up_the_good_ones(indexed: tuple[Path, Done]) -> None:
    done = indexed[1]
    assert done.code == 3
    check_schema(done.json, "index")
    assert {Path(each["path"]).name for each in done.json["failed"]} == set(BAD)
    assert done.json["ready"] == len(GOOD)
    assert done.json["files"] == len(GOOD) + len(BAD)


def test_good_documents_among_bad_ones_are_found(indexed: tuple[Path, Done], tmp_path: Path) -> None:
    asked = {
        "crane tonnes": "crane.txt",
        "lighthouse keeper": "lighthouse.pdf",
        "boats moor east wall": "harbour.docx",
        "quay metres": "a pdf inside.txt",
        "Fußgänger Brücke": "latin.txt",
        "ferry noon": "wide.txt",
    }
    questions = tmp_path / "questions.jsonl"
    lines = [json.dumps({"id": name, "question": words, "k": 1}) for words, name in asked.items()]
    questions.write_text("\n".join(lines), "utf-8")
    found = run_carrel(indexed[0], "search", "--questions", questions, "--json")
    assert found.code == 0, found.err
    for line in map(json.loads, found.out.splitlines()):
        assert line["results"][0]["document"] == line["id"]


def test_scanned_and_empty_documents_are_told_apart(carrel: Carrel, papers: Path, ocr_off: None) -> None:
    files.pdf(papers / "empty.pdf", ["", ""])
    files.pdf(papers / "scanned.pdf", ["[scan]", "[scan]"])
    failed = {Path(each["path"]).name: each for each in carrel("index", papers, "--json").json["failed"]}
    assert "OCR" not in failed["empty.pdf"]["message"] + failed["empty.pdf"]["remedy"]
    assert "OCR" in failed["scanned.pdf"]["message"]
    assert "text recognition" in failed["scanned.pdf"]["remedy"]


def test_partly_scanned_document_is_read_and_its_pages_are_named(carrel: Carrel, papers: Path, ocr_off: None) -> None:
    files.pdf(papers / "half.pdf", [STORY, "[scan]", "The second page with words."])
    done = carrel("index", papers, "--json")
    assert (done.code, done.json["ready"]) == (3, 2)
    (problem,) = done.json["failed"]
    assert problem["read_in_part"]
    assert "half.pdf" in problem["message"]
    assert "2" in problem["message"]


def test_question_to_an_unreadable_document_alone_says_why(carrel: Carrel, tmp_path: Path) -> None:
    files.pdf(tmp_path / "blank.pdf", ["", ""])
    done = carrel("ask", "What does it say?", tmp_path / "blank.pdf", "--json")
    assert done.code == 3
    assert done.json["outcome"] == "not_found"
    assert "blank.pdf" in done.err
    assert "contains no text" in done.err


def test_wrong_password_is_told_apart_from_a_missing_one(carrel: Carrel, papers: Path, tmp_path: Path) -> None:
    files.encrypted(files.pdf(papers / "secret.pdf", [STORY]), PASSWORD)
    password = tmp_path / "password.txt"
    password.write_text("a wrong guess 815\n", "utf-8")
    refused = carrel("index", papers, "--password-file", password, "--json")
    assert refused.code == 3
    (problem,) = refused.json["failed"]
    assert problem["code"] == "document_wrong_password"
    assert "secret.pdf" in problem["message"]
    password.write_text(PASSWORD, "utf-8")
    opened = carrel("index", papers, "--password-file", password, "--json")
    assert (opened.code, opened.json["failed"]) == (0, [])


def test_password_is_stored_nowhere(carrel: Carrel, papers: Path, tmp_path: Path, data_dir: Path, home: Path) -> None:
    files.encrypted(files.pdf(papers / "secret.pdf", [STORY]), PASSWORD)
    password = tmp_path / "password.txt"
    password.write_text(PASSWORD, "utf-8")
    assert carrel("ask", "How many ships?", papers, "--password-file", password, "--json").code == 0
    forms = (PASSWORD.encode(), PASSWORD.encode("utf-16-le"), PASSWORD.encode("utf-16-be"))
    for place in (data_dir, home):
        for path in place.rglob("*"):
            if path.is_file():
                stored = path.read_bytes()
                assert not any(form in stored for form in forms), path


def test_missing_password_file_is_named(carrel: Carrel, papers: Path, tmp_path: Path) -> None:
    done = carrel("index", papers, "--password-file", tmp_path / "nowhere.txt", "--json")
    assert done.code == 1
    assert "nowhere.txt" in done.json["error"]["message"]
    assert carrel("search", "crane", "--json").json["results"][0]["document"] == "crane.txt"


def test_document_that_turns_bad_keeps_what_was_read_of_it(carrel: Carrel, papers: Path) -> None:
    files.pdf(papers / "lighthouse.pdf", [STORY])
    assert carrel("index", papers, "--json").code == 0
    (papers / "lighthouse.pdf").write_bytes(b"%PDF-1.7\nnothing of use")
    done = carrel("index", papers, "--json")
    assert done.code == 3
    assert "lighthouse.pdf" in done.json["failed"][0]["message"]
    assert carrel("search", "lighthouse keeper", "--json", "-k", 1).json["results"][0]["document"] == "lighthouse.pdf"
