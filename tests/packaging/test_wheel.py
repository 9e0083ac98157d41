"""The wheel puts `carrel` into site-packages and nothing else; a checkout runs without being installed twice."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return next(folder.glob("carrel-*.whl"))


def test_only_carrel_goes_to_site_packages(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert {name for name in tops if not name.endswith(".dist-info")} == {"carrel"}
    assert len(tops) == 2


def test_the_program_lies_whole_under_the_bundle(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {"carrel/__init__.py", "carrel/__main__.py", "carrel/launcher.py"} <= names
    for package in ("gui", "rag", "inference"):
        for path in (ROOT / package).rglob("*.py"):
            assert f"carrel/bundle/{path.relative_to(ROOT).as_posix()}" in names
    assert "carrel/bundle/resources/licences.json" in names
    assert not [name for name in names if "__pycache__" in name]


def test_the_unpacked_wheel_runs_its_own_copy(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    code = (
        "import sys; sys.path[:] = [sys.argv[2], *(p for p in sys.path if p not in ('', sys.argv[1]))]\n"
        "from carrel import launcher; launcher._find_program(); import inference, rag; print(inference.__file__)"
    )
    command = [sys.executable, "-c", code, str(ROOT), str(tmp_path)]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert Path(result.stdout.strip()).is_relative_to(tmp_path / "carrel" / "bundle")


def test_packaging_is_no_package_of_ours() -> None:
    # With an __init__.py the folder would shadow the library `packaging`.
    assert not (ROOT / "packaging" / "__init__.py").exists()
