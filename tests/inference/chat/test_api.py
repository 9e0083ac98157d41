"""The face of the package: whole, and light to import."""

import ast
import subprocess
import sys
from pathlib import Path

from inference import api

HEAVY = ("llama_cpp", "jinja2", "torch", "transformers", "sentence_transformers", "onnxruntime", "tokenizers", "gguf")


def test_everything_imported_is_exported() -> None:
    tree = ast.parse(Path(api.__file__).read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    names = {alias.asname or alias.name for node in imports for alias in node.names}
    assert names == set(api.__all__)


def test_importing_loads_no_model_library() -> None:
    code = f"import sys, inference.api; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert done.stdout.strip() == "[]"
