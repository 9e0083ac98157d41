"""The library: the files of the collection that is chosen, how they were read, and what could not be."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from gui.errors import REMEDY_ACTIONS
from gui.library.attachment_line import AttachmentLine
from gui.library.files_model import FilesModel
from gui.library.files_table import FilesTable
from gui.library.notices import NoticeList
from gui.library.problems import ProblemSection
from gui.library.summary import CollectionSummary
from gui.theme.theme import Theme
from gui.theme.tokens import SPACE_8, SPACE_12, SPACE_16
from gui.widgets.bar import Bar
from gui.widgets.buttons import IconButton, push_button
from gui.widgets.empty_state import EmptyState
from gui.widgets.labels import ElidedLabel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rag.api import AttachedState, Attachment, Collection, CollectionReport, FileProblem, FileRow


_FOLDER_FROM_PX = 700
"""Narrower, the table leaves the folder to the tooltip."""


_MENDED_FIRST = ("password", "recognise", "retry")


def _order(row: FileRow) -> int:
    """Sort first what the user alone can mend, last what nothing here can."""
    action = REMEDY_ACTIONS.get(row.problem.code, "") if row.problem is not None else ""
    return _MENDED_FIRST.index(action) if action in _MENDED_FIRST else len(_MENDED_FIRST)


class LibraryRoom(QWidget):
    """The files of a collection with their states.

    Signals:
        rename_asked: The collection's new name.
        remove_asked: Remove the collection.
        rescan_asked: Look for new and changed files.
        add_folder_asked, add_files_asked: Into the collection that is shown.
        jobs_asked: Show what is being read.
        folders_asked: Show the folders of the collection and what is read of them.
        save_asked: Write the collection to a file, with the documents themselves (True) or without.
        update_asked: Bring the collection up to date from the file that it came from.
    """

    rename_asked = Signal(str)
    remove_asked = Signal()
    rescan_asked = Signal()
    add_folder_asked = Signal()
    add_files_asked = Signal()
    jobs_asked = Signal()
    folders_asked = Signal()
    save_asked = Signal(bool)
    update_asked = Signal()

    def __init__(self, theme: Theme, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setProperty("role", "pane")
        said = "Add a folder or drop one anywhere on this window; its documents can be asked within seconds."
        self.empty = EmptyState(theme, "library", "No documents yet", said, "Add a folder")
        if self.empty.button is not None:
            self.empty.button.clicked.connect(actions["add_folder"].trigger)
        self.files = FilesModel(theme, self)
        self.table = FilesTable(self.files)
        self.problems = ProblemSection(theme)
        self.summary = CollectionSummary(theme)
        self.notices = NoticeList(theme)
        self.attachment = AttachmentLine(theme)
        self.attachment.update_button.clicked.connect(self.update_asked)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self._build_content())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._build_bar(actions))
        layout.addWidget(self.stack, 1)

    def _build_bar(self, actions: dict[str, QAction]) -> QWidget:
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
        menu.addAction("Folders and what is read of them", self.folders_asked.emit)
        menu.addAction("Look for new and changed files", self.rescan_asked.emit)
        menu.addSeparator()
        menu.addAction("Save as a .carrel file…", partial(self.save_asked.emit, False))
        menu.addAction("Save with the documents themselves…", partial(self.save_asked.emit, True))
        menu.addAction(actions["open_collection"])
        menu.addSeparator()
        self.remove_action = menu.addAction("Remove from the library", self.remove_asked.emit)
        self.more.setMenu(menu)
        bar.row.addWidget(self.title, 1)
        bar.row.addWidget(self.name_edit, 1)
        bar.row.setSpacing(SPACE_8)
        for widget in (self.add_folder, self.add_files, self.more):
            bar.row.addWidget(widget)
        return bar

    def _build_content(self) -> QWidget:
        self.jobs_button = push_button("What is being read", "link")
        self.jobs_button.clicked.connect(self.jobs_asked)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(SPACE_16, SPACE_12, SPACE_16, SPACE_8)
        column.setSpacing(SPACE_8)
        head = QHBoxLayout()
        head.addWidget(self.summary, 1)
        head.addWidget(self.jobs_button, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(head)
        column.addWidget(self.attachment)
        column.addWidget(self.notices)
        column.addWidget(self.problems)
        column.addWidget(self.table, 1)
        return content

    # --- What it shows ------------------------------------------------------------------------------------------------

    def show_collection(
        self,
        collection: Collection | None,
        rows: Sequence[FileRow],
        report: CollectionReport | None = None,
        notices: Sequence[FileProblem] = (),
        offline: Sequence[Path] = (),
        *,
        running: bool = False,
    ) -> None:
        """Show a collection with its files, or that there is none."""
        self.stack.setCurrentIndex(0 if collection is None or not (rows or notices) else 1)
        self.more.setVisible(collection is not None)
        for widget in (self.add_folder, self.add_files):
            widget.setVisible(collection is not None and collection.kind == "user")
        self.title.set_text(collection.name if collection is not None else "Library")
        self.files.set_files(rows)
        self.files.set_offline(offline)
        self.notices.show_notices(notices)
        listed = (row for row in rows if row.problem is not None and not row.accepted)
        self.problems.show_problems(sorted(listed, key=_order))
        self.jobs_button.setVisible(running)
        if collection is not None:
            self.summary.show_report(collection, rows, report)

    def show_attachment(self, attachment: Attachment | None, state: AttachedState | None) -> None:
        """Show which file the collection came from, and whether that has something newer."""
        self.attachment.show_attachment(attachment, state)
        self.remove_action.setText("Remove from the library" if attachment is None else "Detach from the library")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.table.show_folders(event.size().width() >= _FOLDER_FROM_PX)

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
