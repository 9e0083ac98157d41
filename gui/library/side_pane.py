"""The list of collections beside the library."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QMenu, QVBoxLayout, QWidget

from gui.theme.theme import Theme
from gui.theme.tokens import SPACE_4, SPACE_8, SPACE_16
from gui.widgets.buttons import IconButton, push_button
from gui.widgets.labels import text_label
from gui.widgets.row_delegate import DETAIL_ROLE, RowDelegate
from gui.wording import count, counted, progress_share, time_left, utc_now

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rag.api import Collection, IndexingProgress, Removal

_ICON_ROLE = DETAIL_ROLE + 1
_ICONS = {"user": "folder", "sample": "book-open", "adhoc": "file"}


class LibrarySidePane(QWidget):
    """The collections.

    Signals:
        collection_chosen: A collection's id.
        undo_asked: The id of a removal: bring it back.
    """

    collection_chosen = Signal(int)
    undo_asked = Signal(int)

    def __init__(self, theme: Theme, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setProperty("role", "pane")
        self.list = QListWidget()
        self.list.setItemDelegate(RowDelegate(theme, self.list))
        self.list.setMouseTracking(True)
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName("Collections")
        self.list.currentItemChanged.connect(self._choose)
        theme.changed.connect(self._tint)
        self.add_button = IconButton(theme, "folder-plus", "Add a folder")
        self.add_button.follow(actions["add_folder"])
        self.open_button = IconButton(theme, "package", "Open a .carrel file")
        self.open_button.follow(actions["open_collection"])
        head = QHBoxLayout()
        head.setContentsMargins(SPACE_16, SPACE_8, SPACE_8, SPACE_8)
        head.addWidget(text_label("Collections", "title"), 1)
        head.addWidget(self.open_button)
        head.addWidget(self.add_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, SPACE_8)
        layout.setSpacing(SPACE_4)
        layout.addLayout(head)
        layout.addWidget(self.list, 1)
        layout.addWidget(self._build_removed())

    def _build_removed(self) -> QWidget:
        self._removals: tuple[Removal, ...] = ()
        self.removed = push_button("", "link")
        self.removed.setMenu(QMenu(self.removed))
        self.removed.menu().aboutToShow.connect(self._list_removals)
        self.removed.hide()
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(SPACE_8, 0, SPACE_8, 0)
        row.addWidget(self.removed)
        row.addStretch(1)
        return holder

    def show_removals(self, removals: Sequence[Removal]) -> None:
        """Offer to bring back what was removed, as long as that can be done."""
        self._removals = tuple(removals)
        self.removed.setVisible(bool(removals))
        self.removed.setText(f"Removed lately ({count(len(removals))})")
        self.removed.setAccessibleName(f"Removed lately: {counted(len(removals), 'thing')} that can come back")

    def _list_removals(self) -> None:
        menu, now = self.removed.menu(), utc_now()
        menu.clear()
        for removal in self._removals:
            left = time_left((removal.until - now).total_seconds())
            action = menu.addAction(f"Bring back “{removal.name}” ({left})")
            action.triggered.connect(partial(self.undo_asked.emit, removal.id))

    def show_collections(
        self, collections: Sequence[Collection], progress: Mapping[int, IndexingProgress], chosen: int | None
    ) -> None:
        """Show the collections, and which one is chosen."""
        self.list.blockSignals(True)
        while self.list.count() > len(collections):
            self.list.takeItem(self.list.count() - 1)
        while self.list.count() < len(collections):
            self.list.addItem(QListWidgetItem())
        for row, collection in enumerate(collections):
            self._show(self.list.item(row), collection, progress.get(collection.id))
            if collection.id == chosen:
                self.list.setCurrentRow(row)
        self.list.blockSignals(False)

    def _show(self, item: QListWidgetItem, collection: Collection, progress: IndexingProgress | None) -> None:
        running = progress is not None and progress.running
        detail = f"{progress_share(progress):.0%}" if progress is not None and running else count(collection.files)
        item.setText(collection.name)
        item.setData(_ICON_ROLE, _ICONS[collection.kind])
        item.setIcon(self._theme.icon(_ICONS[collection.kind], colour=self._theme.palette.muted))
        item.setData(DETAIL_ROLE, detail)
        item.setData(Qt.ItemDataRole.UserRole, collection.id)
        item.setToolTip(f"{collection.name}: {counted(collection.files, 'file')}")

    def _tint(self) -> None:
        for item in (self.list.item(row) for row in range(self.list.count())):
            item.setIcon(self._theme.icon(item.data(_ICON_ROLE), colour=self._theme.palette.muted))

    def _choose(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.collection_chosen.emit(int(item.data(Qt.ItemDataRole.UserRole)))
