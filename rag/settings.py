"""The core's settings: one frozen dataclass, each field with its range and meaning in the metadata.

The settings table in the docs, the command line and the preferences are made from these fields, so a setting is
described here and nowhere else.
"""

from dataclasses import dataclass, field
from typing import Any


def setting(
    default: Any,
    description: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] = (),
    expert: bool = False,
) -> Any:
    """Declare a field of a settings dataclass with what people need to know about it."""
    metadata = {"description": description, "minimum": minimum, "maximum": maximum, "choices": choices}
    return field(default=default, metadata={**metadata, "expert": expert})


@dataclass(frozen=True)
class RagSettings:
    """How documents are read and questions are answered."""

    embedding_model: str = setting("all-MiniLM-L6-v2", "The model that finds passages by meaning: a name or a folder.")
    chat_model: str | None = setting(None, "The model that writes answers: a name or a file; none means the built-in.")
    context_tokens: int | None = setting(
        None, "How much text the model sees at once; none means: what fits.", minimum=512, maximum=1_048_576, expert=True
    )
    passages_per_answer: int = setting(
        6, "How many passages an answer is written from, as far as they fit.", minimum=1, maximum=50
    )
    answer_tokens: int = setting(320, "The longest answer, in tokens.", minimum=16, maximum=8192, expert=True)
    temperature: float = setting(
        0.0, "0 answers the same question the same way each time.", minimum=0.0, maximum=2.0, expert=True
    )
    seed: int | None = setting(None, "Makes random choices repeatable.", minimum=0, maximum=2**32 - 1, expert=True)
    parse_timeout_s: int = setting(120, "The longest time that one file may take to read.", minimum=5, maximum=3600)
    parse_memory_mb: int = setting(2048, "The most memory that reading one file may take.", minimum=256, maximum=65_536)
    max_file_mb: int = setting(512, "Larger files are not read.", minimum=1, maximum=65_536)
