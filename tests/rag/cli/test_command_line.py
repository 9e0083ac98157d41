"""The commands, their JSON, their exit codes and their errors."""

import json
import zipfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from resources import root
from tests.rag.cli.conftest import Carrel


def check_schema(value: Any, name: str) -> None:
    schema = json.loads((root() / "schemas" / f"{name}.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(value)


def test_index_reads_a_folder_into_a_collection_of_its_name(carrel: Carrel, folder: Path) -> None:
    done = carrel("index", folder, "--json")
    assert done.code == 0
    check_schema(done.json, "index")
    assert (done.json["collection"], done.json["files"], done.json["ready"]) == ("Harbour papers", 3, 3)


def test_index_again_reads_only_what_changed(carrel: Carrel, folder: Path) -> None:
    carrel("index", folder)
    (folder / "crane.txt").write_text("The crane lifts at most 4.5 tonnes.\n", "utf-8")
    assert carrel("index", folder, "--json").json["files"] == 3
    found = carrel("search", "tonnes crane", "--json", "-k", 1).json["results"][0]
    assert "4.5 tonnes" in found["text"]


def test_index_without_waiting_returns_queued(carrel: Carrel, folder: Path) -> None:
    done = carrel("index", folder, "--no-wait", "--json")
    assert (done.code, done.json["state"]) == (0, "queued")


def test_index_tells_what_could_not_be_read_and_exits_3(carrel: Carrel, folder: Path) -> None:
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing of use")
    done = carrel("--json", "index", folder)
    assert done.code == 3
    check_schema(done.json, "index")
    assert [Path(each["path"]).name for each in done.json["failed"]] == ["broken.pdf"]
    assert done.json["failed"][0]["remedy"]


def test_search_results_follow_the_schema_and_are_exact_text(carrel: Carrel, folder: Path) -> None:
    done = carrel("search", "when does the ferry leave", folder, "--json", "-k", 3)
    assert done.code == 0
    check_schema(done.json, "search")
    assert done.json["results"][0]["document"] == "ferry.html"
    assert done.json["results"][0]["page"] is None
    crane = next(each for each in done.json["results"] if each["document"] == "crane.txt")
    assert crane["text"] in (folder / "crane.txt").read_text("utf-8")
    assert crane["locator"] == {"kind": "lines", "value": "1"}


def test_search_names_the_member_that_a_passage_comes_from(carrel: Carrel, folder: Path) -> None:
    with zipfile.ZipFile(folder / "letters.zip", "w") as archive:
        archive.write(Path(__file__).parents[2] / "data" / "formats" / "mail" / "mutt.mbox", "2026/old.mbox")
    done = carrel("search", "deposit in the lease", folder / "letters.zip", "--json", "-k", 1)
    check_schema(done.json, "search")
    (found,) = done.json["results"]
    assert found["text"] == "The deposit is 900 crowns."
    assert found["inside"] == ["2026/old.mbox", "message 1", "lease.pdf"]
    assert found["locator"] == {"kind": "page", "value": "2"}
    assert found["document"] == "letters.zip"


def test_search_returns_as_many_as_asked_while_there_are_so_many(carrel: Carrel, folder: Path) -> None:
    for k in (1, 2, 3):
        assert len(carrel("search", "water", folder, "--json", "-k", k).json["results"]) == k


def test_paths_limit_results_to_exactly_these(carrel: Carrel, folder: Path) -> None:
    carrel("index", folder)
    done = carrel("search", "ferry crane tide", folder / "crane.txt", "--json")
    assert {each["path"] for each in done.json["results"]} == {str(folder / "crane.txt")}


def test_paths_are_remembered_in_a_listed_and_removable_collection(carrel: Carrel, folder: Path) -> None:
    carrel("search", "crane", folder / "crane.txt")
    carrel("search", "crane", folder / "crane.txt")
    listed = carrel("collections", "--json")
    check_schema(listed.json, "collections")
    assert [(each["name"], each["kind"]) for each in listed.json["collections"]] == [("crane.txt", "adhoc")]
    assert carrel("collections", "remove", "crane.txt", "--json").json == {"removed": "crane.txt"}
    assert carrel("collections", "--json").json == {"collections": []}


def test_ask_follows_the_schema_and_its_spans_are_exact(carrel: Carrel, folder: Path) -> None:
    done = carrel("ask", "How much does the crane lift?", folder, "--json", "--seed", 7)
    assert done.code == 0
    check_schema(done.json, "ask")
    assert done.json["outcome"] == "answered"
    for sentence in done.json["sentences"]:
        assert done.json["answer"][sentence["start"] : sentence["end"]] == sentence["text"]
    numbers = {citation["n"] for citation in done.json["citations"]}
    assert {n for sentence in done.json["sentences"] for n in sentence["citations"]} == numbers


def test_ask_says_not_found_when_nothing_answers(carrel: Carrel, folder: Path) -> None:
    done = carrel("ask", "Qqqq zzzz xylophone?", folder, "--json")
    assert done.code == 0
    assert (done.json["outcome"], done.json["citations"]) == ("not_found", [])


def test_questions_file_gives_one_line_each_with_its_id(carrel: Carrel, folder: Path, tmp_path: Path) -> None:
    carrel("index", folder)
    questions = tmp_path / "questions.jsonl"
    questions.write_text(
        '{"id": "a", "question": "ferry", "k": 2}\n\n{"id": 2, "question": "crane", "collection": "harbour PAPERS"}\n'
        '{"id": 3, "question": "crane", "collection": "nowhere"}\n',
        "utf-8",
    )
    done = carrel("search", "--questions", questions, "--json")
    lines = [json.loads(line) for line in done.out.splitlines()]
    for line in lines:
        check_schema(line, "search-line")
    assert [line["id"] for line in lines] == ["a", 2, 3]
    assert len(lines[0]["results"]) == 2
    assert lines[2]["error"]["code"] == "collection_unknown"
    assert done.code == 1


def test_ask_answers_a_questions_file(carrel: Carrel, folder: Path, tmp_path: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_text('{"id": 1, "question": "When does the ferry leave?"}\n', "utf-8")
    done = carrel("ask", "--questions", questions, folder, "--json")
    check_schema(json.loads(done.out), "ask-line")
    assert done.code == 0


@pytest.mark.parametrize("line", ["nonsense", "[1]", '{"question": 5}', '{"id": 1}', '{"question": "x", "k": 0}'])
def test_bad_line_of_a_questions_file_is_named(carrel: Carrel, folder: Path, tmp_path: Path, line: str) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_text(f'{{"id": 1, "question": "ferry"}}\n{line}\n', "utf-8")
    done = carrel("search", "--questions", questions, folder, "--json")
    assert done.code == 1
    assert "Line 2 of questions.jsonl" in done.json["error"]["message"]


@pytest.mark.parametrize(
    "words",
    [
        ["frobnicate"],
        ["search"],
        ["ask"],
        ["index"],
        ["collections", "remove"],
        ["search", "x", "-k", "0"],
        ["search", "x", "-k", "many"],
        ["ask", "x", "--seed", "-1"],
        ["search", "x", ".", "--collection", "y"],
        ["index", ".", "--nonsense"],
    ],
)
def test_usage_errors_exit_2_with_a_message(carrel: Carrel, words: list[str]) -> None:
    done = carrel("--json", *words)
    assert done.code == 2
    check_schema(done.json, "error")
    assert done.json["error"]["code"] == "usage"


def test_global_options_stand_before_or_after_the_command(carrel: Carrel) -> None:
    assert carrel("--json", "collections").json == carrel("collections", "--json").json == {"collections": []}


def test_vanished_path_is_named_with_a_remedy(carrel: Carrel, tmp_path: Path) -> None:
    done = carrel("search", "x", tmp_path / "gone", "--json")
    assert done.code == 1
    check_schema(done.json, "error")
    assert done.json["error"]["path"] == str(tmp_path / "gone")


def test_unknown_collection_names_those_there_are(carrel: Carrel, folder: Path) -> None:
    carrel("index", folder)
    error = carrel("search", "x", "--collection", "Nowhere", "--json").json["error"]
    assert error["code"] == "collection_unknown"
    assert "Harbour papers" in error["remedy"]


def test_asking_an_empty_library_says_how_to_fill_it(carrel: Carrel) -> None:
    error = carrel("ask", "x", "--json").json["error"]
    assert "carrel index" in error["remedy"]


def test_unknown_model_lists_those_there_are(carrel: Carrel, folder: Path) -> None:
    error = carrel("ask", "crane?", folder, "--model", "no-such-model", "--json").json["error"]
    assert error["code"] == "model_not_found"


def test_model_that_is_no_model_is_refused_by_name(carrel: Carrel, folder: Path) -> None:
    error = carrel("ask", "crane?", folder, "--model", folder / "crane.txt", "--json").json["error"]
    assert error["code"] == "model_not_gguf"
    assert "crane.txt" in error["message"]


def test_models_lists_the_default_one(carrel: Carrel) -> None:
    listed = carrel("models", "--json")
    check_schema(listed.json, "models")
    assert any("SmolLM2" in each["name"] for each in listed.json["models"])


def test_version_is_told(carrel: Carrel) -> None:
    check_schema(carrel("--version", "--json").json, "version")


def test_help_names_every_command(carrel: Carrel) -> None:
    told = carrel("--help").out
    for command in ("index", "collections", "search", "ask", "chat", "models", "doctor"):
        assert command in told


def test_doctor_report_follows_the_schema(carrel: Carrel) -> None:
    done = carrel("doctor", "--json")
    assert done.code == 0
    check_schema(done.json, "doctor")
    assert done.json["data_dir"]


def test_question_of_100_000_characters_is_refused_by_length(carrel: Carrel, folder: Path) -> None:
    error = carrel("ask", "why " * 25_000, folder, "--json").json["error"]
    assert error["code"] == "question_too_long"
    assert error["remedy"]


def test_damaged_settings_file_is_named(carrel: Carrel, data_dir: Path) -> None:
    (data_dir / "settings.json").write_text("{")
    error = carrel("collections", "--json").json["error"]
    assert error["code"] == "settings"
    assert error["path"] == str(data_dir / "settings.json")


def test_setting_out_of_range_is_named(carrel: Carrel, data_dir: Path) -> None:
    (data_dir / "settings.json").write_text('{"version": 1, "settings": {"passages_per_answer": 900}}')
    error = carrel("collections", "--json").json["error"]
    assert "passages_per_answer" in error["message"]
    assert "1 to 50" in error["remedy"]
