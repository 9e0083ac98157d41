"""What the tiles mean, with how many there are of each kind; each entry leads to the next page of its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from gui.library.page_kinds import LOOKS, kind_words, paint_tile, tile_font
from gui.theme.theme import Theme
from gui.theme.tokens import SPACE_4, TILE_PX
from gui.widgets.buttons import push_button
from gui.widgets.flow_layout import FlowLayout
from gui.wording import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rag.api import PageKind


class Legend(QWidget):
    """The kinds of pages that there are.

    Signals:
        kind_chosen: The kind (`PageKind`) whose next page is wanted.
    """

    kind_chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        flow = FlowLayout(self, SPACE_4)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.entries: dict[PageKind, QPushButton] = {}
        for kind in LOOKS:
            entry = push_button("", "legend")
            entry.setProperty("kind", kind)
            entry.setIconSize(QSize(TILE_PX, TILE_PX))
            entry.clicked.connect(self._choose)
            flow.addWidget(entry)
            self.entries[kind] = entry
        theme.changed.connect(self._tint)
        self._tint()

    def show_counts(self, counts: Mapping[PageKind, int]) -> None:
        """Show the kinds of which there are pages."""
        for kind, entry in self.entries.items():
            number = counts.get(kind, 0)
            entry.setVisible(number > 0)
            entry.setText(kind_words(kind, number))
            entry.setAccessibleName(f"{LOOKS[kind].name}: {counted(number, 'page')}. Go to the next one")
            entry.setToolTip("Go to the next page of this kind")

    def _choose(self) -> None:
        entry = self.sender()
        if entry is not None:
            self.kind_chosen.emit(str(entry.property("kind")))

    def _tint(self) -> None:
        for kind, entry in self.entries.items():
            entry.setIcon(self._picture(kind))

    def _picture(self, kind: PageKind) -> QIcon:
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(QSize(TILE_PX, TILE_PX) * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(tile_font(self._theme.font))
        paint_tile(painter, QRectF(0, 0, TILE_PX, TILE_PX), kind, self._theme.palette)
        painter.end()
        return QIcon(pixmap)
