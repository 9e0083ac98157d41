"""The list of chats, newest first, grouped by age; renamed in place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractItemView, QListView, QMenu, QWidget

from gui.theme.theme import Theme
from gui.widgets.row_delegate import HEADING_ROLE, RowDelegate
from gui.wording import age, age_group

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from rag.api import Chat

_Index = QModelIndex | QPersistentModelIndex
CHAT_ROLE = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class _Row:
    text: str
    chat: Chat | None = None
    tip: str = ""


class ChatListModel(QAbstractListModel):
    """Chats under headings of age, those only whose title has the searched words.

    Signals:
        renamed: A chat's id and its new title.
    """

    renamed = Signal(int, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[_Row] = []

    def set_chats(self, chats: Sequence[Chat], now: datetime, search: str = "") -> None:
        rows: list[_Row] = []
        group = ""
        for chat in chats:
            if search.casefold() not in chat.title.casefold():
                continue
            if (heading := age_group(chat.updated_at, now)) != group:
                group = heading
                rows.append(_Row(heading))
            rows.append(_Row(chat.title, chat, f"{chat.title}\n{age(chat.updated_at, now)}"))
        if rows == self._rows:
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def row_of(self, chat_id: int) -> int:
        """Return the row of a chat, or -1."""
        return next((n for n, row in enumerate(self._rows) if row.chat is not None and row.chat.id == chat_id), -1)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own signature
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self._rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole, Qt.ItemDataRole.AccessibleTextRole):
            return row.text
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.tip
        if role == HEADING_ROLE:
            return row.chat is None
        return row.chat if role == CHAT_ROLE else None

    def setData(self, index: _Index, value: Any, _role: int = Qt.ItemDataRole.EditRole) -> bool:
        chat, title = self._rows[index.row()].chat, str(value).strip()
        if chat is None or not title or title == chat.title:
            return False
        self.renamed.emit(chat.id, title)
        return True

    def flags(self, index: _Index) -> Qt.ItemFlag:
        if self._rows[index.row()].chat is None:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable


class ChatListView(QListView):
    """Shows the chats.

    Signals:
        chat_chosen: A chat's id.
        delete_asked: A chat's id.
    """

    chat_chosen = Signal(int)
    delete_asked = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chats = ChatListModel(self)
        self.setModel(self.chats)
        self.setItemDelegate(RowDelegate(theme, self))
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed | QAbstractItemView.EditTrigger.DoubleClicked)
        self.setAccessibleName("Chats")
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._open_menu)
        self.clicked.connect(self._choose)
        self.activated.connect(self._choose)
        self._add_key_action("Delete", Qt.Key.Key_Delete)

    def select_chat(self, chat_id: int | None) -> None:
        """Mark a chat as the one that is open."""
        row = -1 if chat_id is None else self.chats.row_of(chat_id)
        if row < 0:
            self.clearSelection()
        else:
            self.setCurrentIndex(self.chats.index(row))

    def rename_selected(self) -> None:
        """Edit the title of the chat that is open."""
        if self.currentIndex().isValid():
            self.edit(self.currentIndex())

    def _add_key_action(self, text: str, key: Qt.Key) -> None:
        action = QAction(text, self)
        action.setShortcut(key)
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(self._delete_current)
        self.addAction(action)

    def _choose(self, index: QModelIndex) -> None:
        chat = index.data(CHAT_ROLE)
        if chat is not None:
            self.chat_chosen.emit(chat.id)

    def _delete_current(self) -> None:
        chat = self.currentIndex().data(CHAT_ROLE)
        if chat is not None:
            self.delete_asked.emit(chat.id)

    def _open_menu(self, position: QPoint) -> None:
        index = self.indexAt(position)
        if not index.isValid() or index.data(CHAT_ROLE) is None:
            return
        self.setCurrentIndex(index)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Rename", self.rename_selected)
        menu.addAction("Delete", self._delete_current)
        menu.popup(self.viewport().mapToGlobal(position))
