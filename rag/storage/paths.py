"""Paths as SQLite values: text where the name is valid Unicode, else the bytes of the file system.

Names on Linux are bytes; Python shows those that are no UTF-8 with lone surrogates, which SQLite's text cannot hold.
"""

import os
from pathlib import Path

SqlPath = str | bytes


def path_to_sql(path: Path) -> SqlPath:
    """Return `path` as a value for a column without type affinity."""
    name = os.fspath(path)
    try:
        name.encode()
    except UnicodeEncodeError:
        return os.fsencode(name)
    return name


def path_from_sql(value: SqlPath) -> Path:
    """Return the path that `path_to_sql` stored."""
    return Path(os.fsdecode(value))
