"""The reading report of a document: a map of its pages, what was left out, what went wrong and what mends it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from gui.library.legend import Legend
from gui.library.page_kinds import kind_counts, page_words
from gui.library.page_map import PageMap
from gui.library.problems import ProblemCard
from gui.theme.theme import Theme
from gui.theme.tokens import SPACE_4, SPACE_8, SPACE_12
from gui.widgets.bar import Bar
from gui.widgets.buttons import push_button
from gui.widgets.icon_label import IconLabel
from gui.widgets.labels import ElidedLabel, text_label
from gui.widgets.panel import Panel
from gui.wording import count, counted, file_size, file_state, kind_name, waits_for_ocr, way

if TYPE_CHECKING:
    from rag.api import DocumentReport, PageReport, Skipped

_MOST_SKIPPED = 200
"""A longer list is cut, and says so: an archive may hold thousands of members that are no documents."""


class ReportView(Panel):
    """Shows a `DocumentReport`.

    Signals:
        page_opened: The file (`FileRow`) and the page (`PageReport`) to show in the reader.
        recognise_asked: The file's id and the indexes of the pages to read by OCR; none for all that wait.
        retry_asked: The file's id and a password (empty for none).
        skip_asked, remove_asked: The file's id.
    """

    page_opened = Signal(object, object)
    recognise_asked = Signal(int, tuple)
    retry_asked = Signal(int, str)
    skip_asked = Signal(int)
    remove_asked = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "", "Back to the files", parent)
        self._theme = theme
        self.report: DocumentReport | None = None
        self.open_button = push_button("Open in the reader")
        self.open_button.clicked.connect(self._open_file)
        self.head.row.addWidget(self.open_button)
        self.facts = text_label("", "muted", wrap=True)
        self.asked = _IconLine(theme)
        self.same = text_label("", "muted", wrap=True)
        self.map_heading = text_label("Pages", "section")
        self.legend = Legend(theme)
        self.legend.kind_chosen.connect(self._go_to_kind)
        self.recognise = push_button("", "primary")
        self.recognise.clicked.connect(self._recognise_all)
        self.map = PageMap(theme)
        self.map.current_changed.connect(self._show_current)
        self.map.opened.connect(self._open_page)
        self.problem = QVBoxLayout()
        self.card: ProblemCard | None = None
        self.skipped_heading = text_label("", "section")
        self.skipped = _SkippedList()
        self._fill()
        self._build_foot()

    def _fill(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(SPACE_4)
        for widget in (self.facts, self.asked, self.same):
            words.addWidget(widget)
        self.column.addLayout(words)
        self.column.addLayout(self.problem)
        self.column.addWidget(self.recognise, 0, Qt.AlignmentFlag.AlignLeft)
        self.column.addSpacing(SPACE_4)
        self.column.addWidget(self.map_heading)
        self.column.addWidget(self.legend)
        self.column.addWidget(self.map)
        self.column.addSpacing(SPACE_8)
        self.column.addWidget(self.skipped_heading)
        self.column.addWidget(self.skipped)
        self.column.addStretch(1)

    def _build_foot(self) -> None:
        self.foot = Bar("foot")
        self.current_label = ElidedLabel("", mode=Qt.TextElideMode.ElideRight)
        self.recognise_page = push_button("Run OCR", "link")
        self.recognise_page.clicked.connect(self._recognise_page)
        self.open_page = push_button("Open", "link")
        self.open_page.setAccessibleName("Open this page in the reader")
        self.open_page.clicked.connect(self._open_current)
        self.foot.row.addWidget(self.current_label, 1)
        self.foot.row.addWidget(self.recognise_page)
        self.foot.row.addWidget(self.open_page)
        self.foot.hide()
        layout = self.layout()
        assert layout is not None
        layout.addWidget(self.foot)

    # --- What it shows ------------------------------------------------------------------------------------------------

    def show_report(self, report: DocumentReport) -> None:
        """Show a report; for the same document again, everything stays where it is."""
        before, self.report = self.report, report
        if before is None or before.file.id != report.file.id:
            self.map.forget_current()
            self.foot.hide()
            self.area.verticalScrollBar().setValue(0)
        if before == report:
            return
        self.title.set_text(report.file.path.name)
        self.title.setToolTip(str(report.file.path))
        self.open_button.setVisible(report.file.document_id is not None)
        self.facts.setText(_facts(report))
        self._show_state(report)
        self.same.setText(_same_words(report))
        self.same.setVisible(bool(report.same_as))
        self._show_problem(before, report)
        self._show_map(report)
        self.skipped_heading.setText(f"Left out ({count(len(report.skipped))})")
        self.skipped_heading.setVisible(bool(report.skipped))
        self.skipped.show_parts(report.skipped)
        if self.map.current is not None:
            self._show_words(self.map.current)

    def _show_state(self, report: DocumentReport) -> None:
        state = file_state(report.file)
        if report.can_be_asked and report.embedded < report.passages:
            said = f"{state}. You can ask this now; {count(report.embedded)} of {counted(report.passages, 'passage')} "
            self.asked.show_line("circle-dot", "accent", said + "can be found by meaning, all of them by words.")
        elif report.can_be_asked and waits_for_ocr(report.file):
            waiting = counted(kind_counts(report.pages)["scanned"], "page")
            self.asked.show_line("circle-dot", "accent", f"{state}: {waiting}. You can ask the rest now.")
        elif report.can_be_asked:
            self.asked.show_line("circle-check", "good", f"{state}. You can ask this now.")
        elif report.file.state == "failed":
            self.asked.show_line("circle-alert", "error", f"{state}.")
        elif report.pages and report.file.state not in ("queued", "reading"):
            self.asked.show_line("circle", "muted", f"{state}. There is no text in it that could be asked.")
        else:
            self.asked.show_line("clock", "muted", f"{state}. It cannot be asked yet.")

    def _show_problem(self, before: DocumentReport | None, report: DocumentReport) -> None:
        if before is not None and before.file == report.file:
            return
        if self.card is not None:
            self.card.hide()
            self.card.deleteLater()
            self.card = None
        if report.file.problem is None:
            return
        self.card = ProblemCard(self._theme, report.file, named=False)
        self.card.retry_asked.connect(self.retry_asked)
        self.card.recognise_asked.connect(self.recognise_asked)
        self.card.skip_asked.connect(self.skip_asked)
        self.card.remove_asked.connect(self.remove_asked)
        self.problem.addWidget(self.card)

    def _show_map(self, report: DocumentReport) -> None:
        counts = kind_counts(report.pages)
        waiting = counts["scanned"]
        self.recognise.setText(f"Run OCR on {counted(waiting, 'page')}")
        self.recognise.setAccessibleName(self.recognise.text())
        offered = self.card is not None and self.card.notice.action == "recognise"
        self.recognise.setVisible(waiting > 0 and not offered)
        self.legend.show_counts(counts)
        self.map.set_pages(report.pages)
        for widget in (self.map_heading, self.legend, self.map):
            widget.setVisible(bool(report.pages))

    def _show_current(self, page: PageReport, area: QRect) -> None:
        self._show_words(page)
        # Later: the foot takes room from the view when it appears.
        QTimer.singleShot(0, self.map, lambda: self._bring_into_sight(area))

    def _bring_into_sight(self, area: QRect) -> None:
        centre = self.map.mapTo(self.content, area.center())
        self.area.ensureVisible(centre.x(), centre.y(), 0, 3 * area.height())

    def _show_words(self, page: PageReport) -> None:
        self.current_label.set_text(f"{way(page.inside)} › {page_words(page)}" if page.inside else page_words(page))
        self.recognise_page.setVisible(page.kind in ("scanned", "ocr"))
        self.recognise_page.setText("Run OCR again" if page.kind == "ocr" else "Run OCR")
        self.foot.show()

    # --- Slots --------------------------------------------------------------------------------------------------------

    def _go_to_kind(self, kind: str) -> None:
        self.map.go_to_next(lambda page: page.kind == kind)

    def _open_file(self) -> None:
        if self.report is not None and self.report.pages:
            self.page_opened.emit(self.report.file, self.report.pages[0])

    def _open_page(self, page: PageReport) -> None:
        if self.report is not None and self.report.file.document_id is not None:
            self.page_opened.emit(self.report.file, page)

    def _open_current(self) -> None:
        if self.map.current is not None:
            self._open_page(self.map.current)

    def _recognise_all(self) -> None:
        if self.report is not None:
            self.recognise_asked.emit(self.report.file.id, ())

    def _recognise_page(self) -> None:
        if self.report is not None and self.map.current is not None:
            self.recognise_asked.emit(self.report.file.id, (self.map.current.index,))


class _IconLine(QWidget):
    """A line of words with an icon before it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.icon = IconLabel(theme, "clock")
        self.words = text_label("", wrap=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_8)
        row.addWidget(self.icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.words, 1)

    def show_line(self, icon: str, colour: str, text: str) -> None:
        self.icon.set_icon(icon, colour)
        self.words.setText(text)


class _SkippedList(QFrame):
    """What was left out, by member, each with its reason."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[Skipped, ...] | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACE_12)

    def show_parts(self, parts: tuple[Skipped, ...]) -> None:
        if parts == self._shown:
            return
        self._shown = parts
        while (item := self._column.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for inside, members in groupby(parts[:_MOST_SKIPPED], key=lambda part: part.inside):
            for part in members:
                self._column.addWidget(_SkippedRow(part, inside))
        if len(parts) > _MOST_SKIPPED:
            self._column.addWidget(text_label(f"and {count(len(parts) - _MOST_SKIPPED)} more", "muted"))


class _SkippedRow(QWidget):
    def __init__(self, part: Skipped, inside: tuple[str, ...]) -> None:
        super().__init__()
        name = ElidedLabel(" › ".join((*inside, part.name)))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(name)
        column.addWidget(text_label(part.reason, "small", wrap=True))


def _facts(report: DocumentReport) -> str:
    parts = [kind_name(report.kind)] if report.kind else []
    parts.append(file_size(report.file.size))
    if report.pages:
        parts.append(counted(len(report.pages), "page"))
    if report.passages:
        parts.append(counted(report.passages, "passage"))
    title = report.title if report.title not in ("", report.file.path.name, report.file.path.stem) else ""
    return " · ".join(([f"“{title}”"] if title else []) + parts)


def _same_words(report: DocumentReport) -> str:
    names = ", ".join(str(path) for path in report.same_as)
    return f"The same bytes as {names}; they were read once."
