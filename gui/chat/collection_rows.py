"""The collections beside the chats: ticked ones are asked, and each shows how far it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from gui.theme.fonts import tabular
from gui.theme.icons import icon_pixmap
from gui.theme.theme import Theme
from gui.theme.tokens import CONTROL_PX, RADIUS_CONTROL, SPACE_4, SPACE_8
from gui.widgets.icon_label import IconLabel
from gui.widgets.labels import text_label
from gui.widgets.progress_ring import ProgressRing
from gui.wording import count, counted, progress_share

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rag.api import Collection, IndexingProgress


_BOX_PX = 15


class ElidedCheckBox(QCheckBox):
    """A check box in the theme's colours, whose words are shortened in the middle where they do not fit."""

    def __init__(self, theme: Theme, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._theme = theme
        theme.changed.connect(self.update)

    def minimumSizeHint(self) -> QSize:
        size = super().minimumSizeHint()
        size.setWidth(48)
        return size

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self._theme.palette
        ground = self.rect().adjusted(0, 1, -1, -2)
        if self.underMouse() or self.hasFocus():
            painter.setPen(QColor(palette.accent) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(palette.hover) if self.underMouse() else Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(ground, RADIUS_CONTROL, RADIUS_CONTROL)
        box = QRectF(SPACE_8 + 0.5, (self.height() - _BOX_PX) / 2 + 0.5, _BOX_PX - 1, _BOX_PX - 1)
        painter.setPen(QColor(palette.accent if self.isChecked() else palette.muted))
        painter.setBrush(QColor(palette.accent if self.isChecked() else palette.surface))
        painter.drawRoundedRect(box, 3, 3)
        if self.isChecked():
            tick = icon_pixmap("check", palette.on_accent, _BOX_PX - 2, self.devicePixelRatioF())
            painter.drawPixmap(box.topLeft().toPoint() + QPoint(1, 1), tick)
        words = self.rect().adjusted(2 * SPACE_8 + _BOX_PX, 0, -SPACE_4, 0)
        painter.setPen(QColor(palette.ink))
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, words.width())
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)

    def hitButton(self, position: QPoint) -> bool:
        return self.rect().contains(position)


class CollectionRow(QWidget):
    """One collection: a tick, its name, the number of its files or its progress.

    Signals:
        toggled: The collection's id and whether it is ticked.
    """

    toggled = Signal(int, bool)

    def __init__(self, theme: Theme, collection: Collection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.collection_id = collection.id
        self.box = ElidedCheckBox(theme, collection.name)
        self.box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.box.toggled.connect(self._toggle)
        self.ring = ProgressRing(theme)
        self.problem = IconLabel(theme, "triangle-alert", "warning")
        self.number = text_label("", "small")
        self.number.setFont(tabular(self.number.font()))
        self.setFixedHeight(CONTROL_PX)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, SPACE_8, 0)
        layout.setSpacing(SPACE_4)
        for widget in (self.box, self.ring, self.problem, self.number):
            layout.addWidget(widget)

    def show_state(self, collection: Collection, progress: IndexingProgress | None, attached: bool) -> None:
        """Show a collection as it is now."""
        self.box.blockSignals(True)
        self.box.setText(collection.name)
        self.box.setChecked(attached)
        self.box.blockSignals(False)
        running = progress is not None and progress.running
        self.ring.setVisible(running)
        self.problem.setVisible(collection.failed_files > 0 and not running)
        if progress is not None and running:
            share = progress_share(progress)
            self.ring.set_share(share)
            self.number.setText(f"{share:.0%}")
        else:
            self.number.setText(count(collection.files))
        problems = f", {counted(collection.failed_files, 'file')} not read" if collection.failed_files else ""
        self.setToolTip(f"{collection.name}: {counted(collection.files, 'file')}{problems}")
        self.box.setAccessibleName(f"Ask {collection.name}, {counted(collection.files, 'file')}{problems}")

    def _toggle(self, checked: bool) -> None:
        self.toggled.emit(self.collection_id, checked)


class CollectionRows(QWidget):
    """All collections, one under the other.

    Signals:
        toggled: A collection's id and whether it shall be asked.
    """

    toggled = Signal(int, bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows: dict[int, CollectionRow] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(SPACE_8, 0, 0, 0)
        self._layout.setSpacing(0)

    def show_collections(
        self,
        collections: Sequence[Collection],
        progress: Mapping[int, IndexingProgress],
        attached: Sequence[int],
    ) -> None:
        """Show the collections; rows stay where they are as long as the collections do."""
        wanted = [collection.id for collection in collections]
        if wanted != list(self._rows):
            self._rebuild(collections)
        for collection in collections:
            row = self._rows[collection.id]
            row.show_state(collection, progress.get(collection.id), collection.id in attached)

    def row(self, collection_id: int) -> CollectionRow | None:
        return self._rows.get(collection_id)

    def _rebuild(self, collections: Sequence[Collection]) -> None:
        for row in self._rows.values():
            row.hide()
            row.deleteLater()
        self._rows = {}
        for collection in collections:
            row = CollectionRow(self._theme, collection)
            row.toggled.connect(self.toggled)
            self._layout.addWidget(row)
            self._rows[collection.id] = row
