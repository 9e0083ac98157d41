"""What is wrong with folders of a collection, or with reading as a whole: a line each, with an icon."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from gui.errors import Notice
from gui.theme.theme import Theme
from gui.theme.tokens import SPACE_4, SPACE_8
from gui.widgets.icon_label import IconLabel
from gui.widgets.labels import text_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.api import FileProblem

_MOST = 6


class NoticeList(QWidget):
    """Shows `FileProblem`s of folders. There is nothing to press: they end when the folder is back."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: tuple[FileProblem, ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACE_4)
        self.hide()

    def show_notices(self, notices: Sequence[FileProblem]) -> None:
        """Show these, or nothing."""
        if tuple(notices) == self._shown:
            return
        self._shown = tuple(notices)
        while (item := self._column.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for problem in self._shown[:_MOST]:
            self._column.addWidget(self._line(problem))
        if len(self._shown) > _MOST:
            self._column.addWidget(text_label(f"and {len(self._shown) - _MOST} more folders", "muted"))
        self.setVisible(bool(self._shown))

    def texts(self) -> list[str]:
        """Return what is said."""
        return [Notice(each.message, each.remedy, each.code).text for each in self._shown]

    def _line(self, problem: FileProblem) -> QWidget:
        notice = Notice(problem.message, problem.remedy, problem.code)
        line = QWidget()
        line.setAccessibleName(notice.text)
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_8)
        row.addWidget(IconLabel(self._theme, "unplug", "warning"), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(text_label(notice.text, wrap=True), 1)
        return line
