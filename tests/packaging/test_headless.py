"""The core and the command line work on a machine without PySide6."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

BLOCK = """
import sys

class NoQt:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("PySide6", "shiboken6"):
            raise ModuleNotFoundError(f"No module named {name!r} (blocked)", name=name)

sys.meta_path.insert(0, NoQt())
"""


@pytest.mark.parametrize("module", ["inference.api", "rag.api", "rag.cli.main"])
def test_imports_without_pyside(module: str) -> None:
    run_without_qt(f"import {module}")


def test_commands_run_without_pyside() -> None:
    output = run_without_qt("from carrel.launcher import main; sys.exit(main(['collections', '--json']))")
    assert output.startswith("{")


@pytest.mark.parametrize("module", ["inference.api", "rag.api", "rag.cli.main"])
def test_heavy_libraries_are_not_imported_at_start(module: str) -> None:
    heavy = ["torch", "transformers", "sentence_transformers", "onnxruntime", "chromadb", "llama_cpp"]
    output = run_without_qt(f"import {module}; print([name for name in {heavy} if name in sys.modules])")
    assert output.strip() == "[]"


def run_without_qt(code: str) -> str:
    command = [sys.executable, "-c", BLOCK + code]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)
    assert result.returncode == 0, result.stderr
    return result.stdout
