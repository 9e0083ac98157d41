"""The pane beside the conversation: a search over chats, the chats, and the collections that can be asked."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from gui.chat.chat_list import ChatListView
from gui.chat.collection_rows import CollectionRows
from gui.theme.theme import Theme
from gui.theme.tokens import SPACE_4, SPACE_8, SPACE_12, SPACE_16
from gui.widgets.buttons import IconButton
from gui.widgets.labels import text_label


class ChatSidePane(QWidget):
    """Chats above, collections below.

    Signals:
        search_changed: The words searched in the titles.
    """

    search_changed = Signal(str)

    def __init__(self, theme: Theme, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "pane")
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search chats…")
        self.search.setAccessibleName("Search chats")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self.search_changed)
        self.new_button = IconButton(theme, "plus", "New chat")
        self.new_button.follow(actions["new_chat"])
        self.chats = ChatListView(theme)
        self.none_found = text_label("", "small", wrap=True)
        self.none_found.setContentsMargins(SPACE_16, SPACE_8, SPACE_16, SPACE_8)
        self.none_found.hide()
        self.collections = CollectionRows(theme)
        self.add_button = IconButton(theme, "folder-plus", "Add a folder")
        self.add_button.follow(actions["add_folder"])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, SPACE_8)
        layout.setSpacing(0)
        layout.addLayout(self._build_head())
        layout.addWidget(self.none_found)
        layout.addWidget(self.chats, 1)
        layout.addLayout(self._build_collections_head())
        layout.addWidget(_scrolling(self.collections))

    def show_none(self, *, searched: bool, shown: bool) -> None:
        """Say why the list is empty, if it is."""
        said = "No chat has these words in its title." if searched else "Your chats will stand here."
        self.none_found.setText(said)
        self.none_found.setVisible(shown)

    def _build_head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(SPACE_12, SPACE_8, SPACE_8, SPACE_8)
        row.setSpacing(SPACE_4)
        row.addWidget(self.search, 1)
        row.addWidget(self.new_button)
        return row

    def _build_collections_head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(SPACE_16, SPACE_8, SPACE_8, SPACE_4)
        row.addWidget(text_label("Collections", "section"), 1)
        row.addWidget(self.add_button)
        return row


def _scrolling(content: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setMaximumHeight(240)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    holder = QWidget()
    holder.setProperty("role", "plain")
    layout = QVBoxLayout(holder)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(content)
    layout.addStretch(1)
    area.setWidget(holder)
    return area
