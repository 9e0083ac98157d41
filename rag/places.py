"""Where things lie: the data folder, the cache, and the names inside them."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from rag.errors import FolderNotWritable, UnreadableFile

APP_NAME = "carrel"


def default_data_dir() -> Path:
    """Return `CARREL_DATA_DIR`, or the usual place of this system for a program's data."""
    if chosen := os.environ.get("CARREL_DATA_DIR"):
        return Path(chosen)
    from platformdirs import user_data_dir

    return Path(user_data_dir(APP_NAME, appauthor=False))


def cache_dir() -> Path:
    """Return `CARREL_CACHE_DIR`, or the usual place for what can be made again."""
    if chosen := os.environ.get("CARREL_CACHE_DIR"):
        return Path(chosen)
    from platformdirs import user_cache_dir

    return Path(user_cache_dir(APP_NAME, appauthor=False))


def prepare_data_dir(data_dir: Path | None) -> Path:
    """Return the data folder, made for this user alone if it was not there; raises `FolderNotWritable`."""
    folder = (data_dir or default_data_dir()).expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        writable = os.access(folder, os.W_OK)
    except OSError as exc:
        raise _not_writable(folder, exc.strerror or str(exc)) from exc
    if not writable:
        raise _not_writable(folder, "writing is not permitted")
    return folder


def _not_writable(folder: Path, why: str) -> FolderNotWritable:
    return FolderNotWritable(
        f"The data folder {folder} cannot be used: {why}.",
        remedy="Give yourself the right to write there, or name another folder with --data-dir.",
        path=folder,
    )


def library_file(data_dir: Path) -> Path:
    return data_dir / "library.db"


def vectors_folder(data_dir: Path) -> Path:
    return data_dir / "vectors"


def models_folder(data_dir: Path) -> Path:
    return data_dir / "models"


def settings_file(data_dir: Path) -> Path:
    return data_dir / "settings.json"


def paths_key(paths: Sequence[Path]) -> str:
    """Return the name under which the ad-hoc collection of exactly these paths is remembered."""
    digest = hashlib.blake2b(digest_size=12)
    for path in sorted(paths):
        digest.update(os.fsencode(path) + b"\0")
    return f"paths-{digest.hexdigest()}"


def require_paths(paths: Sequence[Path]) -> None:
    """Raise `UnreadableFile` for the first path that is not there, or may not be looked at."""
    for path in paths:
        try:
            path.stat()
        except FileNotFoundError as exc:
            raise UnreadableFile(
                f"There is no file or folder {path}.", remedy="Check the name, or connect its disk.", path=path
            ) from exc
        except OSError as exc:
            raise UnreadableFile(
                f"{path} cannot be reached: {exc.strerror}.",
                remedy="Check the name, and that you may read its folder.",
                path=path,
            ) from exc


def whole_path(path: Path, start: Path | None = None) -> Path:
    """Return a path as it is kept: from the root, links followed; raises `UnreadableFile` for what is no path."""
    try:
        return ((start or Path.cwd()) / path.expanduser()).resolve()
    except (OSError, RuntimeError, ValueError) as exc:
        # A loop of links, a home folder of nobody, a NUL in the name.
        shown = str(path).replace("\0", "\\0")
        raise UnreadableFile(f"{shown} is no usable path: {exc}.", remedy="Check the name.", path=path) from exc
