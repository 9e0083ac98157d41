"""Reads JSON of strangers field by field: each value is what its format says, or `Malformed` says what is wrong."""

import base64
import binascii
import json
import math
import re
from collections.abc import Sequence
from typing import Any

_SURROGATES = re.compile("[\ud800-\udfff]")
_HEXADECIMAL = re.compile(r"[0-9a-f]+")


class Malformed(Exception):
    """Something in a bundle is not as the format says; the text tells what."""


def parse_json(data: bytes) -> Any:
    """Return what JSON says; raises `Malformed` for what is no JSON, and for numbers that are none."""
    try:
        return json.loads(data.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as exc:
        raise Malformed("it is no JSON") from exc


def _refuse_constant(name: str) -> float:
    raise ValueError(name)


class Fields:
    """A JSON object of which each field is taken once, and checked."""

    def __init__(self, value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise Malformed(f"{where} is no JSON object")
        self._values: dict[str, Any] = dict(value)
        self._where = where

    def nothing_else(self) -> None:
        """Refuse fields that the format does not know."""
        if self._values:
            raise Malformed(f"{self._where} has a field too many: {min(self._values)[:40]!r}")

    def text(self, name: str, longest: int) -> str:
        value = self._take(name)
        if not isinstance(value, str) or len(value) > longest:
            raise self._wrong(name)
        if not value.isascii() and _SURROGATES.search(value):
            raise self._wrong(name)
        return value

    def optional_text(self, name: str, longest: int) -> str | None:
        return None if self._is_null(name) else self.text(name, longest)

    def choice(self, name: str, choices: Sequence[str]) -> Any:
        value = self._take(name)
        if value not in choices:
            raise self._wrong(name)
        return value

    def boolean(self, name: str) -> bool:
        value = self._take(name)
        if not isinstance(value, bool):
            raise self._wrong(name)
        return value

    def integer(self, name: str, least: int, most: int) -> int:
        value = self._take(name)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self._wrong(name)
        return value

    def optional_integer(self, name: str, least: int, most: int) -> int | None:
        return None if self._is_null(name) else self.integer(name, least, most)

    def number(self, name: str, least: float, most: float) -> float:
        value = self._take(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._wrong(name)
        if not math.isfinite(value) or not least <= value <= most:
            raise self._wrong(name)
        return float(value)

    def optional_number(self, name: str, least: float, most: float) -> float | None:
        return None if self._is_null(name) else self.number(name, least, most)

    def integers(self, name: str, least: int, most: int) -> tuple[int, ...]:
        found = self._list(name)
        if not all(type(each) is int and least <= each <= most for each in found):
            raise self._wrong(name)
        return tuple(found)

    def texts(self, name: str, longest: int) -> tuple[str, ...]:
        found = self._list(name)
        if not all(isinstance(each, str) and len(each) <= longest for each in found):
            raise self._wrong(name)
        if any(_SURROGATES.search(each) for each in found):
            raise self._wrong(name)
        return tuple(found)

    def hexadecimal(self, name: str, length: int) -> str:
        value = self._take(name)
        if not isinstance(value, str) or len(value) != length or not _HEXADECIMAL.fullmatch(value):
            raise self._wrong(name)
        return value

    def digest(self, name: str) -> str:
        return self.hexadecimal(name, 64)

    def optional_bytes(self, name: str, longest: int) -> bytes:
        """Return Base64 as bytes, nothing for null."""
        if self._is_null(name):
            return b""
        value = self._take(name)
        if not isinstance(value, str) or len(value) > longest * 4 // 3 + 4:
            raise self._wrong(name)
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError) as exc:
            raise self._wrong(name) from exc

    def bytes_or_text(self, name: str, longest: int) -> bytes | str:
        """Return a text, or the bytes of {"bytes": Base64}."""
        if isinstance(self._values.get(name), str):
            return self.text(name, longest)
        inner = self.inner(name)
        value = inner.optional_bytes("bytes", longest)
        inner.nothing_else()
        return value

    def rows(self, name: str, width: int) -> list[list[Any]]:
        """Return a list of lists of this length, whose values are to be checked by `as_integer` and `as_text`."""
        found = self._list(name)
        if not all(isinstance(each, list) and len(each) == width for each in found):
            raise self._wrong(name)
        return found

    def as_integer(self, name: str, value: Any, least: int, most: int) -> int:
        if type(value) is not int or not least <= value <= most:
            raise self._wrong(name)
        return value

    def as_text(self, name: str, value: Any) -> str:
        if not isinstance(value, str) or _SURROGATES.search(value):
            raise self._wrong(name)
        return value

    def optional_inner(self, name: str) -> "Fields | None":
        return None if self._is_null(name) else self.inner(name)

    def inner(self, name: str) -> "Fields":
        return Fields(self._take(name), f"{self._where}: “{name}”")

    def inners(self, name: str) -> "list[Fields]":
        return [Fields(each, f"{self._where}: “{name}”") for each in self._list(name)]

    def wrong(self, name: str) -> Malformed:
        """Return the error for a field whose value does not fit the others."""
        return self._wrong(name)

    def _list(self, name: str) -> list[Any]:
        value = self._take(name)
        if not isinstance(value, list):
            raise self._wrong(name)
        return value

    def _is_null(self, name: str) -> bool:
        if name not in self._values or self._values[name] is not None:
            return False
        del self._values[name]
        return True

    def _take(self, name: str) -> Any:
        if name not in self._values:
            raise Malformed(f"{self._where} lacks “{name}”")
        return self._values.pop(name)

    def _wrong(self, name: str) -> Malformed:
        return Malformed(f"{self._where} has an impossible “{name}”")
