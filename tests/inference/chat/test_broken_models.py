"""Whatever a user may take for a model ends in an error that names the file and says what to do."""

import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from inference.api import (
    CancelToken,
    ContextTooLarge,
    LlamaCppBackend,
    LoadSettings,
    Memory,
    ModelDamaged,
    ModelError,
    ModelNotFound,
    ModelRef,
    ModelTooLarge,
    NotAModelFile,
    UnknownArchitecture,
    model_at,
    read_header,
)
from tests.inference.chat.tiny_gguf import write_model


def load(ref: ModelRef, settings: LoadSettings | None = None, free_mb: int | None = None) -> None:
    backend = LlamaCppBackend() if free_mb is None else LlamaCppBackend(lambda: Memory(free_mb, free_mb))
    backend.load(ref, settings or LoadSettings(), lambda _share: None, CancelToken()).close()


def write_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.gguf", "GGUF")


NOT_GGUF: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda path: path.touch(), "an empty file"),
    "zip": (write_zip, "a zip archive"),
    "llamafile": (lambda path: path.write_bytes(b"MZqFpD" + b"\0" * 900), "a program (a llamafile, perhaps)"),
    "html": (lambda path: path.write_text("\n<!DOCTYPE html><html>404</html>"), "a web page"),
    "lfs": (lambda path: path.write_text("version https://git-lfs.github.com/spec/v1\noid x\n"), "a Git LFS pointer"),
    "old_ggml": (lambda path: path.write_bytes(struct.pack("<I", 0x67676D6C) + b"\0" * 99), "the old GGML format"),
    "old_ggjt": (lambda path: path.write_bytes(struct.pack("<I", 0x67676A74) + b"\0" * 99), "the old GGML format"),
    "zeros": (lambda path: path.write_bytes(b"\0" * 4096), "a file of zeros"),
    "pdf": (lambda path: path.write_bytes(b"%PDF-1.7"), "a PDF document"),
    "text": (lambda path: path.write_text("just notes"), "some other kind of file"),
    "folder": (lambda path: path.mkdir(), "a folder"),
    "big_endian": (lambda path: path.write_bytes(b"GGUF\0\0\0\3" + b"\0" * 99), "the other byte order"),
    "future": (lambda path: path.write_bytes(b"GGUF" + struct.pack("<IQQ", 99, 0, 0)), "version 99"),
}


@pytest.mark.parametrize("kind", NOT_GGUF)
def test_a_file_that_is_no_gguf_is_said_to_be_what_it_is(kind: str, tmp_path: Path) -> None:
    make, looks_like = NOT_GGUF[kind]
    path = tmp_path / f"{kind} it's 🐧.gguf"
    make(path)
    with pytest.raises(NotAModelFile) as caught:
        load(model_at(path))
    assert looks_like in caught.value.detail
    assert path.name in caught.value.message
    assert caught.value.remedy
    assert caught.value.path == path


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"gone\.gguf"):
        load(model_at(tmp_path / "gone.gguf"))


@pytest.mark.parametrize("share", [0.001, 0.01, 0.3, 0.999999])
def test_a_truncated_model_is_damaged(share: float, smollm: ModelRef, tmp_path: Path) -> None:
    assert smollm.path
    path = tmp_path / "cut.gguf"
    with smollm.path.open("rb") as whole:
        path.write_bytes(whole.read(int(smollm.path.stat().st_size * share)))
    with pytest.raises(ModelDamaged, match=r"cut\.gguf"):
        load(model_at(path))


@pytest.mark.parametrize("at", [8, 16, 24, 32, 60, 120])
def test_a_spoilt_header_is_an_error_and_no_crash(at: int, tmp_path: Path) -> None:
    path = write_model(tmp_path / "spoilt.gguf")
    data = bytearray(path.read_bytes())
    data[at : at + 8] = b"\xff" * 8
    path.write_bytes(data)
    with pytest.raises(ModelError):
        load(model_at(path))


def test_an_unknown_architecture_is_named(tmp_path: Path) -> None:
    path = write_model(tmp_path / "new.gguf", architecture="frobnicator9")
    with pytest.raises(UnknownArchitecture, match="frobnicator9") as caught:
        load(model_at(path))
    assert caught.value.architecture == "frobnicator9"


def test_a_model_that_lacks_a_tensor_is_damaged(tmp_path: Path) -> None:
    path = write_model(tmp_path / "holes.gguf")
    path.write_bytes(path.read_bytes().replace(b"blk.0.ffn_up.weight", b"blk.0.ffn_xx.weight"))
    with pytest.raises(ModelDamaged, match="ffn_up"):
        load(model_at(path))


@pytest.mark.parametrize("architecture", ["bert", "nomic-bert", "t5encoder", "clip"])
def test_a_model_that_does_not_chat_is_refused(architecture: str, tmp_path: Path) -> None:
    path = write_model(tmp_path / "reader.gguf", architecture=architecture)
    with pytest.raises(UnknownArchitecture, match="cannot write answers"):
        load(model_at(path))


def test_a_vocabulary_without_weights_is_refused(tmp_path: Path) -> None:
    path = write_model(tmp_path / "words.gguf", tensors=False)
    with pytest.raises(UnknownArchitecture, match="only a vocabulary"):
        load(model_at(path))


def test_a_model_larger_than_the_memory_says_how_much_it_needs(smollm: ModelRef) -> None:
    with pytest.raises(ModelTooLarge) as caught:
        load(smollm, free_mb=120)
    assert caught.value.free_mb == 120
    assert 150 < caught.value.needed_mb < 400


def test_a_context_beyond_the_training_is_refused(smollm: ModelRef) -> None:
    with pytest.raises(ContextTooLarge, match="trained for 8192") as caught:
        load(smollm, LoadSettings(context_tokens=100_000))
    assert caught.value.largest_tokens == 8192


def test_a_context_beyond_the_memory_is_refused_with_what_fits(smollm: ModelRef) -> None:
    with pytest.raises(ContextTooLarge, match="has memory for") as caught:
        load(smollm, LoadSettings(context_tokens=8192), free_mb=330)
    assert 2048 <= caught.value.largest_tokens < 8192


def test_little_memory_gives_a_shorter_context(smollm: ModelRef) -> None:
    backend = LlamaCppBackend(lambda: Memory(330, 330))
    model = backend.load(smollm, LoadSettings(), lambda _share: None, CancelToken())
    assert 2048 <= model.details.context_tokens < 8192
    model.close()


def test_the_header_tells_size_and_kind_without_loading(smollm: ModelRef) -> None:
    assert smollm.path
    header = read_header(smollm.path)
    assert header.architecture == "llama"
    assert header.vocabulary == 49152
    assert header.own("context_length") == 8192
    assert 0 < header.file_bytes - header.tensor_bytes < 3_000_000
