"""The settings of a collection in its bundle: the names of its folders, and which of their files are wanted."""

import json
from dataclasses import asdict

from rag.storage.bundles.checks import Fields, parse_json
from rag.storage.bundles.names import folder_labels
from rag.storage.library import Library
from rag.storage.text import storable
from rag.types import FolderRules

_LONGEST = 4_096
_MOST_MB = 1e9


def settings_bytes(library: Library, collection_id: int) -> bytes:
    """Return the member `settings.json`."""
    folders = [storable(label) for label in folder_labels(library.roots(collection_id))]
    rules = asdict(library.rules_of(collection_id))
    return json.dumps({"folders": folders, "rules": rules}, ensure_ascii=False, indent=1).encode()


def read_settings(data: bytes) -> FolderRules:
    """Return which files are wanted, should the collection get folders again; raises `Malformed`."""
    fields = Fields(parse_json(data), "it")
    fields.texts("folders", _LONGEST)
    rules = fields.inner("rules")
    fields.nothing_else()
    read = FolderRules(
        rules.texts("patterns", _LONGEST),
        rules.boolean("hidden"),
        rules.optional_number("max_size_mb", 0, _MOST_MB),
        rules.texts("suffixes", 100),
    )
    rules.nothing_else()
    return read
