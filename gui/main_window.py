"""The window: rail, side pane, room and reader, with the status line at the foot and messages floating above it.

It holds the views and remembers where they stood; what they show is told to them by the controllers. What is seen
first is built first: the chat room before the window is shown, library and reader by `complete` right after.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from gui.actions import build_actions
from gui.chat.page import ChatPage
from gui.chat.side_pane import ChatSidePane
from gui.models.menu import ModelButton
from gui.notify import MessageBar
from gui.reader_dock import ReaderDock
from gui.settings import WindowState
from gui.theme.theme import Theme
from gui.theme.tokens import NARROW_PX, READER_PX, SIDE_PX
from gui.widgets.rail import Rail
from gui.widgets.status_line import StatusLine

CHATS, LIBRARY = 0, 1


class MainWindow(QMainWindow):
    """The window of the program.

    Signals:
        painted: Shown and drawn for the first time.
        paths_dropped: Files and folders (`list[Path]`).
        closing: The user closes the window.
        about_opened: The `AboutDialog`, which wants to know of plug-ins.
    """

    painted = Signal()
    paths_dropped = Signal(list)
    closing = Signal()
    about_opened = Signal(object)

    def __init__(self, theme: Theme, state: WindowState) -> None:
        super().__init__()
        self.setWindowTitle("Carrel")
        self.setMinimumSize(720, 480)
        self.setAcceptDrops(True)
        self._theme, self._state = theme, state
        self._was_painted = False
        self.is_complete = False
        self.command = build_actions(self)
        self.addActions(list(self.command.values()))
        self.rail = Rail(theme, self.command)
        self.chat_side = ChatSidePane(theme, self.command)
        self.chat = ChatPage(theme, self.command, ModelButton(theme))
        self.status = StatusLine()
        self.side = QStackedWidget()
        self.room = QStackedWidget()
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self._build()
        self._restore()

    def complete(self) -> None:
        """Build what is not seen at first: once, after the window was drawn."""
        from gui.library.pages import LibraryPages
        from gui.library.side_pane import LibrarySidePane
        from gui.reader.pane import ReaderPane
        from gui.widgets.drop_cover import DropCover

        self.library_side = LibrarySidePane(self._theme, self.command)
        self.library_pages = LibraryPages(self._theme, self.command)
        self.library = self.library_pages.files
        self.reader = ReaderPane(self._theme, self.command)
        self.reader.setMinimumWidth(280)
        self.side.addWidget(self.library_side)
        self.room.addWidget(self.library_pages)
        self.dock = ReaderDock(self.splitter, self.room, self.reader)
        self.dock.set_width(self._state.number("reader_width", READER_PX))
        self.messages = MessageBar(self._theme, self)
        self.drop_cover = DropCover(self._theme, self)
        self.is_complete = True
        self._connect_commands()
        self._fit_reader()
        self._show_room(LIBRARY if self._state.number("room", CHATS) == LIBRARY else CHATS)
        self.room.installEventFilter(self)

    def _build(self) -> None:
        self.side.addWidget(self.chat_side)
        self.room.addWidget(self.chat)
        self.side.setMinimumWidth(180)
        self.room.setMinimumWidth(360)
        self.splitter.addWidget(self.side)
        self.splitter.addWidget(self.room)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.splitterMoved.connect(self._remember)
        across = QHBoxLayout()
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        across.addWidget(self.rail)
        across.addWidget(self.splitter, 1)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(across, 1)
        column.addWidget(self.status)
        self.setCentralWidget(whole)

    def _connect_commands(self) -> None:
        self.command["show_chats"].triggered.connect(self.show_chats)
        self.command["show_library"].triggered.connect(self.show_library)
        self.command["toggle_side"].triggered.connect(self._toggle_side)
        self.command["toggle_reader"].triggered.connect(self._toggle_reader)
        self.command["close_reader"].triggered.connect(self.hide_reader)
        self.command["find_in_reader"].triggered.connect(self._find)
        self.command["focus_composer"].triggered.connect(self.chat.composer.setFocus)
        self.command["about"].triggered.connect(self._show_about)
        self.command["quit"].triggered.connect(self.close)

    # --- Rooms and panes ----------------------------------------------------------------------------------------------

    def show_chats(self) -> None:
        self._show_room(CHATS)

    def show_library(self) -> None:
        self._show_room(LIBRARY)

    @property
    def in_library(self) -> bool:
        return self.room.currentIndex() == LIBRARY

    def show_reader(self) -> None:
        """Show the reader beside the room, or over it."""
        self.dock.show(True)
        self._reader_shown()

    def hide_reader(self) -> None:
        self.dock.show(False)
        self._reader_shown()

    def bring_to_front(self) -> None:
        """Raise the window, from wherever it is."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def _show_room(self, room: int) -> None:
        self.side.setCurrentIndex(room)
        self.room.setCurrentIndex(room)
        (self.rail.library if room == LIBRARY else self.rail.chats).setChecked(True)
        self._state.put("room", room)
        if self.dock.narrow and self.dock.shown:
            self.hide_reader()
        elif room == CHATS:
            self.chat.composer.setFocus()

    def _show_about(self) -> None:
        from gui.about import AboutDialog

        dialog = AboutDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()
        self.about_opened.emit(dialog)

    def _toggle_side(self) -> None:
        self.side.setVisible(self.side.isHidden())
        self._remember()

    def _toggle_reader(self) -> None:
        if self.dock.shown:
            self.hide_reader()
        else:
            self.show_reader()

    def _reader_shown(self) -> None:
        self.chat.reader_button.setChecked(self.dock.shown)
        self.command["close_reader"].setEnabled(self.dock.shown)
        self._remember()

    def _fit_reader(self) -> None:
        self.dock.set_narrow(self.width() < NARROW_PX)

    def _find(self) -> None:
        if self.dock.shown:
            self.reader.find_bar.open()

    # --- What is remembered -------------------------------------------------------------------------------------------

    def _restore(self) -> None:
        self.resize(1280, 800)
        if not (geometry := self._state.blob("geometry")).isEmpty():
            self.restoreGeometry(geometry)
        self.splitter.setSizes([self._state.number("side_width", SIDE_PX), 800])
        self.side.setVisible(self._state.flag("side_shown", True))
        self.command["close_reader"].setEnabled(False)
        self.rail.chats.setChecked(True)
        self.chat.composer.setFocus()

    def _remember(self) -> None:
        if not self.is_complete:
            return
        self._state.put("geometry", self.saveGeometry())
        if self.side.isVisible():
            self._state.put("side_width", self.side.width())
        self._state.put("side_shown", not self.side.isHidden())
        self._state.put("reader_width", self.dock.width)
        self._state.put("reader_shown", self.dock.shown)

    # --- Qt -----------------------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.room and event.type() == QEvent.Type.Resize:
            self.dock.place()
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._was_painted:
            self._was_painted = True
            self.painted.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if not self.is_complete:
            return
        # Later, when the splitter has taken its new size too.
        QTimer.singleShot(0, self._fit_reader)
        self.messages.place()
        self.drop_cover.place()
        self._remember()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.is_complete and _dropped_paths(event):
            event.acceptProposedAction()
            self.drop_cover.show_over()

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        self.drop_cover.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self.drop_cover.hide()
        if paths := _dropped_paths(event):
            event.acceptProposedAction()
            self.paths_dropped.emit(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._remember()
        if self.is_complete:
            self.messages.dismiss()
        self._state.write()
        self.closing.emit()
        super().closeEvent(event)


def _dropped_paths(event: QDropEvent) -> list[Path]:
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
