"""System libraries and tools: what is missing, the command that installs it, and that command run when we may.

On Debian and Ubuntu as root the missing packages are installed; everywhere else they are named.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from devtools.progress import run_with_progress

# What Qt's xcb plug-in and its OpenGL and font layers load, with the Debian package that has it.
QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
}

# For package managers with names of their own: what set-up needs, and what reads scanned pages.
_ELSEWHERE = {
    "dnf": (
        "sudo dnf install gcc-c++ xorg-x11-server-Xvfb mesa-libEGL mesa-libGL libxkbcommon-x11"
        " xcb-util-cursor xcb-util-wm xcb-util-keysyms xcb-util-image xcb-util-renderutil fontconfig dbus-libs",
        "sudo dnf install tesseract tesseract-langpack-deu tesseract-langpack-fra tesseract-langpack-spa",
    ),
    "pacman": (
        "sudo pacman -S gcc xorg-server-xvfb libxkbcommon-x11 xcb-util-cursor xcb-util-wm xcb-util-keysyms",
        "sudo pacman -S tesseract tesseract-data-eng tesseract-data-deu tesseract-data-fra tesseract-data-spa",
    ),
}


class SetupError(Exception):
    """Set-up cannot go on; the message says what to do."""


@dataclass(frozen=True)
class Missing:
    """One thing that is not installed, and the package that brings it."""

    name: str
    package: str


def missing_libraries() -> list[Missing]:
    """Return Qt's system libraries that cannot be loaded (Linux only: elsewhere Qt brings them)."""
    if not sys.platform.startswith("linux"):
        return []
    return [Missing(name, package) for name, package in QT_LIBRARIES.items() if not _loads(name)]


def missing_tools(compiler: bool, display: bool) -> list[Missing]:
    """Return the tools that are not on the path: a C++ compiler, and Xvfb where there is no screen."""
    found: list[Missing] = []
    if compiler and not has_compiler():
        found.append(Missing("a C++ compiler", "g++"))
    if display and sys.platform.startswith("linux") and not shutil.which("Xvfb"):
        found.append(Missing("Xvfb (a screen in memory)", "xvfb"))
    return found


def missing_recognition() -> list[Missing]:
    """Return the program that reads scanned pages fastest, where it is not installed; the program runs without it."""
    if not sys.platform.startswith("linux") or shutil.which("tesseract"):
        return []
    packages = ("tesseract-ocr", "tesseract-ocr-deu", "tesseract-ocr-fra", "tesseract-ocr-spa")
    return [Missing("Tesseract (optional: reads scanned pages faster)", package) for package in packages]


def has_compiler() -> bool:
    """Tell whether something that compiles C++ is there."""
    if sys.platform == "win32":
        return _visual_studio_found()
    names = [os.environ.get("CXX", ""), "c++", "g++", "clang++"]
    return any(name and shutil.which(name.split()[0]) for name in names)


def install_or_name(missing: list[Missing]) -> list[Missing]:
    """Install what is missing where we may, print the command where we may not; returns what is still missing."""
    if not missing:
        return []
    packages = sorted({item.package for item in missing})
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        _apt_install(packages)
        return []
    names = dict.fromkeys(item.name for item in missing)
    print("Missing on this computer: " + ", ".join(names), file=sys.stderr)
    print("Install with:  " + install_command(packages), file=sys.stderr)
    return missing


def install_command(packages: list[str]) -> str:
    """Return the command a person types to install these Debian packages, or their like elsewhere."""
    if sys.platform == "darwin":
        return "xcode-select --install"
    if sys.platform == "win32":
        return "winget install Microsoft.VisualStudio.2022.BuildTools (with the C++ workload)"
    manager = next((name for name in _ELSEWHERE if shutil.which(name)), "")
    recognition = all(package.startswith("tesseract") for package in packages)
    return _ELSEWHERE[manager][recognition] if manager else "sudo apt-get install " + " ".join(packages)


def _apt_install(packages: list[str]) -> None:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    log = Path(os.environ.get("TMPDIR", "/tmp")) / "carrel-apt.log"
    update = subprocess.run(["apt-get", "update", "-qq"], env=env, capture_output=True, text=True, check=False)
    if update.returncode:
        print(f"apt-get update failed: {update.stderr.strip()[-300:]}", file=sys.stderr)
    apt = ["apt-get", "install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"]
    run_with_progress(f"Installing system packages ({len(packages)})", apt + packages, log, env)


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def _visual_studio_found() -> bool:
    if shutil.which("cl"):
        return True
    programs = os.environ.get("PROGRAMFILES(X86)", r"C:\Program Files (x86)")
    vswhere = Path(programs) / "Microsoft Visual Studio" / "Installer" / "vswhere.exe"
    if not vswhere.exists():
        return False
    component = "Microsoft.VisualStudio.Component.VC.Tools.x86.x64"
    command = [str(vswhere), "-products", "*", "-requires", component, "-property", "installationPath"]
    return bool(subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip())
