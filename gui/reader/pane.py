"""The reader: a document's pages or text, where it stands, its zoom, and the way from citation to citation."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from gui.reader.find_bar import FindBar
from gui.reader.pages_view import PagesView
from gui.reader.table_view import TableView
from gui.reader.text_view import TextView
from gui.theme.fonts import tabular
from gui.theme.theme import Theme
from gui.theme.tokens import SPACE_4, SPACE_8, SPACE_12, SPACE_16
from gui.widgets.bar import BAR_PX, Bar
from gui.widgets.buttons import IconButton
from gui.widgets.empty_state import EmptyState
from gui.widgets.labels import ElidedLabel, text_label
from gui.wording import count as count_text
from gui.wording import way

_FIELD_PX, _WIDEST_FIELD_PX = 48, 150
"""A page's label may be a number, or the name of a sheet or chapter."""
_FIELD_TIP = "Type a page as it is printed, or its number"


class ReaderPane(QFrame):
    """Shows what the reader's controller tells it.

    Signals:
        page_asked: What was typed into the page field.
        page_step: -1 or 1.
        citation_step: -1 or 1.
        as_text_asked: Show the text of the page (True), or its picture.
    """

    page_asked = Signal(str)
    page_step = Signal(int)
    citation_step = Signal(int)
    as_text_asked = Signal(bool)

    def __init__(self, theme: Theme, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setProperty("role", "pane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.pages = PagesView(theme)
        self.text = TextView(theme)
        self.table = TableView(theme)
        self.find_bar = FindBar(theme)
        said = "Choose a source of an answer, or a file in the library, and it opens here at its page."
        self.empty = EmptyState(theme, "book-open", "The reader", said)
        self.stack = QStackedWidget()
        for widget in (self.empty, self.pages, self.text, self.table):
            self.stack.addWidget(widget)
        self.note = text_label("", "small", wrap=True)
        self.note.setContentsMargins(SPACE_12, SPACE_8, SPACE_12, SPACE_8)
        self.note.hide()
        self.way = ElidedLabel("", "way")
        self.way.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._build_head(actions))
        layout.addWidget(self.way)
        layout.addWidget(self.find_bar)
        layout.addWidget(self.note)
        layout.addWidget(self.stack, 1)
        layout.addWidget(self._build_foot())
        self.pages.zoom_changed.connect(self._show_zoom)
        self.show_nothing()

    def _build_head(self, actions: dict[str, QAction]) -> QWidget:
        bar = Bar()
        self.title = ElidedLabel("", "title")
        self.previous_page = IconButton(self._theme, "chevron-left", "Previous page")
        self.previous_page.clicked.connect(self._page_back)
        self.page_field = QLineEdit()
        self.page_field.setProperty("role", "page")
        self.page_field.setFixedWidth(_FIELD_PX)
        self.page_field.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.page_field.setAccessibleName("Page: a printed label or a number")
        self.page_field.setToolTip(_FIELD_TIP)
        self.page_field.returnPressed.connect(self._page_typed)
        self.page_total = text_label("", "small")
        self.page_total.setFont(tabular(self.page_total.font()))
        self.next_page = IconButton(self._theme, "chevron-right", "Next page")
        self.next_page.clicked.connect(self._page_forth)
        close = IconButton(self._theme, "x", "Close the reader")
        close.follow(actions["close_reader"])
        bar.row.addWidget(self.title, 1)
        self.page_widgets = (self.previous_page, self.page_field, self.page_total, self.next_page)
        for widget in (*self.page_widgets, close):
            bar.row.addWidget(widget)
        return bar

    def _build_foot(self) -> QWidget:
        self.foot = Bar("foot")
        self.foot.setFixedHeight(BAR_PX - 5)
        self.previous_citation = IconButton(self._theme, "chevron-left", "Previous citation")
        self.previous_citation.clicked.connect(self._citation_back)
        self.citation_label = text_label("", "small")
        self.next_citation = IconButton(self._theme, "chevron-right", "Next citation")
        self.next_citation.clicked.connect(self._citation_forth)
        self.zoom_out = IconButton(self._theme, "minus", "Smaller")
        self.zoom_out.clicked.connect(self._smaller)
        self.zoom_label = text_label("", "small")
        self.zoom_label.setFont(tabular(self.zoom_label.font()))
        self.zoom_label.setMinimumWidth(36)
        self.zoom_label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.zoom_in = IconButton(self._theme, "plus", "Larger")
        self.zoom_in.clicked.connect(self._larger)
        self.fit = IconButton(self._theme, "move-horizontal", "Fit the width")
        self.fit.clicked.connect(self.pages.fit_width)
        self.text_button = IconButton(self._theme, "file-text", "Show the text of this page")
        self.text_button.setCheckable(True)
        self.text_button.clicked.connect(self.as_text_asked)
        self.foot.row.setContentsMargins(SPACE_8, 0, SPACE_8, 0)
        self.citation_widgets = (self.previous_citation, self.citation_label, self.next_citation)
        self.zoom_widgets = (self.zoom_out, self.zoom_label, self.zoom_in, self.fit)
        left = QHBoxLayout()
        left.setSpacing(SPACE_4)
        for widget in self.citation_widgets:
            left.addWidget(widget)
        self.foot.row.addLayout(left)
        self.foot.row.addStretch(1)
        for zoom_widget in (*self.zoom_widgets, self.text_button):
            self.foot.row.addWidget(zoom_widget)
        return self.foot

    # --- What it shows ------------------------------------------------------------------------------------------------

    def show_nothing(self) -> None:
        self.title.set_text("")
        self.stack.setCurrentWidget(self.empty)
        self.show_note("")
        self.show_way(())
        self.show_as_text(possible=False, is_text=False)
        self._show_widgets(pages=False, zoom=False)
        self.show_citation(0, 0)

    def show_pages(self, title: str) -> None:
        self.title.set_text(title)
        self.stack.setCurrentWidget(self.pages)
        self._show_widgets(pages=True, zoom=True)

    def show_text(self, title: str, *, has_pages: bool) -> None:
        self.title.set_text(title)
        self.stack.setCurrentWidget(self.text)
        self._show_widgets(pages=has_pages, zoom=False)

    def show_table(self, title: str, *, has_pages: bool) -> None:
        self.title.set_text(title)
        self.stack.setCurrentWidget(self.table)
        self._show_widgets(pages=has_pages, zoom=False)

    def show_way(self, inside: Sequence[str]) -> None:
        """Show the members on the way to what is shown: "letters.zip › lease.pdf"."""
        self.way.set_text(way(inside))
        self.way.setVisible(bool(inside))

    def show_as_text(self, *, possible: bool, is_text: bool) -> None:
        """Offer to show the page's text in place of its picture, or the other way round."""
        self.text_button.setVisible(possible)
        self.text_button.setChecked(is_text)
        name = "Show the picture of this page" if is_text else "Show the text of this page"
        self.text_button.setAccessibleName(name)
        self.text_button.setToolTip(name)
        self._show_foot()

    def show_page_number(self, label: str, index: int, count: int) -> None:
        """Show "iv · 4/31": what is printed on the page, its number, and how many there are."""
        number = str(index + 1)
        self.page_field.setText(label or number)
        self.page_field.setCursorPosition(0)
        needed = self.page_field.fontMetrics().horizontalAdvance(label or number) + SPACE_16
        self.page_field.setFixedWidth(min(max(_FIELD_PX, needed), _WIDEST_FIELD_PX))
        self.page_field.setToolTip(label if needed > _WIDEST_FIELD_PX else _FIELD_TIP)
        printed = bool(label) and label != number
        self.page_total.setText(
            f"· {count_text(index + 1)}/{count_text(count)}" if printed else f"/ {count_text(count)}"
        )
        self.set_steps(back=index > 0, forth=index < count - 1)

    def set_steps(self, *, back: bool, forth: bool) -> None:
        """Say whether there is a page before and behind; the next one may be of another member."""
        self.previous_page.setEnabled(back)
        self.next_page.setEnabled(forth)

    def show_citation(self, number: int, count: int) -> None:
        """Show which of an answer's citations is open; nothing if none is."""
        for widget in self.citation_widgets:
            widget.setVisible(count > 0)
        self.citation_label.setText(f"Citation {number} of {count}")
        self.previous_citation.setEnabled(number > 1)
        self.next_citation.setEnabled(number < count)
        self._show_foot()

    def show_note(self, text: str) -> None:
        """Say something about the document, above it."""
        self.note.setText(text)
        self.note.setVisible(bool(text))

    @property
    def shows_pages(self) -> bool:
        return self.stack.currentWidget() is self.pages

    @property
    def shows_table(self) -> bool:
        return self.stack.currentWidget() is self.table

    @property
    def view(self) -> PagesView | TextView | TableView:
        """What shows the document now."""
        if self.shows_pages:
            return self.pages
        return self.table if self.shows_table else self.text

    def _show_widgets(self, *, pages: bool, zoom: bool) -> None:
        for widget in self.page_widgets:
            widget.setVisible(pages)
        for zoom_widget in self.zoom_widgets:
            zoom_widget.setVisible(zoom)
        self._show_foot()

    def _show_foot(self) -> None:
        widgets = (self.zoom_out, self.citation_label, self.text_button)
        self.foot.setVisible(not all(widget.isHidden() for widget in widgets))

    def _show_zoom(self, zoom: float) -> None:
        self.zoom_label.setText(f"{zoom:.0%}")

    # --- Slots --------------------------------------------------------------------------------------------------------

    def _page_typed(self) -> None:
        self.page_asked.emit(self.page_field.text())

    def _page_back(self) -> None:
        self.page_step.emit(-1)

    def _page_forth(self) -> None:
        self.page_step.emit(1)

    def _citation_back(self) -> None:
        self.citation_step.emit(-1)

    def _citation_forth(self) -> None:
        self.citation_step.emit(1)

    def _smaller(self) -> None:
        self.pages.zoom_by(-1)

    def _larger(self) -> None:
        self.pages.zoom_by(1)
