"""Which `.carrel` file a collection came from, and whether that file has something newer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QWidget

from gui.theme.theme import Theme
from gui.theme.tokens import SPACE_8
from gui.widgets.buttons import push_button
from gui.widgets.icon_label import IconLabel
from gui.widgets.labels import ElidedLabel

if TYPE_CHECKING:
    from rag.api import AttachedState, Attachment

_STATES: dict[AttachedState, str] = {
    "current": "up to date",
    "newer": "a newer one is there",
    "older": "the file is an older one",
    "away": "the file is away; all of it stays here",
    "unusable": "the file is another one now, or damaged",
}


class AttachmentLine(QWidget):
    """A line that is there for collections that came from a file."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = ElidedLabel("", "muted")
        self.update_button = push_button("Bring up to date", "link")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_8)
        row.addWidget(IconLabel(theme, "package"))
        row.addWidget(self.words, 1)
        row.addWidget(self.update_button)
        self.hide()

    def show_attachment(self, attachment: Attachment | None, state: AttachedState | None) -> None:
        """Show where a collection came from; nothing for one that was made here."""
        self.setVisible(attachment is not None)
        if attachment is None:
            return
        source = attachment.plugin or attachment.path.name
        parts = [f"From {source}, revision {attachment.revision}", *([_STATES[state]] if state else [])]
        self.words.set_text(" · ".join(parts))
        self.words.setToolTip(str(attachment.path))
        self.update_button.setVisible(state == "newer")
