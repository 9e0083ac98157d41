"""One answer on its way: brings the core's events to the GUI thread, and to the view of its chat if it is open."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from gui.errors import Notice
from rag.api import AnswerDone, AnswerFailed, AnswerText, AskEvent, PassagesFound, ReadingPrompt

if TYPE_CHECKING:
    from gui.bridge import Bridge
    from gui.chat.messages import AnswerView
    from rag.api import AskJob, RankedPassage


class AnswerStream(QObject):
    """Follows a question from its first event to its last.

    Attributes:
        view: Where it is shown; None while its chat is not open.
        chat_id: Its chat, once the question is stored.
        message_id: Its row in that chat.
        ended: The last event has come.
    """

    def __init__(
        self, bridge: Bridge, view: AnswerView, on_end: Callable[[AnswerStream], None], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._on_end = on_end
        self._job: AskJob | None = None
        self._stopped = False
        self._passages: tuple[RankedPassage, ...] = ()
        self._text = ""
        self.view: AnswerView | None = view
        self.chat_id: int | None = None
        self.message_id: int | None = None
        self.ended = False

    def post(self, event: AskEvent) -> None:
        """Take an event; called on the core's threads."""
        self._bridge.post(self._take, event, key=(id(self), type(event)))

    def begin(self, chat_id: int, job: AskJob) -> None:
        """The question is stored and on its way."""
        self.chat_id, self.message_id, self._job = chat_id, job.message_id, job
        if self._stopped:
            job.cancel()

    def stop(self) -> None:
        """Stop it, or as soon as it has begun."""
        self._stopped = True
        if self._job is not None:
            self._job.cancel()

    def show_in(self, view: AnswerView) -> None:
        """Go on in another view, from what has come so far."""
        self.view = view
        view.begin()
        view.show_passages(self._passages, open_strip=True)
        view.show_text(self._text)

    def _take(self, event: AskEvent) -> None:
        if isinstance(event, PassagesFound):
            self._passages = event.retrieval.results
        elif isinstance(event, AnswerText):
            self._text = event.text
        if self.view is not None:
            _show(event, self.view)
        if isinstance(event, AnswerDone | AnswerFailed):
            self.ended = True
            self._on_end(self)
            self.deleteLater()


def _show(event: AskEvent, view: AnswerView) -> None:
    if isinstance(event, PassagesFound):
        view.show_passages(event.retrieval.results, open_strip=True)
        view.show_reading(0.0)
    elif isinstance(event, ReadingPrompt):
        view.show_reading(event.done_tokens / event.total_tokens if event.total_tokens else 0.0)
    elif isinstance(event, AnswerText):
        view.show_text(event.text)
    elif isinstance(event, AnswerDone):
        view.finish(event.answer, last=True)
    else:
        view.fail(Notice(event.message, event.remedy, event.code))
