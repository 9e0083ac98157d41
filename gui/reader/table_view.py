"""A page of a sheet as a table, with its own row numbers and column letters, and the cited rows marked."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from gui.reader.table_rows import Table
from gui.theme.fonts import tabular
from gui.theme.theme import Theme

_Index = QModelIndex | QPersistentModelIndex
_Span = tuple[int, int]
_ROW_PX = 28
_WIDEST_PX = 280
_NARROWEST_PX = 48
_MEASURED_ROWS = 200
MARK_ROLE = int(Qt.ItemDataRole.UserRole) + 1


class TableModel(QAbstractTableModel):
    """The cells of a `Table`; MARK_ROLE names the palette's colour of a marked row."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.table = Table(())
        self._passage = self._cited = range(0)

    def set_table(self, table: Table) -> None:
        self.beginResetModel()
        self.table = table
        self._passage = self._cited = range(0)
        self.endResetModel()

    def mark(self, passage: range, cited: range) -> None:
        """Mark rows."""
        self._passage, self._cited = passage, cited
        self.repaint_all()

    def repaint_all(self) -> None:
        if self.table.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, self.columnCount() - 1))

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        return 0 if parent.isValid() else len(self.table.rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        return 0 if parent.isValid() else self.table.columns

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation == Qt.Orientation.Horizontal:
            return self.table.column_name(section)
        number = self.table.rows[section].number
        return str(number) if number else ""

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.table.rows[index.row()]
        text = row.cells[index.column()] if index.column() < len(row.cells) else ""
        if role == Qt.ItemDataRole.DisplayRole:
            return text
        if role == Qt.ItemDataRole.ToolTipRole:
            return text or None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if _is_number(text) else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.FontRole:
            return self._font(is_header=row.is_header)
        return self._mark(index.row()) if role == MARK_ROLE else None

    def _font(self, *, is_header: bool) -> QFont:
        font = tabular(self._theme.font)
        font.setWeight(QFont.Weight.DemiBold if is_header else QFont.Weight.Normal)
        return font

    def _mark(self, row: int) -> str | None:
        if row in self._cited:
            return "cited"
        return "mark" if row in self._passage else None


class _MarkedCells(QStyledItemDelegate):
    """Paints the ground of marked rows."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        if (colour := index.data(MARK_ROLE)) is not None:
            painter.fillRect(option.rect, QColor(getattr(self._theme.palette, colour)))
        super().paint(painter, option, index)


class TableView(QTableView):
    """Read-only cells; Ctrl+C copies those that are chosen, with tabs between them."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cells = TableModel(theme, self)
        self.setModel(self.cells)
        self.setItemDelegate(_MarkedCells(theme, self))
        self.setAccessibleName("Table")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setProperty("role", "sheet")
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().setDefaultSectionSize(_ROW_PX)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.horizontalHeader().setHighlightSections(False)
        self.verticalHeader().setHighlightSections(False)
        self.setCornerButtonEnabled(False)
        theme.changed.connect(self.cells.repaint_all)

    def open(self, table: Table) -> None:
        """Show a table from its beginning."""
        self.cells.set_table(table)
        self._fit_columns()
        self.scrollToTop()

    def mark(self, passage: _Span | None, cited: _Span | None) -> None:
        """Mark the rows of a passage and of the cited sentence, and bring the latter into sight."""
        table = self.cells.table
        rows, sentence = (table.rows_of(*span) if span else range(0) for span in (passage, cited))
        self.cells.mark(rows, sentence)
        if target := sentence or rows:
            index = self.cells.index(target[0], 0)
            self.setCurrentIndex(index)
            self.clearSelection()
            self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)

    @property
    def marked_rows(self) -> list[int]:
        """The numbers of the rows that are marked."""
        rows = enumerate(self.cells.table.rows)
        return [row.number for place, row in rows if self.cells.index(place, 0).data(MARK_ROLE)]

    @property
    def position(self) -> float:
        """The share of the table above the view."""
        bar = self.verticalScrollBar()
        return bar.value() / bar.maximum() if bar.maximum() else 0.0

    def go_to_position(self, position: float) -> None:
        bar = self.verticalScrollBar()
        bar.setValue(round(position * bar.maximum()))

    def _fit_columns(self) -> None:
        metrics = self.fontMetrics()
        for column in range(self.cells.columnCount()):
            rows = self.cells.table.rows[:_MEASURED_ROWS]
            widest = max(
                (metrics.horizontalAdvance(row.cells[column]) for row in rows if column < len(row.cells)), default=0
            )
            self.setColumnWidth(column, min(_WIDEST_PX, max(_NARROWEST_PX, widest + 28)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self._copy()
        else:
            super().keyPressEvent(event)

    def _copy(self) -> None:
        chosen = sorted(self.selectedIndexes(), key=lambda index: (index.row(), index.column()))
        lines: dict[int, list[str]] = {}
        for index in chosen:
            lines.setdefault(index.row(), []).append(str(index.data()))
        if lines:
            QGuiApplication.clipboard().setText("\n".join("\t".join(cells) for cells in lines.values()))


def _is_number(text: str) -> bool:
    return (
        bool(text) and all(sign.isdigit() or sign in ".,-+%€$£ \u00a0" for sign in text) and any(map(str.isdigit, text))
    )
