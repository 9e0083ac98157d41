"""The files of a collection as a table, and at its foot what can be done with the one that is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QVBoxLayout, QWidget

from gui.library.files_model import FILE_ROLE, FilesModel
from gui.widgets.bar import Bar
from gui.widgets.buttons import push_button
from gui.widgets.labels import ElidedLabel

if TYPE_CHECKING:
    from rag.api import FileRow

_ROW_PX = 34
_WIDTHS = ((1, 160), (2, 210), (3, 92))
_UNFINISHED = ("queued", "reading", "searchable")


class FilesTable(QWidget):
    """Shows a `FilesModel`.

    Signals:
        opened, report_asked: A `FileRow`.
        retry_asked, next_asked, remove_asked: A file's id.
    """

    opened = Signal(object)
    report_asked = Signal(object)
    retry_asked = Signal(int)
    next_asked = Signal(int)
    remove_asked = Signal(int)

    def __init__(self, files: FilesModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = self._build_view(files)
        self.foot = Bar("foot")
        self.foot.row.setContentsMargins(0, 0, 0, 0)
        self.chosen_label = ElidedLabel("")
        self.next_button = push_button("This one next", "link")
        self.next_button.clicked.connect(self._ask_next)
        self.report_button = push_button("Reading report", "link")
        self.report_button.clicked.connect(self._ask_report)
        self.open_button = push_button("Open", "link")
        self.open_button.clicked.connect(self._open_current)
        self.foot.row.addWidget(self.chosen_label, 1)
        for button in (self.next_button, self.report_button, self.open_button):
            self.foot.row.addWidget(button)
        self.foot.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.foot)
        files.modelReset.connect(self._show_chosen)
        files.dataChanged.connect(self._show_chosen)

    def _build_view(self, files: FilesModel) -> QTableView:
        table = QTableView()
        table.setModel(files)
        table.setAccessibleName("Files")
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(_ROW_PX)
        table.setMinimumHeight(4 * _ROW_PX)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column, width in _WIDTHS:
            header.resizeSection(column, width)
        table.activated.connect(self._activate)
        table.doubleClicked.connect(self._activate)
        table.selectionModel().currentRowChanged.connect(self._show_chosen)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._open_menu)
        return table

    @property
    def chosen(self) -> FileRow | None:
        """The file that is chosen."""
        index = self.view.currentIndex()
        row: FileRow | None = index.data(FILE_ROLE) if index.isValid() else None
        return row

    def show_folders(self, shown: bool) -> None:
        """Show the folder column, or leave folders to the tooltip."""
        self.view.setColumnHidden(1, not shown)

    def _show_chosen(self) -> None:
        row = self.chosen
        self.foot.setVisible(row is not None)
        if row is None:
            return
        name = row.path.name
        self.chosen_label.set_text(name)
        self.next_button.setVisible(row.state in ("queued", "cancelled"))
        self.next_button.setAccessibleName(f"Read {name} next")
        self.report_button.setAccessibleName(f"Reading report of {name}")
        self.open_button.setVisible(row.document_id is not None)
        self.open_button.setAccessibleName(f"Open {name} in the reader")

    def _activate(self, index: QModelIndex) -> None:
        row: FileRow = index.data(FILE_ROLE)
        (self.opened if row.document_id is not None else self.report_asked).emit(row)

    def _open_menu(self, position: QPoint) -> None:
        if not self.view.indexAt(position).isValid():
            return
        menu = QMenu(self.view)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Open in the reader", self._open_current)
        menu.addAction("Reading report", self._ask_report)
        row = self.chosen
        if row is not None and row.state in _UNFINISHED:
            menu.addAction("This one next", self._ask_next)
        menu.addAction("Read again", self._retry_current)
        menu.addSeparator()
        menu.addAction("Remove from the collection", self._remove_current)
        menu.popup(self.view.viewport().mapToGlobal(position))

    def _open_current(self) -> None:
        if self.chosen is not None:
            self._activate(self.view.currentIndex())

    def _ask_report(self) -> None:
        if (row := self.chosen) is not None:
            self.report_asked.emit(row)

    def _ask_next(self) -> None:
        if (row := self.chosen) is not None:
            self.next_asked.emit(row.id)

    def _retry_current(self) -> None:
        if (row := self.chosen) is not None:
            self.retry_asked.emit(row.id)

    def _remove_current(self) -> None:
        if (row := self.chosen) is not None:
            self.remove_asked.emit(row.id)
