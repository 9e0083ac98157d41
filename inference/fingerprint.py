"""Recognises a large file without reading all of it, and remembers in a small JSON file what was found out about it."""

import hashlib
import json
import logging
import os
import tempfile
from pathlib import Path

_SAMPLE_BYTES = 1 << 20
_log = logging.getLogger(__name__)


def fingerprint(path: Path) -> str:
    """Return a key that changes when the file does: size, time of change, and a hash of its first and last megabyte."""
    facts = path.stat()
    digest = hashlib.sha256(f"{facts.st_size}:{facts.st_mtime_ns}".encode())
    with path.open("rb") as file:
        digest.update(file.read(_SAMPLE_BYTES))
        file.seek(max(0, facts.st_size - _SAMPLE_BYTES))
        digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()


def sha256(path: Path) -> str:
    """Return the SHA-256 of the whole file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class FactFile:
    """Short texts by key, kept in one JSON file; a lost or spoilt file only means finding out again.

    Args:
        path: The file; its folder is made when something is written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, key: str) -> str | None:
        return self._read().get(key)

    def put(self, key: str, value: str) -> None:
        """Remember a fact; a folder that cannot be written is noted in the log and otherwise ignored."""
        facts = {**self._read(), key: value}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.name)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(facts, file, indent=1)
            Path(temporary).replace(self._path)
        except OSError as exc:
            _log.info("%s cannot be written: %s", self._path, exc)

    def _read(self) -> dict[str, str]:
        try:
            facts = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(facts, dict):
            return {}
        return {key: value for key, value in facts.items() if isinstance(value, str)}
