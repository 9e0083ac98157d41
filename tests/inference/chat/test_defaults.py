"""Finding models: the one that comes with the program, files by path, and the user's folder."""

import json
import os
from pathlib import Path

import pytest

from inference.api import ChecksumMismatch, FactFile, ModelNotFound, ModelRef, ModelShelf, list_models, read_catalogue
from inference.defaults import RESOURCES


@pytest.fixture
def facts(tmp_path: Path) -> FactFile:
    return FactFile(tmp_path / "facts.json")


def test_the_default_model_is_found_and_its_checksum_is_right(facts: FactFile) -> None:
    shelf = ModelShelf(facts)
    ref = shelf.default()
    assert ref.path
    assert ref.licence == "Apache-2.0"
    assert shelf.verify(ref)
    assert shelf.models()[0] == ref


def test_a_changed_default_model_is_refused_until_it_is_right_again(facts: FactFile, tmp_path: Path) -> None:
    resources = tmp_path / "models"
    resources.mkdir()
    (resources / "catalogue.json").write_text((RESOURCES / "catalogue.json").read_text())
    entry = read_catalogue().entries[0]
    (resources / entry.file).write_bytes(b"GGUF but another")
    shelf = ModelShelf(facts, resources=resources)
    with pytest.raises(ChecksumMismatch, match="SmolLM2"):
        shelf.verify(shelf.default())


def test_a_checksum_is_computed_once_for_each_state_of_the_file(facts: FactFile, tmp_path: Path) -> None:
    resources = tmp_path / "models"
    resources.mkdir()
    data = json.loads((RESOURCES / "catalogue.json").read_text())
    (resources / data["models"][0]["file"]).write_bytes(b"abc")
    data["models"][0]["sha256"] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    (resources / "catalogue.json").write_text(json.dumps(data))
    shelf = ModelShelf(facts, resources=resources)
    assert shelf.verify(shelf.default())
    (resources / data["models"][0]["file"]).write_bytes(b"abd")
    os.utime(resources / data["models"][0]["file"], ns=(1, 1))
    with pytest.raises(ChecksumMismatch):
        shelf.verify(shelf.default())


def test_a_model_of_the_users_own_has_no_checksum_to_compare(facts: FactFile, tmp_path: Path) -> None:
    assert not ModelShelf(facts).verify(ModelRef("mine", "llama_cpp", tmp_path / "mine.gguf"))


def test_models_are_found_by_name_file_name_and_path(facts: FactFile, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    (folder / "sub").mkdir(parents=True)
    for name in ("Zebra.gguf", "sub/ant-00001-of-00002.gguf", "sub/ant-00002-of-00002.gguf", "mmproj-x.gguf", "a.txt"):
        (folder / name).touch()
    assert [ref.name for ref in list_models(folder)] == ["ant", "Zebra"]
    shelf = ModelShelf(facts, folder)
    assert shelf.find("Zebra").path == folder / "Zebra.gguf"
    assert shelf.find("Zebra.gguf").path == folder / "Zebra.gguf"
    assert shelf.find(str(folder / "Zebra.gguf")).path == folder / "Zebra.gguf"
    assert shelf.find("SmolLM2-135M-Instruct") == shelf.default()


def test_an_unknown_name_lists_the_known_ones(facts: FactFile) -> None:
    with pytest.raises(ModelNotFound) as caught:
        ModelShelf(facts).find("no-such-model")
    assert "SmolLM2" in caught.value.remedy


def test_no_folder_of_models_is_no_error(tmp_path: Path) -> None:
    assert list_models(tmp_path / "none") == []
    assert list_models(None) == []


def test_a_spoilt_memory_only_means_finding_out_again(tmp_path: Path) -> None:
    for content in ("", "[1]", "{broken", '{"key": 5}'):
        (tmp_path / "facts.json").write_text(content)
        facts = FactFile(tmp_path / "facts.json")
        assert facts.get("key") is None
        facts.put("key", "value")
        assert facts.get("key") == "value"
