"""Spreadsheets of Excel and OpenDocument, through calamine: one page or more for each sheet, located by cells.

calamine holds a sheet as a full rectangle, so a sheet whose cells lie far apart would take all memory: how far a sheet
reaches is looked up in the file before it is read, and one that reaches too far is reported, not read.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from rag.ingestion.loaders.base import damaged_document, empty_document, has_words, loader_identity
from rag.ingestion.loaders.cell_values import cell_text
from rag.ingestion.loaders.contents import Contents
from rag.ingestion.loaders.odf_encryption import unlocked
from rag.ingestion.loaders.packages import encrypted_package
from rag.ingestion.loaders.sheet_extents import check_sheets
from rag.ingestion.loaders.sheet_pages import Row, SheetText, sheet_prefix
from rag.types import LoadedDocument, Page, Skipped

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook, SheetMetadata

MOST_CHARACTERS = 16_000_000
"""Of one workbook; more is no text that anybody asks about, and would take hours to embed."""
_MOST_CELLS = 40_000_000
_MOST_FILLED = 200_000
_KINDS = {"xl/workbook.xml": "xlsx", "xl/workbook.bin": "xlsb"}
_ODS = "application/vnd.oasis.opendocument.spreadsheet"


class SpreadsheetLoader:
    name = "spreadsheet"
    version = 1
    suffixes = frozenset({".xlsx", ".xlsm", ".xltx", ".xltm", ".xlsb", ".xls", ".xlt", ".ods", ".ots"})
    described_as = "a spreadsheet"

    def recognises(self, contents: Contents) -> bool:
        return (
            contents.has_member(*_KINDS)
            or contents.mimetype.startswith(_ODS)
            or (contents.has_stream("Workbook", "Book") and not contents.has_stream("WordDocument"))
        )

    def load(self, path: Path, password: str | None = None) -> LoadedDocument:
        """Return all sheets, hidden ones with a note; protected workbooks of Excel never come here."""
        data = path.read_bytes()
        if data.startswith(b"PK"):
            data = unlocked(data, path, password, self.described_as)
        return self.read(data, path)

    def read(self, data: bytes, path: Path) -> LoadedDocument:
        """Return the sheets of a workbook in memory; `path` is for names."""
        too_far = check_sheets(data, path, _MOST_CELLS)
        reader = _Workbook(_opened(data, path), too_far)
        pages = tuple(replace(page, index=index) for index, page in enumerate(reader.pages(path)))
        if not any(has_words(page.text) for page in pages):
            raise empty_document(path)
        outline = tuple(
            (1, page.label or "", page.index)
            for page in pages
            if page.index == 0 or pages[page.index - 1].number != page.number
        )
        return LoadedDocument(
            path.stem, self.name, loader_identity(self), pages, outline=outline, skipped=tuple(reader.skipped)
        )


class _Workbook:
    """Reads sheet after sheet, as far as the limits go."""

    def __init__(self, workbook: "CalamineWorkbook", too_far: dict[str, int]) -> None:
        self._workbook = workbook
        self._too_far = too_far
        self._characters = 0
        self.skipped: list[Skipped] = []

    def pages(self, path: Path) -> Iterator[Page]:
        from python_calamine import SheetVisibleEnum

        for position, sheet in enumerate(self._workbook.sheets_metadata):
            if self._has_no_cells(sheet):
                continue
            hidden = "" if sheet.visible == SheetVisibleEnum.Visible else "This sheet is hidden in its file."
            yield from self._sheet(path, position, sheet.name, hidden)

    def _has_no_cells(self, sheet: "SheetMetadata") -> bool:
        from python_calamine import SheetTypeEnum

        # Kinds are compared, not looked up: they have no hash.
        if sheet.typ in (SheetTypeEnum.WorkSheet, SheetTypeEnum.MacroSheet):
            return False
        what = "It is a chart without cells." if sheet.typ == SheetTypeEnum.ChartSheet else "It holds no cells."
        self.skipped.append(Skipped(sheet.name, what))
        return True

    def _sheet(self, path: Path, position: int, name: str, note: str) -> Iterator[Page]:
        if self._characters > MOST_CHARACTERS:
            self.skipped.append(Skipped(name, _full()))
            return
        if name in self._too_far:
            reason = f"Its cells lie too far apart to be read: it reaches over {self._too_far[name]:,} cells."
            yield Page(0, position + 1, name, "", "failed", note=f"{reason} Delete what is far below or to the right.")
            return
        sheet = _read_sheet(self._workbook, position, path)
        text = SheetText(
            name, sheet_prefix(name), position + 1, first_column=(sheet.start or (0, 0))[1], note=note, label=name
        )
        for page in text.pages(_rows(sheet)):
            self._characters += len(page.text)
            yield page
            if self._characters > MOST_CHARACTERS:
                last = sheet.end[0] + 1 if sheet.end else text.last_row
                self.skipped.append(Skipped(f"{name}, rows {text.last_row + 1:,} to {last:,}", _full()))
                return


def _full() -> str:
    return f"The workbook has more than {MOST_CHARACTERS // 1_000_000} million characters; the rest was not read."


def _opened(data: bytes, path: Path) -> "CalamineWorkbook":
    from python_calamine import CalamineWorkbook

    with _damage_named(path):
        return CalamineWorkbook.from_filelike(BytesIO(data))


def _read_sheet(workbook: "CalamineWorkbook", position: int, path: Path) -> "CalamineSheet":
    with _damage_named(path):
        return workbook.get_sheet_by_index(position)


@contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    from python_calamine import CalamineError, PasswordError

    try:
        yield
    except PasswordError as exc:
        raise encrypted_package(path) from exc
    except (CalamineError, OSError, ValueError) as exc:
        raise damaged_document(path, "a spreadsheet") from exc
    except BaseException as exc:
        # A panic in Rust is no Exception, and has no class that could be named.
        if type(exc).__name__ != "PanicException":
            raise
        raise damaged_document(path, "a spreadsheet") from exc


def _rows(sheet: "CalamineSheet") -> Iterator[Row]:
    """Yield the rows with their numbers; a cell that is merged downwards is repeated in each of its rows."""
    if sheet.start is None:
        return
    first_row, first_column = sheet.start
    fills = _merged_down(sheet)
    shown: dict[int, str] = {}
    for number, values in enumerate(sheet.iter_rows(), start=first_row):
        cells = [cell_text(value) for value in values]
        for column in fills.get(number, ()):
            at = column - first_column
            if 0 <= at < len(cells):
                if cells[at]:
                    shown[at] = cells[at]
                else:
                    cells[at] = shown.get(at, "")
        yield number + 1, cells


def _merged_down(sheet: "CalamineSheet") -> dict[int, list[int]]:
    """Return for each row the columns in which a cell of several rows stands."""
    fills: dict[int, list[int]] = {}
    room = _MOST_FILLED
    for (top, left), (bottom, _) in sheet.merged_cell_ranges or ():
        if bottom > top and bottom - top < room:
            room -= bottom - top
            for row in range(top, bottom + 1):
                fills.setdefault(row, []).append(left)
    return fills
