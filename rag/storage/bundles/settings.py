"""The settings of a collection in its bundle: the names of the folders that it was made from."""

import json

from rag.storage.bundles.checks import Fields, parse_json
from rag.storage.bundles.names import folder_labels
from rag.storage.library import Library
from rag.storage.text import storable

_LONGEST = 4_096


def settings_bytes(library: Library, collection_id: int) -> bytes:
    """Return the member `settings.json`."""
    folders = [storable(label) for label in folder_labels(library.roots(collection_id))]
    return json.dumps({"folders": folders}, ensure_ascii=False, indent=1).encode()


def read_settings(data: bytes) -> tuple[str, ...]:
    """Return the names of the folders; raises `Malformed`."""
    fields = Fields(parse_json(data), "settings.json")
    folders = fields.texts("folders", _LONGEST)
    fields.nothing_else()
    return folders
