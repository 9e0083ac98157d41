"""The files of a collection as a table: name, state, size. Problems first, then by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from gui.theme.fonts import tabular
from gui.theme.theme import Theme
from gui.wording import file_size, file_state

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        theme.changed.connect(self._all_changed)

    def set_files(self, rows: Sequence[FileRow]) -> None:
        ordered = sorted(rows, key=lambda row: row.path.name.casefold())
        if [row.id for row in ordered] != [row.id for row in self._rows]:
            self.beginResetModel()
            self._rows = ordered
            self.endResetModel()
        elif ordered != self._rows:
            self._rows = ordered
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
            return _words(row, index.column())
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 2:
            name, colour = ("triangle-alert", "warning") if _in_part(row) else _ICONS[row.state]
            return self._theme.icon(name, colour=getattr(self._theme.palette, colour))
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{row.path}\n{row.problem.message}" if row.problem else str(row.path)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(index.column())
        if role == Qt.ItemDataRole.FontRole and index.column() == 3:
            return tabular(self._theme.font)
        return row if role == FILE_ROLE else None


def _in_part(row: FileRow) -> bool:
    return row.problem is not None and row.state != "failed"


def _words(row: FileRow, column: int) -> str:
    if column == 0:
        return row.path.name
    if column == 1:
        return row.path.parent.name
    return file_state(row) if column == 2 else file_size(row.size)


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column == 3 else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
