"""The text of an answer: as high as it is long, selectable, with markers that can be clicked, hovered and tabbed to."""

from __future__ import annotations

from time import monotonic

from PySide6.QtCore import QSize, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QFont, QResizeEvent, QTextOption, QWheelEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextBrowser, QToolTip, QWidget

from gui.chat.markdown import CITATION_SCHEME, answer_html, document_css
from gui.theme.theme import Theme
from gui.theme.tokens import FONT_READING_PX

_RENDER_SHARE = 4
"""While streaming, at most a quarter of the GUI thread's time goes into drawing the answer again."""


class AnswerText(QTextBrowser):
    """Shows Markdown that may still grow.

    Signals:
        citation_clicked: The number of a marker.
        height_changed: The text takes another height.
    """

    citation_clicked = Signal(int)
    height_changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._markdown = ""
        self._tips: dict[int, str] = {}
        self._render_s = 0.0
        self._rendered_at = 0.0
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setAccessibleName("Answer")
        font = QFont(theme.font)
        font.setPixelSize(FONT_READING_PX)
        self.document().setDefaultFont(font)
        self.document().setDocumentMargin(0)
        self.anchorClicked.connect(self._follow)
        self.highlighted.connect(self._hover)
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.timeout.connect(self._render)
        theme.changed.connect(self._render)

    @property
    def markdown(self) -> str:
        return self._markdown

    def set_markdown(self, text: str) -> None:
        """Show a text; soon, if the last one was shown only just now."""
        if text == self._markdown:
            return
        self._markdown = text
        wait_s = self._rendered_at + _RENDER_SHARE * self._render_s - monotonic()
        if wait_s <= 0:
            self._render()
        elif not self._late.isActive():
            self._late.start(round(wait_s * 1000))

    def set_tips(self, tips: dict[int, str]) -> None:
        """Set what is shown while the pointer rests on a marker."""
        self._tips = tips

    def _render(self) -> None:
        started = monotonic()
        palette, family = self._theme.palette, self._theme.code_family
        self.document().setDefaultStyleSheet(document_css(palette, family))
        self.setHtml(answer_html(self._markdown, palette))
        self._fit()
        self._rendered_at = monotonic()
        self._render_s = self._rendered_at - started

    def _fit(self) -> None:
        self.document().setTextWidth(self.viewport().width())
        height = round(self.document().size().height()) if self._markdown else 0
        if height != self.height():
            self.setFixedHeight(height)
            self.height_changed.emit()

    def _follow(self, url: QUrl) -> None:
        if url.scheme() == CITATION_SCHEME:
            self.citation_clicked.emit(int(url.path()))

    def _hover(self, url: QUrl) -> None:
        tip = self._tips.get(int(url.path()), "") if url.scheme() == CITATION_SCHEME else ""
        if tip:
            QToolTip.showText(self.cursor().pos(), tip, self)
        else:
            QToolTip.hideText()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # The conversation scrolls, not one answer in it.

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())
