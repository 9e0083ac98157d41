"""How passages are cut for an embedding model, and by what name documents and indexes remember it."""

from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Protocol

from rag.ingestion.chunking import TARGET_TOKENS, ChunkingOptions, chunking_identity, index_name


class ModelFacts(Protocol):
    """What has to be known of an embedding model: its identity, and how to cut passages for it."""

    @property
    def identity(self) -> str: ...

    @property
    def max_tokens(self) -> int: ...

    @property
    def tokenizer_file(self) -> Path | None: ...


@dataclass(frozen=True)
class Cutting:
    """How passages are cut for the embedding model in use; without one, for a guess at it."""

    options: ChunkingOptions
    tokenizer_file: Path | None
    embedder: str = ""

    @classmethod
    def for_model(cls, facts: ModelFacts | None, passage_tokens: int = TARGET_TOKENS) -> "Cutting":
        if facts is None:
            return cls(ChunkingOptions(max_tokens=254, target_tokens=passage_tokens), None)
        options = ChunkingOptions(max_tokens=facts.max_tokens, target_tokens=passage_tokens)
        return cls(options, facts.tokenizer_file, facts.identity)

    @property
    def index_name(self) -> str:
        """The name under which an index of passages cut in this way goes."""
        return index_name(self.options.target_tokens)

    @property
    def identity(self) -> str:
        """What documents remember of how they were cut, and for which embedding model."""
        cut = chunking_identity(self.options, self.tokenizer_file)
        return f"{cut}-{blake2b(self.embedder.encode(), digest_size=4).hexdigest()}"
