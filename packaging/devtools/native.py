"""llama.cpp for this computer: which build it wants, and how it gets it only once.

The plain CPU build is tuned to this very processor and goes through pip, which keeps the wheel in its cache. Builds
for a graphics card, and the portable one for the bundle, must never land in that cache under the same name: they lie
in our own cache folder, one folder for each variant, version and platform.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from devtools import paths
from devtools.progress import CommandFailedError, run_with_progress
from devtools.system import SetupError

PACKAGE = "llama-cpp-python"
VARIANTS = ("cuda", "vulkan", "metal", "off")

# x86-64-v3: every Intel Core since 2013 and AMD since 2015. -march=native would not leave this computer.
_X86_FLAGS = [f"-DGGML_{name}=ON" for name in ("SSE42", "AVX", "AVX2", "BMI2", "FMA", "F16C")]
_X86_MACHINES = ("x86_64", "amd64")


def wanted_variant() -> str:
    """Return `cuda`, `vulkan`, `metal` or `native` (this processor only): asked for, or toolkit and device found."""
    asked = os.environ.get("CARREL_GPU", "").strip().lower()
    if asked:
        if asked not in VARIANTS:
            raise SetupError(f"CARREL_GPU={asked!r} is not known. Use one of: {', '.join(VARIANTS)}.")
        return "native" if asked == "off" else asked
    if sys.platform == "darwin":
        return "metal" if platform.machine() == "arm64" else "native"
    if _cuda_compiler() and _answers(["nvidia-smi", "-L"], "GPU "):
        return "cuda"
    if shutil.which("glslc") and _vulkan_device():
        return "vulkan"
    return "native"


def cmake_flags(variant: str) -> str:
    """Return what CMAKE_ARGS must hold for a variant."""
    if variant == "cuda":
        return "-DGGML_CUDA=ON" + (f" -DCMAKE_CUDA_COMPILER={_cuda_compiler()}" if not shutil.which("nvcc") else "")
    if variant == "vulkan":
        return "-DGGML_VULKAN=ON"
    if variant == "portable":
        flags = ["-DGGML_NATIVE=OFF", "-DLLAVA_BUILD=OFF"]
        return " ".join(flags + (_X86_FLAGS if platform.machine().lower() in _X86_MACHINES else []))
    return ""


def install(python: Path, variant: str, log: Path) -> str:
    """Install llama.cpp in the environment of `python`; returns the variant it got.

    A build for a graphics card that fails leaves the CPU build, with the reason printed: the program still runs.
    """
    if variant in ("native", "metal"):
        _install_through_pip(python, log)
        return variant
    try:
        wheel = cached_wheel(python, variant, log)
    except CommandFailedError as failure:
        if variant == "portable":
            raise
        print(f"The {variant} build of llama.cpp failed (see {failure.log}):\n{failure.tail}", file=sys.stderr)
        print("Going on with the CPU build. CARREL_GPU=off skips this attempt.", file=sys.stderr)
        _install_through_pip(python, log)
        return "native"
    pip = [str(python), "-m", "pip", "install", "--no-deps", "--force-reinstall", str(wheel)]
    run_with_progress(f"Installing llama.cpp ({variant})", pip, log)
    return variant


def cached_wheel(python: Path, variant: str, log: Path) -> Path:
    """Return the wheel of a variant from our own cache, building it first where it is not there."""
    folder = paths.cache_dir() / "wheels" / f"{variant}-{pinned_version()}-{sysconfig.get_platform()}"
    for wheel in folder.glob("llama_cpp_python-*.whl"):
        return wheel
    building = folder.with_name(folder.name + f".building-{os.getpid()}")
    command = [str(python), "-m", "pip", "wheel", "-v", "--no-cache-dir", "--no-deps"]
    command += ["--no-binary", PACKAGE, "-w", str(building), f"{PACKAGE}=={pinned_version()}"]
    label = f"Compiling llama.cpp ({variant}; some ten minutes on two cores, once)"
    try:
        run_with_progress(label, command, log, _build_environment(cmake_flags(variant)))
        shutil.rmtree(folder, ignore_errors=True)
        building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return next(folder.glob("llama_cpp_python-*.whl"))


def pinned_version() -> str:
    """Return the version of llama-cpp-python that the lock names."""
    text = (paths.LOCKS / "run.txt").read_text(encoding="utf-8")
    match = re.search(rf"^{PACKAGE}==(\S+)", text, re.MULTILINE)
    if not match:
        raise SetupError(f"packaging/locks/run.txt names no {PACKAGE}")
    return match[1]


def _install_through_pip(python: Path, log: Path) -> None:
    command = [str(python), "-m", "pip", "install", "-v", "--no-deps", f"{PACKAGE}=={pinned_version()}"]
    label = "Installing llama.cpp (compiled once for this computer: some ten minutes on two cores)"
    run_with_progress(label, command, log, _build_environment(""))


def _build_environment(flags: str) -> dict[str, str]:
    env = {**os.environ, "CMAKE_ARGS": flags, "PIP_BUILD_CONSTRAINT": str(paths.LOCKS / "build.txt")}
    # Make, where Ninja is missing, would compile one file after the other.
    env.setdefault("CMAKE_BUILD_PARALLEL_LEVEL", str(os.cpu_count() or 1))
    if not flags:
        del env["CMAKE_ARGS"]
    # ggml drops every instruction set when this is set, as distributions do for reproducible builds.
    env.pop("SOURCE_DATE_EPOCH", None)
    return env


def _cuda_compiler() -> str | None:
    if found := shutil.which("nvcc"):
        return found
    home = Path(os.environ.get("CUDA_HOME") or os.environ.get("CUDA_PATH") or "/usr/local/cuda")
    return shutil.which("nvcc", path=str(home / "bin"))


def _vulkan_device() -> bool:
    return _answers(["vulkaninfo", "--summary"], "deviceName", without="llvmpipe")


def _answers(command: list[str], needle: str, without: str | None = None) -> bool:
    if not shutil.which(command[0]):
        return False
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    lines = [line for line in result.stdout.splitlines() if needle in line]
    return result.returncode == 0 and any(without is None or without not in line for line in lines)
