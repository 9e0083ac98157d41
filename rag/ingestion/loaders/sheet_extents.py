"""How far the sheets of an Excel workbook reach, found by looking for the names of cells in their XML."""

import re
from pathlib import Path, PurePosixPath

from rag.ingestion.loaders.packages import SafePackage, open_package, unpacks_too_large

_KIND = "a spreadsheet"
_SHEET_BYTES = 1 << 30
_OVERLAP = 200
_ROW = re.compile(rb"<(?:\w{1,9}:)?row\b[^<>]{0,150}?\br=\"(\d{1,9})\"")
_FAR_COLUMN = re.compile(rb"\br=\"([A-Z]{2,9})\d")
_REPEATED = re.compile(rb"number-(?:columns|rows)-repeated=\"(\d{1,20})\"")
_MOST_REPEATED = 1 << 21
_RELATIONS = "xl/_rels/workbook.xml.rels"
_RELATION_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def check_sheets(data: bytes, path: Path, most_cells: int) -> dict[str, int]:
    """Return the sheets that reach over more cells than can be read, and over how many.

    Every member is unpacked once, so that none is larger than it says.

    Raises:
        DocumentError: The package is damaged, or unpacks to too much.
    """
    if not data.startswith(b"PK"):
        return {}
    with open_package(data, path, kind=_KIND) as package:
        names = _sheet_names(package)
        too_far: dict[str, int] = {}
        for member in package.names:
            cells = _reach(package, member, path)
            if cells > most_cells and member in names:
                too_far[names[member]] = cells
        return too_far


def _reach(package: SafePackage, member: str, path: Path) -> int:
    """Return how many cells the rectangle around a sheet's cells has; 0 for a member that is no sheet."""
    sheet = member.startswith("xl/worksheets/") and member.endswith(".xml")
    rows, column, tail = 1, b"Z", b""
    for piece in package.pieces(member, _SHEET_BYTES):
        if sheet:
            text = tail + piece
            rows = max(rows, max(map(int, _ROW.findall(text)), default=0))
            column = max(column, max(_FAR_COLUMN.findall(text), key=_order, default=b"A"), key=_order)
            tail = text[-_OVERLAP:]
        elif member == "content.xml" and any(int(count) > _MOST_REPEATED for count in _REPEATED.findall(piece)):
            raise unpacks_too_large(path, _SHEET_BYTES)
    return rows * _column_number(column) if sheet else 0


def _order(column: bytes) -> tuple[int, bytes]:
    return len(column), column


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _sheet_names(package: SafePackage) -> dict[str, str]:
    """Return the sheet's name for each member that holds one."""
    if "xl/workbook.xml" not in package or _RELATIONS not in package:
        return {}
    targets = {
        each.get("Id"): str(PurePosixPath("/xl", each.get("Target") or "")).lstrip("/")
        for each in package.xml(_RELATIONS)
    }
    sheets = package.xml("xl/workbook.xml").iter("{*}sheet")
    return {targets.get(each.get(_RELATION_ID)) or "": each.get("name") or "" for each in sheets}
