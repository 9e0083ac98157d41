"""The files of a collection as a table: name, state, size. Problems first, then by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from gui.theme.fonts import tabular
from gui.theme.theme import Theme
from gui.wording import file_size, file_state, waits_for_ocr

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rag.api import FileRow

_Index = QModelIndex | QPersistentModelIndex
COLUMNS = ("Name", "Folder", "State", "Size")
FILE_ROLE = Qt.ItemDataRole.UserRole
_ICONS = {
    "queued": ("clock", "muted"),
    "reading": ("loader-circle", "accent"),
    "searchable": ("circle-dot", "accent"),
    "ready": ("circle-check", "good"),
    "failed": ("circle-alert", "error"),
    "cancelled": ("circle", "muted"),
}


class FilesModel(QAbstractTableModel):
    """Shows `FileRow`s; keeps the selection when the same files come again."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows: list[FileRow] = []
        self._same: dict[int, str] = {}
        self._offline: tuple[Path, ...] = ()
        theme.changed.connect(self._all_changed)

    def set_files(self, rows: Sequence[FileRow]) -> None:
        ordered = sorted(rows, key=lambda row: row.path.name.casefold())
        self._same = _same_bytes(ordered)
        if [row.id for row in ordered] != [row.id for row in self._rows]:
            self.beginResetModel()
            self._rows = ordered
            self.endResetModel()
        elif ordered != self._rows:
            self._rows = ordered
            self._all_changed()

    def set_offline(self, folders: Sequence[Path]) -> None:
        """Say which folders are away; their files are marked."""
        if tuple(folders) != self._offline:
            self._offline = tuple(folders)
            self._all_changed()

    def _all_changed(self) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, len(COLUMNS) - 1))

    def file(self, row: int) -> FileRow:
        return self._rows[row]

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return COLUMNS[section] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._words(row, index.column())
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 2:
            name, colour = self._look(row)
            return self._theme.icon(name, colour=getattr(self._theme.palette, colour))
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join([str(row.path), *self._said_of(row)])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(index.column())
        if role == Qt.ItemDataRole.FontRole and index.column() == 3:
            return tabular(self._theme.font)
        return row if role == FILE_ROLE else None

    def _words(self, row: FileRow, column: int) -> str:
        if column == 0:
            return row.path.name
        if column == 1:
            return row.path.parent.name
        if column == 3:
            return file_size(row.size)
        if self._is_offline(row):
            return f"Offline · {file_state(row)}"
        return f"{file_state(row)} · a copy" if row.id in self._same else file_state(row)

    def _look(self, row: FileRow) -> tuple[str, str]:
        if self._is_offline(row):
            return "unplug", "muted"
        if row.accepted and row.problem is not None:
            return "minus", "muted"
        if waits_for_ocr(row):
            return "scan-text", "warning"
        in_part = row.problem is not None and row.state != "failed"
        return ("triangle-alert", "warning") if in_part else _ICONS[row.state]

    def _said_of(self, row: FileRow) -> list[str]:
        said = [row.problem.message] if row.problem is not None else []
        if self._is_offline(row):
            said.append("Its folder is away; what was read of it can still be asked.")
        if row.id in self._same:
            said.append(f"The same bytes as {self._same[row.id]}, which were read once.")
        return said

    def _is_offline(self, row: FileRow) -> bool:
        return any(row.path.is_relative_to(folder) for folder in self._offline)


def _same_bytes(rows: Sequence[FileRow]) -> dict[int, str]:
    """Return, for each file with the bytes of one before it, that one's name."""
    first: dict[str, FileRow] = {}
    same: dict[int, str] = {}
    for row in rows:
        if row.sha256 is not None and row.size:
            other = first.setdefault(row.sha256, row)
            if other is not row:
                same[row.id] = other.path.name
    return same


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column == 3 else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
