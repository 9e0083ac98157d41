"""An unknown model file is tried in a child process, whose death is nobody else's."""

import os
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from inference.api import (
    Cancelled,
    CancelToken,
    FactFile,
    LoadSettings,
    ModelCrashed,
    ModelRef,
    ModelTrial,
    UnknownArchitecture,
    model_at,
)
from tests.inference.chat.tiny_gguf import write_model


def die(_answer: Connection, _ref: ModelRef, _settings: LoadSettings) -> None:
    os.abort()


def leave_silently(_answer: Connection, _ref: ModelRef, _settings: LoadSettings) -> None:
    os._exit(0)


def hang(_answer: Connection, _ref: ModelRef, _settings: LoadSettings) -> None:
    time.sleep(600)


def pass_once(answer: Connection, ref: ModelRef, _settings: LoadSettings) -> None:
    assert ref.path
    (ref.path.parent / "tried").open("a").write("x")
    answer.send("passed")


@pytest.fixture
def memory(tmp_path: Path) -> FactFile:
    return FactFile(tmp_path / "kept" / "trials.json")


@pytest.fixture
def tiny(tmp_path: Path) -> ModelRef:
    return model_at(write_model(tmp_path / "tiny.gguf"))


def test_a_model_that_kills_its_process_is_an_error_that_names_it(memory: FactFile, tiny: ModelRef) -> None:
    for main in (die, leave_silently):
        with pytest.raises(ModelCrashed, match="tiny") as caught:
            ModelTrial(memory, main=main).ensure(tiny, LoadSettings(), CancelToken())
        assert caught.value.path == tiny.path


def test_a_model_that_loads_and_writes_passes(memory: FactFile, tiny: ModelRef) -> None:
    ModelTrial(memory).ensure(tiny, LoadSettings(), CancelToken())
    # What has passed is remembered: a second trial would end in `die`, and is not made.
    ModelTrial(memory, main=die).ensure(tiny, LoadSettings(), CancelToken())


def test_the_error_of_the_child_arrives_whole(memory: FactFile, tmp_path: Path) -> None:
    ref = model_at(write_model(tmp_path / "new.gguf", architecture="frobnicator9"))
    with pytest.raises(UnknownArchitecture) as caught:
        ModelTrial(memory).ensure(ref, LoadSettings(), CancelToken())
    assert caught.value.architecture == "frobnicator9"
    assert caught.value.path == ref.path
    assert caught.value.remedy


def test_what_passed_is_not_tried_again_until_it_changes(memory: FactFile, tiny: ModelRef, tmp_path: Path) -> None:
    trial = ModelTrial(memory, main=pass_once)
    for _ in range(2):
        trial.ensure(tiny, LoadSettings(), CancelToken())
    assert (tmp_path / "tried").read_text() == "x"
    assert tiny.path
    tiny.path.write_bytes(tiny.path.read_bytes() + b"\0")
    ModelTrial(memory, main=pass_once).ensure(tiny, LoadSettings(), CancelToken())
    assert (tmp_path / "tried").read_text() == "xx"


def test_a_trusted_model_is_not_tried(memory: FactFile, tiny: ModelRef) -> None:
    ModelTrial(memory, trusted=lambda _ref: True, main=die).ensure(tiny, LoadSettings(), CancelToken())


def test_a_trial_that_hangs_can_be_stopped(memory: FactFile, tiny: ModelRef) -> None:
    cancel = CancelToken()
    timer = threading.Timer(0.5, cancel.cancel)
    timer.start()
    with pytest.raises(Cancelled):
        ModelTrial(memory, main=hang).ensure(tiny, LoadSettings(), cancel)
    timer.join()
