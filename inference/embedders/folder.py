"""Reads what a sentence-transformers or Hugging Face folder says of its model, without loading it.

Nothing here imports a heavy library: these facts are needed to name a model, to key its vectors, and to refuse a folder
with a clear message before a child process is started for it.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from inference.embedders.errors import EmbeddingModelUnusable, UnsafeModel
from inference.errors import ModelNotFound
from inference.types import TextKind

ONNX_FILE = Path("onnx", "model.onnx")
MANIFEST = "carrel.json"
Pooling = Literal["mean", "cls", "other"]

# Tried in this order, as sentence-transformers does in `encode_document`.
_PASSAGE_PROMPTS = ("document", "passage", "corpus")
_PICKLED = ("pytorch_model*.bin", "*.pt", "*.pth", "*.ckpt")
_FALLBACK_LENGTH = 512
_UNSET_LENGTH = 100_000
_READ_BYTES = 1 << 20
_REMEDY = "Choose a folder that holds a sentence-transformers or Hugging Face model, or use all-MiniLM-L6-v2."


@dataclass(frozen=True)
class ModelFacts:
    """What a model's folder says of it.

    Attributes:
        max_length: Tokens that the model reads, its special tokens included.
        simple: Nothing follows the encoder but mean or first-token pooling and normalising.
        prefixes: What is put in front of a text of each kind.
    """

    name: str
    folder: Path
    max_length: int
    pooling: Pooling
    simple: bool
    lower_case: bool
    prefixes: dict[TextKind, str]
    languages: tuple[str, ...]


def read_facts(folder: Path) -> ModelFacts:
    """Return the facts of a model's folder; raises `ModelNotFound` or `EmbeddingModelUnusable`."""
    _require_folder(folder)
    modules = read_list(folder / "modules.json")
    encoder = folder / _module_path(modules, "Transformer")
    pooling = read_object(folder / _module_path(modules, "Pooling", default="1_Pooling") / "config.json")
    sentences = read_object(encoder / "sentence_bert_config.json")
    known = all(_module_kind(module) in {"Transformer", "Pooling", "Normalize"} for module in modules)
    prefixes = _prefixes(folder)
    return ModelFacts(
        name=str(read_object(folder / MANIFEST).get("name", folder.name)),
        folder=folder,
        max_length=_max_length(encoder, sentences),
        pooling=_pooling(pooling),
        simple=known and (pooling.get("include_prompt", True) is True or not any(prefixes.values())),
        lower_case=sentences.get("do_lower_case") is True,
        prefixes=prefixes,
        languages=_languages(folder),
    )


def revision_of(facts: ModelFacts, weights_hash: str) -> str:
    """Return a short name that changes whenever the vectors would."""
    rules = [facts.max_length, facts.pooling, facts.lower_case, sorted(facts.prefixes.items())]
    return hashlib.sha256(json.dumps([weights_hash, *rules]).encode()).hexdigest()[:16]


def hash_of(files: list[Path]) -> str:
    """Return the SHA-256 of the files' bytes, one after the other."""
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while block := stream.read(_READ_BYTES):
                digest.update(block)
    return digest.hexdigest()


def safe_weights(folder: Path) -> list[Path]:
    """Return the weight files; raises `UnsafeModel` where reading the model would run code from the folder."""
    if "auto_map" in read_object(folder / "config.json"):
        raise UnsafeModel(
            f"The model in {folder} wants to run program code of its own.",
            remedy="Choose a model that needs no code of its own.",
            path=folder,
        )
    if weights := sorted(folder.rglob("*.safetensors")):
        return weights
    if any(file for pattern in _PICKLED for file in folder.rglob(pattern)):
        raise UnsafeModel(
            f"The weights in {folder} are stored in a form that can carry program code (pickle).",
            remedy="Choose a version of the model with .safetensors weights.",
            path=folder,
        )
    raise EmbeddingModelUnusable(f"The folder {folder} holds no .safetensors weights.", remedy=_REMEDY, path=folder)


def read_object(file: Path) -> dict[str, object]:
    """Return the JSON object in a file, empty if there is no such file; raises `EmbeddingModelUnusable`."""
    value = _read_json(file)
    return value if isinstance(value, dict) else {}


def read_list(file: Path) -> list[dict[str, object]]:
    """Return the JSON objects listed in a file, none if there is no such file; raises `EmbeddingModelUnusable`."""
    value = _read_json(file)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _read_json(file: Path) -> object:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as exc:
        raise EmbeddingModelUnusable(f"The file {file} cannot be read: {exc}", remedy=_REMEDY, path=file) from exc


def _require_folder(folder: Path) -> None:
    if not folder.exists():
        raise ModelNotFound(f"There is no folder {folder}.", remedy=_REMEDY, path=folder)
    if not folder.is_dir() or not ((folder / "modules.json").is_file() or (folder / "config.json").is_file()):
        raise EmbeddingModelUnusable(f"{folder} is no folder of a model.", remedy=_REMEDY, path=folder)


def _module_kind(module: dict[str, object]) -> str:
    return str(module.get("type", "")).rsplit(".", maxsplit=1)[-1]


def _module_path(modules: list[dict[str, object]], kind: str, default: str = "") -> str:
    return next((str(module.get("path", "")) for module in modules if _module_kind(module) == kind), default)


def _max_length(encoder: Path, sentences: dict[str, object]) -> int:
    """Return the shortest limit that is stated, as sentence-transformers would use it."""
    config, tokenizer = read_object(encoder / "config.json"), read_object(encoder / "tokenizer_config.json")
    stated = sentences.get("max_seq_length")
    limits = [stated] if stated else [config.get("max_position_embeddings"), tokenizer.get("model_max_length")]
    lengths = [int(limit) for limit in limits if isinstance(limit, int | float) and limit < _UNSET_LENGTH]
    return min(lengths, default=_FALLBACK_LENGTH)


def _pooling(config: dict[str, object]) -> Pooling:
    """Return the one way of pooling; without a word about it sentence-transformers takes the mean."""
    new_style = config.get("pooling_mode")
    chosen = {new_style} if new_style else {key for key, on in config.items() if key.startswith("pooling_") and on}
    if not config or chosen in ({"mean"}, {"pooling_mode_mean_tokens"}):
        return "mean"
    return "cls" if chosen in ({"cls"}, {"pooling_mode_cls_token"}) else "other"


def _prefixes(folder: Path) -> dict[TextKind, str]:
    config = read_object(folder / "config_sentence_transformers.json")
    prompts = config.get("prompts")
    prompts = prompts if isinstance(prompts, dict) else {}
    usual = str(prompts.get(config.get("default_prompt_name"), "") or "")
    passage = next((str(prompts[name]) for name in _PASSAGE_PROMPTS if prompts.get(name)), usual)
    return {"question": str(prompts.get("query") or usual), "passage": passage}


def _languages(folder: Path) -> tuple[str, ...]:
    """Return the languages named at the head of the model's README, if there are any."""
    stated = read_object(folder / MANIFEST).get("languages")
    if isinstance(stated, list):
        return tuple(str(language) for language in stated)
    try:
        head = (folder / "README.md").read_text(encoding="utf-8", errors="replace")[:4_000]
    except OSError:
        return ()
    found = re.search(r"^language:\s*(?:([\w-]+)\s*$|((?:\n\s*- *[\w-]+)+))", head, re.MULTILINE)
    return tuple(re.findall(r"[\w-]*\w", found.group(1) or found.group(2))) if found else ()
