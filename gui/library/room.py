"""The library: the collections, and the files of the one that is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QMenu,
    QStackedWidget,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui.errors import REMEDY_ACTIONS
from gui.library.files_model import FILE_ROLE, FilesModel
from gui.library.problems import ProblemList
from gui.theme.theme import Theme
from gui.theme.tokens import SPACE_8, SPACE_12, SPACE_16
from gui.widgets.bar import Bar
from gui.widgets.buttons import IconButton, push_button
from gui.widgets.empty_state import EmptyState
from gui.widgets.labels import ElidedLabel, text_label
from gui.wording import count, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.api import Collection, FileRow


_FOLDER_FROM_PX = 700
"""Narrower, the table leaves the folder to the tooltip."""


def _can_be_mended(row: FileRow) -> bool:
    """Sort first what the user can mend here."""
    return row.problem is None or row.problem.code not in REMEDY_ACTIONS


class LibraryRoom(QWidget):
    """The files of a collection with their states.

    Signals:
        file_opened: A `FileRow` to show in the reader.
        remove_file_asked, retry_asked: A file's id (and a password).
        rename_asked: The collection's new name.
        remove_asked: Remove the collection.
        rescan_asked: Look for new and changed files.
        add_folder_asked, add_files_asked: Into the collection that is shown.
    """

    file_opened = Signal(object)
    remove_file_asked = Signal(int)
    retry_asked = Signal(int, str)
    rename_asked = Signal(str)
    remove_asked = Signal()
    rescan_asked = Signal()
    add_folder_asked = Signal()
    add_files_asked = Signal()

    def __init__(self, theme: Theme, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setProperty("role", "pane")
        said = "Add a folder or drop one anywhere on this window; its documents can be asked within seconds."
        self.empty = EmptyState(theme, "library", "No documents yet", said, "Add a folder")
        if self.empty.button is not None:
            self.empty.button.clicked.connect(actions["add_folder"].trigger)
        self.files = FilesModel(theme, self)
        self.table = self._build_table()
        self.problems = ProblemList(theme)
        self.problems.retry_asked.connect(self.retry_asked)
        self.problems.remove_asked.connect(self.remove_file_asked)
        self.problems_heading = text_label("", "section")
        self.summary = text_label("", "muted")
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self._build_content())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._build_bar())
        layout.addWidget(self.stack, 1)

    def _build_bar(self) -> QWidget:
        bar = Bar()
        self.title = ElidedLabel("Library", "title")
        self.name_edit = QLineEdit()
        self.name_edit.setAccessibleName("Name of the collection")
        self.name_edit.returnPressed.connect(self._rename)
        self.name_edit.editingFinished.connect(self.name_edit.hide)
        self.name_edit.editingFinished.connect(self.title.show)
        self.name_edit.hide()
        self.add_folder = push_button("Add a folder")
        self.add_folder.clicked.connect(self.add_folder_asked)
        self.add_files = push_button("Add files")
        self.add_files.clicked.connect(self.add_files_asked)
        self.more = IconButton(self._theme, "ellipsis", "More about this collection")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.more)
        menu.addAction("Rename", self.begin_rename)
        menu.addAction("Look for new and changed files", self.rescan_asked.emit)
        menu.addSeparator()
        menu.addAction("Remove from the library", self.remove_asked.emit)
        self.more.setMenu(menu)
        bar.row.addWidget(self.title, 1)
        bar.row.addWidget(self.name_edit, 1)
        bar.row.setSpacing(SPACE_8)
        for widget in (self.add_folder, self.add_files, self.more):
            bar.row.addWidget(widget)
        return bar

    def _build_content(self) -> QWidget:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(SPACE_16, SPACE_12, SPACE_16, SPACE_16)
        column.setSpacing(SPACE_8)
        head = QHBoxLayout()
        head.addWidget(self.summary, 1)
        column.addLayout(head)
        column.addWidget(self.problems_heading)
        column.addWidget(self.problems)
        column.addWidget(self.table, 1)
        return content

    def _build_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self.files)
        table.setAccessibleName("Files")
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(34)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column, width in ((1, 180), (2, 180), (3, 92)):
            header.resizeSection(column, width)
        table.activated.connect(self._open_file)
        table.doubleClicked.connect(self._open_file)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._open_menu)
        return table

    # --- What it shows ------------------------------------------------------------------------------------------------

    def show_collection(self, collection: Collection | None, rows: Sequence[FileRow]) -> None:
        """Show a collection with its files, or that there is none."""
        self.stack.setCurrentIndex(0 if collection is None or not rows else 1)
        self.more.setVisible(collection is not None)
        for widget in (self.add_folder, self.add_files):
            widget.setVisible(collection is not None and collection.kind == "user")
        self.title.set_text(collection.name if collection is not None else "Library")
        self.files.set_files(rows)
        problems = sorted((row for row in rows if row.problem is not None), key=_can_be_mended)
        self.problems.show_problems(problems)
        self.problems.setVisible(bool(problems))
        self.problems_heading.setVisible(bool(problems))
        self.problems_heading.setText(f"{counted(len(problems), 'file')} could not be read, or only in part")
        ready = sum(1 for row in rows if row.state == "ready")
        words = counted(collection.passages if collection is not None else 0, "passage")
        self.summary.setText(f"{count(ready)} of {counted(len(rows), 'file')} ready · {words}")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.table.setColumnHidden(1, event.size().width() < _FOLDER_FROM_PX)

    def begin_rename(self) -> None:
        """Edit the collection's name in place."""
        self.name_edit.setText(self.title.text())
        self.title.hide()
        self.name_edit.show()
        self.name_edit.setFocus()
        self.name_edit.selectAll()

    # --- Slots --------------------------------------------------------------------------------------------------------

    def _rename(self) -> None:
        name = self.name_edit.text().strip()
        if name and name != self.title.text():
            self.rename_asked.emit(name)

    def _open_file(self, index: QModelIndex) -> None:
        self.file_opened.emit(index.data(FILE_ROLE))

    def _open_menu(self, position: QPoint) -> None:
        index = self.table.indexAt(position)
        if not index.isValid():
            return
        menu = QMenu(self.table)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Open in the reader", self._open_current)
        menu.addAction("Read again", self._retry_current)
        menu.addAction("Remove from the collection", self._remove_current)
        menu.popup(self.table.viewport().mapToGlobal(position))

    def _open_current(self) -> None:
        self._open_file(self.table.currentIndex())

    def _retry_current(self) -> None:
        self.retry_asked.emit(self.table.currentIndex().data(FILE_ROLE).id, "")

    def _remove_current(self) -> None:
        self.remove_file_asked.emit(self.table.currentIndex().data(FILE_ROLE).id)
