"""The core's settings: one frozen dataclass, each field with its range and meaning in the metadata, and its file.

The settings table in the docs, the command line and the preferences are made from these fields, so a setting is
described here and nowhere else. The file is JSON, replaced atomically; what it does not name has its default.
"""

import json
import os
import types
from dataclasses import Field, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

from rag.errors import SettingsError
from rag.storage.failures import file_failures

FORMAT_VERSION = 1


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
    passage_tokens: int = setting(
        254,
        "The longest passage, in tokens; shorter ones are more exact, longer ones tell more.",
        minimum=64,
        maximum=512,
        expert=True,
    )
    chat_model: str | None = setting(None, "The model that writes answers: a name or a file; none means the built-in.")
    context_tokens: int | None = setting(
        None,
        "How much text the model sees at once; none means: what fits.",
        minimum=512,
        maximum=1_048_576,
        expert=True,
    )
    passages_per_answer: int = setting(
        6, "How many passages an answer is written from, as far as they fit.", minimum=1, maximum=50
    )
    answer_tokens: int = setting(320, "The longest answer, in tokens.", minimum=16, maximum=8192, expert=True)
    temperature: float = setting(
        0.0, "0 answers the same question the same way each time.", minimum=0.0, maximum=2.0, expert=True
    )
    seed: int | None = setting(None, "Makes random choices repeatable.", minimum=0, maximum=2**32 - 1, expert=True)
    parse_timeout_s: int = setting(
        120,
        "The longest time for one step of reading a file: a page, a member; the whole file where it has no steps.",
        minimum=5,
        maximum=3600,
    )
    parse_memory_mb: int = setting(2048, "The most memory that reading one file may take.", minimum=256, maximum=65_536)
    max_file_mb: int = setting(2048, "Larger files are not read.", minimum=1, maximum=65_536)
    watch_folders: bool = setting(
        True, "Notice new, changed and deleted files at once, while the window is open; else when it is opened next."
    )
    undo_s: int = setting(
        600, "How many seconds what was removed can come back; then every trace of it goes.", minimum=0, maximum=604_800
    )
    keep_quotes: bool = setting(
        False, "Keep the quotes in chats from documents that were removed; else they become “source removed”."
    )
    on_battery: str = setting(
        "slow", "What reading and embedding do while the computer runs on battery.", choices=("full", "slow", "pause")
    )
    ocr_engine: str = setting(
        "auto",
        "What reads pages that are pictures: auto takes Tesseract where it is installed, and RapidOCR for what that "
        "cannot read; off leaves them unread.",
        choices=("auto", "tesseract", "rapidocr", "off"),
    )
    ocr_languages: tuple[str, ...] = setting(
        (), "Languages of pictured pages, as Tesseract names them (eng, deu); none means: a guess.", expert=True
    )
    models_at_start: bool = setting(
        True, "Load the models when the window opens, so that the first answer comes at once; else when first needed."
    )
    model_files: tuple[str, ...] = setting((), "Model files that were added by hand.")


def load_settings(path: Path) -> RagSettings:
    """Return the settings in a file, or the defaults where there is none; raises `SettingsError` naming the setting."""
    try:
        stored = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return RagSettings()
    except (OSError, ValueError, RecursionError) as exc:
        raise SettingsError(
            f"The settings file {path.name} cannot be read: {exc}.",
            remedy="Mend it, or delete it to start with the default settings.",
            path=path,
        ) from exc
    if not isinstance(stored, dict) or not isinstance(stored.get("settings"), dict):
        raise SettingsError(
            f"The settings file {path.name} does not hold settings.",
            remedy="Delete it to start with the default settings.",
            path=path,
        )
    return _checked(stored["settings"], path)


def save_settings(settings: RagSettings, path: Path) -> None:
    """Write the settings so that the file is always either the old one or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    text = json.dumps({"version": FORMAT_VERSION, "settings": asdict(settings)}, indent=2, ensure_ascii=False)
    with file_failures(path):
        temporary.write_text(text + "\n", "utf-8")
        temporary.replace(path)


def _checked(stored: dict[str, object], path: Path | None) -> RagSettings:
    hints = get_type_hints(RagSettings)
    known = {each.name: each for each in fields(RagSettings)}
    values = {
        name: _checked_value(known[name], hints[name], value, path) for name, value in stored.items() if name in known
    }
    return RagSettings(**values)


def check_settings(**values: object) -> None:
    """Raise `SettingsError` if one of these values is not allowed for the setting of that name."""
    known = {each.name for each in fields(RagSettings)}
    for name in values:
        if name not in known:
            raise SettingsError(f"There is no setting {name!r}.", remedy="See the list of settings in the docs.")
    _checked(dict(values), None)


def _checked_value(declared: Field[Any], hint: object, value: object, path: Path | None) -> Any:
    if isinstance(value, list):
        value = tuple(value)
    metadata = declared.metadata
    minimum, maximum, choices = metadata.get("minimum"), metadata.get("maximum"), metadata.get("choices")
    fits = _has_type(value, hint)
    if fits and isinstance(value, int | float):
        fits = (minimum is None or value >= minimum) and (maximum is None or value <= maximum)
    if fits and choices:
        fits = value in choices
    if not fits:
        raise SettingsError(
            f"The setting {declared.name!r} cannot be {value!r}.", remedy=_allowed(declared, hint), path=path
        )
    return value


def _has_type(value: object, hint: object) -> bool:
    if isinstance(hint, types.UnionType):
        return any(_has_type(value, part) for part in get_args(hint))
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if hint is type(None) or hint is None:
        return value is None
    if hint == tuple[str, ...]:
        return isinstance(value, tuple) and all(isinstance(part, str) for part in value)
    return isinstance(hint, type) and isinstance(value, hint)


def _allowed(declared: Field[Any], hint: object) -> str:
    metadata = declared.metadata
    if metadata.get("choices"):
        return f"Use one of: {', '.join(metadata['choices'])}."
    if metadata.get("minimum") is not None:
        return f"Use a number from {metadata['minimum']} to {metadata['maximum']}."
    name = getattr(hint, "__name__", str(hint)) if isinstance(hint, type) else str(hint)
    return f"Use a value of this kind: {name}."
