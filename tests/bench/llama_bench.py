"""llama.cpp's own llama-bench, built once from the sources that the installed llama-cpp-python vendors.

The build lies in the cache, one folder for each version. It has the flags of llama-cpp-python's own CPU build: release,
tuned to this processor.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import time
from importlib import metadata
from pathlib import Path
from typing import Any

from tests.bench.places import cache_folder

_FLAGS = {
    "CMAKE_BUILD_TYPE": "Release",
    "GGML_NATIVE": "ON",
    "BUILD_SHARED_LIBS": "OFF",
    "LLAMA_BUILD_COMMON": "ON",
    "LLAMA_BUILD_TOOLS": "ON",
    "LLAMA_BUILD_SERVER": "OFF",
    "LLAMA_BUILD_TESTS": "OFF",
    "LLAMA_BUILD_EXAMPLES": "OFF",
    "LLAMA_OPENSSL": "OFF",
    "LLAMA_CURL": "OFF",
}
_STEP = re.compile(r"\[\s*(\d+)\s*(?:/\s*(\d+)|%)\s*\]")


class BuildFailed(RuntimeError):
    """llama-bench could not be built; the message names the log."""


def executable() -> Path:
    """Return llama-bench, built at the first call (some minutes, with progress).

    Raises:
        BuildFailed: No sources, no cmake, or the compiler gave up.
    """
    version = metadata.version("llama-cpp-python")
    folder = cache_folder() / f"llama-cpp-python-{version}"
    program = folder / "build" / "bin" / ("llama-bench.exe" if os.name == "nt" else "llama-bench")
    if not program.exists():
        sources = _sources(folder, version)
        _build(sources, folder)
    if not program.exists():
        raise BuildFailed(f"The build ended without {program}; see {folder / 'build.log'}.")
    return program


def run(program: Path, model: Path, threads: int, *, prompt: int = 0, generate: int = 0, depth: int = 0) -> float:
    """Return llama-bench's tokens/s for one test: `prompt` tokens read, or `generate` tokens written after `depth`."""
    command = [str(program), "-m", str(model), "-t", str(threads), "-r", "1", "-o", "json", "-ngl", "0"]
    command += ["-p", str(prompt), "-n", str(generate), "-d", str(depth)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    tests: list[dict[str, Any]] = json.loads(run.stdout)
    return float(tests[0]["avg_ts"])


def _sources(folder: Path, version: str) -> Path:
    unpacked = folder / f"llama_cpp_python-{version}"
    sources = unpacked / "vendor" / "llama.cpp"
    if sources.exists():
        return sources
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / f"llama_cpp_python-{version}.tar.gz"
    if not archive.exists():
        print(f"Fetching the sources of llama-cpp-python {version} …", file=sys.stderr, flush=True)
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", ":all:"]
        fetched = subprocess.run(
            [*pip, f"llama-cpp-python=={version}", "-d", str(folder)], capture_output=True, text=True, check=False
        )
        if not archive.exists():
            raise BuildFailed(f"pip could not fetch the sources:\n{(fetched.stdout + fetched.stderr)[-1500:]}")
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    return sources


def _build(sources: Path, folder: Path) -> None:
    cmake = shutil.which("cmake")
    if cmake is None:
        raise BuildFailed("llama-bench is built with cmake, which is not here: install cmake and a C++ compiler.")
    build, log = folder / "build", folder / "build.log"
    generator = ["-G", "Ninja"] if shutil.which("ninja") else []
    flags = [f"-D{name}={value}" for name, value in _FLAGS.items()]
    jobs = str(os.cpu_count() or 1)
    configure = [cmake, "-S", str(sources), "-B", str(build), *generator, *flags]
    compiled = [cmake, "--build", str(build), "--target", "llama-bench", "--config", "Release", "-j", jobs]
    with log.open("w", encoding="utf-8") as written:
        for command in (configure, compiled):
            if _with_progress(command, written) != 0:
                raise BuildFailed(f"Building llama-bench failed ({platform.machine()}); see {log}.")


def _with_progress(command: list[str], log: Any) -> int:
    """Run a command, its output to the log, and show how far it is once every few seconds."""
    started = shown = time.monotonic()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            log.write(line)
            step = _STEP.search(line)
            if step and time.monotonic() - shown > 5:
                shown = time.monotonic()
                done = f"{step[1]} of {step[2]}" if step[2] else f"{step[1]} %"
                print(f"  building llama-bench: {done} ({shown - started:.0f} s)", file=sys.stderr, flush=True)
    return process.returncode
