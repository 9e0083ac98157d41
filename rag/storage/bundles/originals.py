"""The documents that bundles brought along: where they lie, and what of them belongs to nobody any more."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from rag.storage.library import Library


def originals_folder(data_dir: Path) -> Path:
    """Return where the files of bundles lie, in a folder for each by the bundle's id."""
    return data_dir / "originals"


def sweep_originals(library: Library, data_dir: Path) -> None:
    """Delete the files of collections that are gone for good, and files that left theirs; any thread."""
    attachments = library.attachments_kept()
    for folder in entries(originals_folder(data_dir)):
        if folder.name not in attachments:
            shutil.rmtree(folder, ignore_errors=True)
        elif not attachments[folder.name]:
            _sweep(folder, {os.fspath(path) for path in library.paths_below(folder)})


def entries(folder: Path) -> list[Path]:
    """Return what is in a folder; nothing if it is not there."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _sweep(folder: Path, wanted: set[str]) -> None:
    for parent, _, names in os.walk(folder, topdown=False):
        for name in names:
            path = Path(parent) / name
            if os.fspath(path) not in wanted:
                with suppress(OSError):
                    path.unlink()
        with suppress(OSError):
            Path(parent).rmdir()
