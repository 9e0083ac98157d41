"""A data folder with the quick deterministic models, a command line on it, and a folder for documents."""

import json
from pathlib import Path

import pytest

from tests.bad_input.processes import write_settings
from tests.rag.cli.conftest import carrel

__all__ = ["carrel"]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return write_settings(tmp_path / "data")


@pytest.fixture
def ocr_off(data_dir: Path) -> None:
    """Leave pages that are pictures unread, as where no engine is installed."""
    file = data_dir / "settings.json"
    stored = json.loads(file.read_text("utf-8"))
    stored["settings"]["ocr_engine"] = "off"
    file.write_text(json.dumps(stored), "utf-8")


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    """A folder with one good document about a crane."""
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "crane.txt").write_text("The crane lifts at most 3.2 tonnes, and never in a gale.\n", "utf-8")
    return folder


@pytest.fixture
def stored_settings(data_dir: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((data_dir / "settings.json").read_text("utf-8"))["settings"]
    return found
