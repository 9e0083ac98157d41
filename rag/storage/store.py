"""What all parts of the library share: the database, and lists as SQL values."""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import apsw

from rag.storage.database import Database

Row = tuple[Any, ...]
Value = str | bytes | int | float | None


class Store:
    """A part of the library, standing on the one database."""

    def __init__(self, db: Database) -> None:
        self.db = db


def fetch(connection: apsw.Connection, statement: str, values: Sequence[Value] | Mapping[str, Value] = ()) -> list[Row]:
    """Return all rows of a statement."""
    return connection.execute(statement, values).fetchall()


def id_list(ids: Iterable[int]) -> str:
    """Return ids as JSON, for `IN (SELECT value FROM json_each(?))`: one statement for any number of them."""
    return json.dumps([int(number) for number in ids])


def now() -> float:
    """Return the seconds since 1970, as times are stored."""
    return time.time()


def moment(seconds: float) -> datetime:
    """Return a stored time, in UTC."""
    return datetime.fromtimestamp(seconds, UTC)
