"""Set-up says what it does, builds llama.cpp for what is there, and only once."""

import importlib
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def devtools_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "packaging"))


@pytest.fixture
def native(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.delenv("CARREL_GPU", raising=False)
    return importlib.import_module("devtools.native")


def put_tool(folder: Path, name: str, output: str) -> None:
    folder.mkdir(exist_ok=True)
    tool = folder / name
    tool.write_text(f"#!/bin/sh\necho '{output}'\n", encoding="utf-8")
    tool.chmod(0o755)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("  [36/140] /usr/bin/g++ -DGGML_BACKEND_SHARED", "[36/140] 25 %"),
        ("[ 12%] Building CXX object", "12 %"),
        ("Downloading numpy-2.4.6-cp311.whl (16.6 MB)", "downloading numpy-2.4.6-cp311.whl"),
        ("-- Detecting CXX compile features", None),
    ],
)
def test_compiler_and_pip_output_become_progress(line: str, said: str | None) -> None:
    assert importlib.import_module("devtools.progress").summarise(line) == said


def test_a_failed_command_shows_the_end_of_what_it_said(tmp_path: Path) -> None:
    progress = importlib.import_module("devtools.progress")
    command = [sys.executable, "-c", "print('first'); print('the reason'); raise SystemExit(3)"]
    with pytest.raises(progress.CommandFailedError) as caught:
        progress.run_with_progress("Trying", command, tmp_path / "log.txt")
    assert "the reason" in caught.value.tail
    assert (tmp_path / "log.txt").read_text(encoding="utf-8").startswith("first")


def test_progress_without_a_terminal_is_plain_lines() -> None:
    progress = importlib.import_module("devtools.progress")
    stream = StringIO()
    with progress.ProgressLine("Compiling", stream) as line:
        line.detail("[1/2]")
    assert "\r" not in stream.getvalue()
    assert stream.getvalue().splitlines()[-1].startswith("Compiling  done")


@pytest.mark.skipif(sys.platform != "linux", reason="the tools are shell scripts")
def test_cuda_needs_both_toolkit_and_device(
    native: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path / "bin"), "/usr/bin", "/bin"]))
    monkeypatch.setenv("CUDA_HOME", str(tmp_path / "no-toolkit"))
    put_tool(tmp_path / "bin", "nvidia-smi", "GPU 0: Some card")
    assert native.wanted_variant() == "native"
    put_tool(tmp_path / "bin", "nvcc", "")
    assert native.wanted_variant() == "cuda"
    monkeypatch.setenv("CARREL_GPU", "off")
    assert native.wanted_variant() == "native"


@pytest.mark.skipif(sys.platform != "linux", reason="the tools are shell scripts")
def test_a_vulkan_device_that_is_only_software_does_not_count(
    native: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("CUDA_HOME", str(tmp_path / "no-toolkit"))
    put_tool(tmp_path / "bin", "glslc", "")
    put_tool(tmp_path / "bin", "vulkaninfo", "deviceName = llvmpipe (LLVM 15)")
    assert native.wanted_variant() == "native"
    put_tool(tmp_path / "bin", "vulkaninfo", "deviceName = Some card")
    assert native.wanted_variant() == "vulkan"


def test_an_unknown_override_is_named(native: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARREL_GPU", "quantum")
    with pytest.raises(importlib.import_module("devtools.system").SetupError, match="quantum"):
        native.wanted_variant()


def test_a_wheel_once_built_is_taken_from_our_cache(
    native: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sysconfig

    monkeypatch.setenv("CARREL_CACHE_DIR", str(tmp_path))
    folder = tmp_path / "wheels" / f"portable-{native.pinned_version()}-{sysconfig.get_platform()}"
    folder.mkdir(parents=True)
    wheel = folder / "llama_cpp_python-0-py3-none-any.whl"
    wheel.touch()
    # An interpreter that does not exist: building would fail.
    assert native.cached_wheel(Path("/nonexistent/python"), "portable", tmp_path / "log") == wheel


def test_the_portable_build_never_asks_for_this_processor(native: ModuleType) -> None:
    assert "-DGGML_NATIVE=OFF" in native.cmake_flags("portable")
    assert native.cmake_flags("native") == ""


def test_missing_libraries_are_named_with_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    system = importlib.import_module("devtools.system")
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    missing = [system.Missing("libxcb-cursor.so.0", "libxcb-cursor0")]
    assert system.install_or_name(missing) == missing
    assert "libxcb-cursor.so.0" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="the tools are shell scripts")
@pytest.mark.parametrize("manager", ["dnf", "pacman", "apt-get"])
def test_where_only_text_recognition_is_missing_only_that_is_named(
    manager: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    system = importlib.import_module("devtools.system")
    put_tool(tmp_path, manager, "")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    missing = system.missing_recognition()
    assert system.install_or_name(missing) == missing != []
    command = capsys.readouterr().err.splitlines()[-1]
    assert f"sudo {manager}" in command
    assert "tesseract" in command
    assert "gcc" not in command


def test_set_up_goes_on_where_text_recognition_cannot_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    setup = importlib.import_module("devtools.setup")
    progress = importlib.import_module("devtools.progress")
    asked: list[str] = []

    def refuse(missing: list[object]) -> list[object]:
        asked.extend(each.package for each in missing)  # type: ignore[attr-defined]
        if missing:
            raise progress.CommandFailedError("Installing", Path("log.txt"), "no network")
        return []

    recognition = [setup.system.Missing("Tesseract", "tesseract-ocr")]
    for name in ("missing_tools", "missing_libraries"):
        monkeypatch.setattr(setup.system, name, lambda **_wanted: [])
    monkeypatch.setattr(setup.system, "missing_recognition", lambda: recognition)
    monkeypatch.setattr(setup.system, "install_or_name", refuse)
    setup._check_system("run", screen=False)
    assert asked == ["tesseract-ocr"]


def test_the_script_lists_its_tasks() -> None:
    command = [sys.executable, str(ROOT / "packaging" / "dev.py"), "help"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    for task in ("run", "test", "check", "bench", "eval", "soak", "fuzz", "screenshots", "bundle", "clean"):
        assert task in result.stdout
        assert task in (ROOT / "Makefile").read_text(encoding="utf-8")
