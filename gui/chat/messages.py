"""One turn of a conversation: the question, and the answer with its passages, its text and its sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from gui.chat.answer_text import AnswerText
from gui.chat.sources import PassageStrip, SourceChips
from gui.errors import ACTION_WORDS, Notice
from gui.theme.theme import Theme
from gui.theme.tokens import SPACE_4, SPACE_8, SPACE_16
from gui.widgets.buttons import IconButton, push_button
from gui.widgets.icon_label import IconLabel
from gui.widgets.labels import text_label
from gui.wording import counted, source_name, sources_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.api import Answer, ChatMessage, Citation, RankedPassage


class QuestionView(QFrame):
    """What the user asked."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "question")
        self.label = text_label(text, "reading", wrap=True)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.label.setAccessibleName(f"Your question: {text}")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_16, SPACE_8, SPACE_16, SPACE_8)
        layout.addWidget(self.label)

    def sizeHint(self) -> QSize:
        # A wrapping label proposes a narrow block; a question shall take one line where one is enough.
        metrics = self.label.fontMetrics()
        longest = max(metrics.horizontalAdvance(line) for line in (self.label.text() or " ").split("\n"))
        return QSize(longest + 2 * SPACE_16 + SPACE_8, super().sizeHint().height())


class ProblemLine(QWidget):
    """What went wrong with an answer, and the button that mends it.

    Signals:
        action_asked: The name of the remedy.
    """

    action_asked = Signal(str)

    def __init__(self, theme: Theme, notice: Notice, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.notice = notice
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_8)
        layout.addWidget(IconLabel(theme, "triangle-alert", "warning"), 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(text_label(notice.text, wrap=True), 1)
        if notice.action in ACTION_WORDS:
            button = push_button(ACTION_WORDS[notice.action])
            button.clicked.connect(self._ask)
            layout.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)

    def _ask(self) -> None:
        self.action_asked.emit(self.notice.action)


class AnswerView(QWidget):
    """An answer as it comes and as it stays.

    Signals:
        passage_opened: A `RankedPassage` to show in the reader.
        citation_opened: The number of a citation to show in the reader.
        regenerate_asked: Answer again.
        remedy_asked: The name of what to do about a problem.
    """

    passage_opened = Signal(object)
    citation_opened = Signal(int)
    regenerate_asked = Signal()
    remedy_asked = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.passages: tuple[RankedPassage, ...] = ()
        self.citations: tuple[Citation, ...] = ()
        self.found = push_button("", "fold")
        self.found.setCheckable(True)
        self.found.toggled.connect(self._fold)
        theme.changed.connect(self._tint)
        self.strip = PassageStrip()
        self.strip.opened.connect(self.passage_opened)
        self.text = AnswerText(theme)
        self.text.citation_clicked.connect(self.citation_opened)
        self.status = text_label("", "muted")
        self.chips = SourceChips()
        self.chips.opened.connect(self.citation_opened)
        self._problems = QVBoxLayout()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(SPACE_8)
        self._layout.addWidget(self.found, 0, Qt.AlignmentFlag.AlignLeft)
        for widget in (self.strip, self.text, self.status, self.chips):
            self._layout.addWidget(widget)
        self._layout.addLayout(self._problems)
        self._layout.addWidget(self._build_foot())
        for hidden in (self.found, self.strip, self.chips, self.foot):
            hidden.hide()

    def _build_foot(self) -> QWidget:
        self.foot = QWidget()
        self.support_icon = IconLabel(self._theme, "check", "good")
        self.support = text_label("", "small")
        self.copy_button = IconButton(self._theme, "copy", "Copy the answer", colour="muted")
        self.copy_button.clicked.connect(self._copy)
        self.again_button = IconButton(self._theme, "rotate-ccw", "Answer again", colour="muted")
        self.again_button.clicked.connect(self.regenerate_asked)
        row = QHBoxLayout(self.foot)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_4)
        row.addWidget(self.support_icon)
        row.addWidget(self.support)
        row.addStretch(1)
        row.addWidget(self.copy_button)
        row.addWidget(self.again_button)
        return self.foot

    # --- As it comes --------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Say that the documents are searched."""
        self._say("Searching the documents…")

    def show_passages(self, results: Sequence[RankedPassage], *, open_strip: bool) -> None:
        """Show what was found, before the first word."""
        self.passages = tuple(results)
        if not self.passages:
            return
        self.found.setText(f"{counted(len(self.passages), 'passage')} found")
        self.found.setAccessibleName(f"{self.found.text()}; show or hide them")
        self.found.setVisible(True)
        self.found.setChecked(open_strip)
        self._fold(open_strip)

    def show_reading(self, share: float) -> None:
        """Say how far the model has read the passages."""
        if not self.text.markdown:
            self._say(f"Reading the passages… {share:.0%}" if 0 < share < 1 else "Reading the passages…")

    def show_text(self, text: str) -> None:
        """Show the answer so far."""
        if text:
            self._say("")
        self.text.set_markdown(text)

    # --- As it stays --------------------------------------------------------------------------------------------------

    def finish(self, answer: Answer | ChatMessage, *, last: bool) -> None:
        """Show the whole answer with its sources."""
        self.citations = answer.citations
        self._say("")
        self.text.set_markdown(answer.text)
        self.text.set_tips({each.n: f"{source_name(each)}\n“{each.quote}”" for each in self.citations})
        self.chips.set_citations(self.citations)
        self._show_support(answer)
        self.foot.show()
        self.set_last(last)
        if answer.outcome == "interrupted":
            self._say("Stopped before its end.")
        if answer.left_out:
            self._say(f"Not given to the model: {', '.join(answer.left_out)}.")

    def fail(self, notice: Notice) -> None:
        """Say why there is no answer, or none to its end."""
        self._say("")
        line = ProblemLine(self._theme, notice)
        line.action_asked.connect(self.remedy_asked)
        self._problems.addWidget(line)
        self.foot.show()
        self.support_icon.hide()

    def set_last(self, last: bool) -> None:
        """Offer to answer again only under the last answer."""
        self.again_button.setVisible(last)

    def citation(self, number: int) -> Citation | None:
        return next((each for each in self.citations if each.n == number), None)

    def _show_support(self, answer: Answer | ChatMessage) -> None:
        cited = sum(1 for sentence in answer.sentences if sentence.citations)
        said = sources_text(cited, len(answer.sentences)) if answer.outcome == "answered" else ""
        self.support.setText(said)
        self.support_icon.setVisible(bool(said))
        whole = bool(said) and cited == len(answer.sentences)
        self.support_icon.set_icon("check" if whole else "info", "good" if whole else "muted")
        if answer.model:
            self.support.setToolTip(f"Written by {answer.model}")

    def _say(self, text: str) -> None:
        self.status.setText(text)
        self.status.setVisible(bool(text))

    def _fold(self, shown: bool) -> None:
        if shown and self.strip.widget() is None:
            self.strip.set_passages(self.passages)
        self.strip.setVisible(shown and bool(self.passages))
        self._tint()

    def _tint(self) -> None:
        name = "chevron-down" if self.found.isChecked() else "chevron-right"
        self.found.setIcon(self._theme.icon(name, colour=self._theme.palette.muted))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.markdown)
