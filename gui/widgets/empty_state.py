"""What an empty place shows: one picture, one sentence, one button."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from gui.theme.theme import Theme
from gui.theme.tokens import PICTURE_PX, SPACE_8, SPACE_16, SPACE_24
from gui.widgets.buttons import push_button
from gui.widgets.icon_label import IconLabel
from gui.widgets.labels import text_label


class EmptyState(QWidget):
    """Teaches what to do in a place where nothing is yet."""

    def __init__(
        self, theme: Theme, icon: str, heading: str, sentence: str, button: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.button: QPushButton | None = None
        self.heading = text_label(heading, "heading")
        self.sentence = text_label(sentence, "muted", wrap=True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.sentence.setMaximumWidth(420)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_24, SPACE_24, SPACE_24, SPACE_24)
        layout.setSpacing(0)
        layout.addStretch(2)
        centre = Qt.AlignmentFlag.AlignHCenter
        layout.addWidget(IconLabel(theme, icon, "accent", PICTURE_PX), 0, centre)
        layout.addSpacing(SPACE_16)
        layout.addWidget(self.heading, 0, centre)
        layout.addSpacing(SPACE_8)
        # Not centred by its alignment: Qt then measures the lines at the width of the whole place.
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.sentence, 100)
        row.addStretch(1)
        layout.addLayout(row)
        if button:
            self.button = push_button(button, "primary")
            layout.addSpacing(SPACE_16)
            layout.addWidget(self.button, 0, centre)
        layout.addStretch(3)
