"""A command line on a data folder of its own, with the quick deterministic models unless a test wants the real ones."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rag.cli.main import main


@dataclass
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on stdout."""
        lines = self.out.splitlines()
        assert len(lines) == 1, f"stdout holds {len(lines)} lines"
        return json.loads(lines[0])


Carrel = Callable[..., Outcome]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    settings = {"embedding_model": "hashing", "chat_model": "echo"}
    (folder / "settings.json").write_text(json.dumps({"version": 1, "settings": settings}))
    return folder


@pytest.fixture
def carrel(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> Carrel:
    def run(*words: object) -> Outcome:
        capsys.readouterr()
        code = main(["--data-dir", str(data_dir), *map(str, words)])
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three small documents that differ."""
    made = tmp_path / "Harbour papers"
    made.mkdir()
    (made / "tides.md").write_text("# Tides\n\nHigh water at the quay is at 06:40 on Monday.\n", "utf-8")
    (made / "crane.txt").write_text("The crane lifts at most 3.2 tonnes, and never in a gale.\n", "utf-8")
    (made / "ferry.html").write_text(
        "<html><body><h1>Ferry</h1><p>The ferry leaves at noon and costs nine crowns.</p></body></html>", "utf-8"
    )
    return made
