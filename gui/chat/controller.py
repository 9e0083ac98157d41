"""Knows the chats: opens, asks, stops, renames, deletes; which collections are asked; what is being written.

A new chat is not stored before its first question, so that no empty ones pile up.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from gui.chat.stream import AnswerStream
from gui.errors import Notice, notice_of
from gui.notify import Message
from gui.reader.target import citation_target, passage_target
from gui.wording import utc_now
from rag.api import NEW_CHAT_TITLE, AskJob, Chat

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gui.bridge import Bridge
    from gui.chat.messages import AnswerView
    from gui.library.controller import LibraryController
    from gui.main_window import MainWindow
    from gui.reader.controller import ReaderController
    from gui.settings import WindowState
    from gui.tasks import Tasks
    from rag.api import AskEvent, Change, ChatMessage, IndexingProgress, RankedPassage, Workspace

_TYPING_MS = 1_000


@dataclass(frozen=True)
class Begun:
    """A question on its way in a chat."""

    chat_id: int
    job: AskJob


def begin_ask(
    workspace: Workspace,
    chat_id: int | None,
    collection_ids: Sequence[int],
    question: str,
    on_event: Callable[[AskEvent], None],
) -> Begun:
    """Ask in a chat, made for it if there is none; called on a pool thread."""
    if chat_id is None:
        chat_id = workspace.create_chat(collection_ids=collection_ids).id
    return Begun(chat_id, workspace.ask(chat_id, question, on_event))


class ChatController(QObject):
    """Keeps the chat room true. GUI thread only.

    Signals:
        remedy_asked: The name of what to do about a problem with an answer.
        question_begun: A question is on its way to the model.
    """

    remedy_asked = Signal(str)
    question_begun = Signal()

    def __init__(
        self,
        workspace: Workspace,
        window: MainWindow,
        tasks: Tasks,
        bridge: Bridge,
        state: WindowState,
        library: LibraryController,
        reader: ReaderController,
    ) -> None:
        super().__init__(window)
        self._workspace, self._window, self._tasks, self._bridge = workspace, window, tasks, bridge
        self._state, self._library, self._reader = state, library, reader
        self._page, self._side = window.chat, window.chat_side
        self._chats: list[Chat] = []
        self._hidden: set[int] = set()
        self._streams: dict[int, AnswerStream] = {}
        self._starting: AnswerStream | None = None
        self._attached: tuple[int, ...] = ()
        self._suggestions: list[str] = []
        self.chat_id: int | None = None
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(_TYPING_MS)
        self._connect()

    def _connect(self) -> None:
        side, page = self._side, self._page
        side.chats.chat_chosen.connect(self.open)
        side.chats.delete_asked.connect(self.delete)
        side.chats.chats.renamed.connect(self._rename)
        side.search_changed.connect(self._show_list)
        side.collections.toggled.connect(self._attach)
        page.composer.collection_toggled.connect(self._attach)
        page.composer.sent.connect(self.ask)
        page.composer.stopped.connect(self.stop)
        page.composer.draft_changed.connect(self._keep_draft)
        page.welcome.question_chosen.connect(self._take_suggestion)
        page.conversation.regenerate_asked.connect(self.regenerate)
        page.conversation.passage_opened.connect(self._open_passage)
        page.conversation.citation_opened.connect(self._open_citation)
        page.conversation.remedy_asked.connect(self.remedy_asked)
        self._window.command["new_chat"].triggered.connect(self.new_chat)
        self._window.command["rename_chat"].triggered.connect(side.chats.rename_selected)
        self._window.command["delete_chat"].triggered.connect(self._delete_current)
        self._library.changed.connect(self._show_collections)
        self._library.paths_added.connect(self._attach_added)

    # --- The list -----------------------------------------------------------------------------------------------------

    def start(self, chats: list[Chat], suggestions: list[str], attached: Sequence[int]) -> None:
        """Show the chats, and the one that was open."""
        self._chats, self._suggestions = chats, suggestions
        self._attached = tuple(attached)
        self._page.welcome.set_ready()
        last = self._state.number("chat", -1)
        if any(chat.id == last for chat in chats):
            self.open(last)
        else:
            self._open_new()

    def on_change(self, change: Change) -> None:
        if change.chats:
            self._tasks.run(self._workspace.chats, self._listed, self._failed)

    def _listed(self, chats: list[Chat]) -> None:
        self._chats = chats
        if self.chat_id is not None and self.chat is None:
            self._open_new()
        self._show_list()
        self._show_head()

    @property
    def chat(self) -> Chat | None:
        return next((chat for chat in self._chats if chat.id == self.chat_id), None)

    def _show_list(self) -> None:
        shown = [chat for chat in self._chats if chat.id not in self._hidden]
        search = self._side.search.text().strip()
        self._side.chats.chats.set_chats(shown, utc_now(), search)
        self._side.chats.select_chat(self.chat_id)
        self._side.show_none(searched=bool(search), shown=not self._side.chats.chats.rowCount())

    def _show_head(self) -> None:
        chat = self.chat
        self._page.title.set_text(chat.title if chat is not None else NEW_CHAT_TITLE)
        if chat is not None:
            self._attached = chat.collection_ids
        for command in ("rename_chat", "delete_chat"):
            self._window.command[command].setEnabled(chat is not None)
        self._page.more.setVisible(chat is not None)
        self._show_collections()

    # --- Opening ------------------------------------------------------------------------------------------------------

    def new_chat(self) -> None:
        """Begin a chat."""
        self._window.show_chats()
        self._open_new()
        self._page.composer.setFocus()

    def open(self, chat_id: int) -> None:
        """Show a chat."""
        self._leave()
        self.chat_id = chat_id
        self._state.put("chat", chat_id)
        self._show_list()
        self._show_head()
        self._page.composer.set_answering(chat_id in self._streams)
        self._page.composer.set_draft(self._state.text(f"draft/{chat_id}"))
        self._tasks.run(partial(self._workspace.messages, chat_id), partial(self._show_messages, chat_id), self._failed)

    def _open_new(self) -> None:
        self._leave()
        self.chat_id = None
        self._state.put("chat", -1)
        self._page.conversation.clear()
        self._page.show_conversation(False)
        self._page.composer.set_answering(False)
        first = self._suggestions[0] if self._suggestions and not self._chats else ""
        self._page.composer.set_draft(self._state.text("draft/new", first) or first)
        self._show_list()
        self._show_head()

    def _leave(self) -> None:
        for stream in self._streams.values():
            stream.view = None
        self._starting = None

    def _show_messages(self, chat_id: int, messages: list[ChatMessage]) -> None:
        if chat_id != self.chat_id:
            return
        stream = self._streams.get(chat_id)
        stored = [each for each in messages if stream is None or each.id != stream.message_id]
        self._page.show_conversation(True)
        self._page.conversation.show_messages(stored)
        if stream is not None:
            stream.show_in(self._page.conversation.add_answer())
        self._page.conversation.go_to_end()

    # --- Asking -------------------------------------------------------------------------------------------------------

    def ask(self, question: str) -> None:
        """Ask in the chat that is open."""
        self._page.show_conversation(True)
        self._page.conversation.add_question(question)
        self._state.put(self._draft_key(), "")
        stream = self._new_stream()
        work = partial(begin_ask, self._workspace, self.chat_id, self._attached, question, stream.post)
        self._tasks.run(work, partial(self._begun, stream), partial(self._not_begun, stream, question))

    def regenerate(self) -> None:
        """Answer the last question again."""
        chat_id = self.chat_id
        if chat_id is None or chat_id in self._streams or self._starting is not None:
            return
        self._page.conversation.remove_last_answer()
        stream = self._new_stream()

        def begin() -> Begun:
            return Begun(chat_id, self._workspace.regenerate(chat_id, stream.post))

        self._tasks.run(begin, partial(self._begun, stream), partial(self._not_begun, stream, ""))

    def stop(self) -> None:
        """Stop the answer; what was written stays."""
        stream = self._streams.get(self.chat_id) if self.chat_id is not None else self._starting
        if stream is not None:
            stream.stop()

    def _new_stream(self) -> AnswerStream:
        view = self._page.conversation.add_answer()
        view.begin()
        stream = AnswerStream(self._bridge, view, self._finished, self)
        self._starting = stream
        self._page.composer.set_answering(True)
        return stream

    def _begun(self, stream: AnswerStream, begun: Begun) -> None:
        self.question_begun.emit()
        stream.begin(begun.chat_id, begun.job)
        self._tasks.watch(begun.job.future, failed=partial(self._answer_failed, stream))
        if not stream.ended:
            self._streams[begun.chat_id] = stream
        if self._starting is stream:
            self._starting = None
            if self.chat_id is None:
                self.chat_id = begun.chat_id
                self._state.put("chat", begun.chat_id)
                self._state.put("draft/new", "")
        self._tasks.run(self._workspace.chats, self._listed, self._failed)

    def _not_begun(self, stream: AnswerStream, question: str, error: BaseException) -> None:
        if self._starting is stream:
            self._starting = None
            self._page.composer.set_answering(False)
            if question:
                self._page.composer.set_draft(question)
        notice = notice_of(error)
        if notice is None:
            self._tasks.unhandled(error)
        elif stream.view is not None:
            stream.view.fail(notice)

    def _answer_failed(self, stream: AnswerStream, error: BaseException) -> None:
        # A known error has come as an event already; anything else is a bug and ends the stream here.
        if notice_of(error) is None:
            if stream.view is not None:
                stream.view.fail(Notice("The answer was cut short by a mistake in Carrel.", "Ask again."))
            self._finished(stream)
            self._tasks.unhandled(error)

    def _finished(self, stream: AnswerStream) -> None:
        if stream.chat_id is not None and self._streams.get(stream.chat_id) is stream:
            del self._streams[stream.chat_id]
        if stream.view is not None:
            self._page.composer.set_answering(False)

    # --- Sources ------------------------------------------------------------------------------------------------------

    def _open_passage(self, _view: AnswerView, result: RankedPassage) -> None:
        self._reader.open(passage_target(result.passage))

    def _open_citation(self, view: AnswerView, number: int) -> None:
        numbers = [citation.n for citation in view.citations]
        if number in numbers:
            targets = [citation_target(citation, view.passages) for citation in view.citations]
            self._reader.open_citation(targets, numbers.index(number))

    # --- Collections --------------------------------------------------------------------------------------------------

    def _show_collections(self) -> None:
        collections = self._library.collections
        progress = self._library.state.progress
        self._side.collections.show_collections(collections, progress, self._attached)
        self._page.composer.set_collections(collections, self._attached)
        self._page.composer.set_ready(self._can_answer())
        if self.chat_id is None:
            samples = any(each.kind == "sample" and each.id in self._attached for each in collections)
            self._page.welcome.show_state(
                _welcome(bool(collections), samples), self._suggestions[1:3] if samples else ()
            )

    def _can_answer(self) -> bool:
        """Tell whether at least one document can be searched, or none is on its way."""
        if self._library.state.overall is None:
            return False
        asked = [self._library.state.progress.get(each) for each in self._attached]
        running = [each for each in asked if each is not None and each.running and not each.paused]
        return len(running) < len(asked) or not asked or any(_searchable(each) for each in running)

    def _attach(self, collection_id: int, attached: bool) -> None:
        ids = [each for each in self._attached if each != collection_id]
        self._attached = (*ids, collection_id) if attached else tuple(ids)
        if self.chat_id is not None:
            work = partial(self._workspace.set_chat_collections, self.chat_id, self._attached)
            self._tasks.run(work, failed=self._failed)
        self._show_collections()

    def _attach_added(self, collection_id: int) -> None:
        if collection_id not in self._attached:
            self._attach(collection_id, True)

    # --- Renaming and deleting ----------------------------------------------------------------------------------------

    def _rename(self, chat_id: int, title: str) -> None:
        self._tasks.run(partial(self._workspace.rename_chat, chat_id, title), failed=self._failed)

    def _delete_current(self) -> None:
        if self.chat_id is not None:
            self.delete(self.chat_id)

    def delete(self, chat_id: int) -> None:
        """Take a chat away at once, with ten seconds to take that back."""
        title = next((chat.title for chat in self._chats if chat.id == chat_id), "")
        self._hidden.add(chat_id)
        if chat_id == self.chat_id:
            self._open_new()
        self._show_list()
        undo = partial(self._undelete, chat_id)
        self._window.messages.offer_undo(f"“{title}” is deleted.", partial(self._delete_for_good, chat_id), undo)

    def _delete_for_good(self, chat_id: int) -> None:
        if stream := self._streams.get(chat_id):
            stream.stop()
        self._state.put(f"draft/{chat_id}", "")
        self._tasks.run(partial(self._workspace.delete_chat, chat_id), failed=self._failed)

    def _undelete(self, chat_id: int) -> None:
        self._hidden.discard(chat_id)
        self._show_list()
        self.open(chat_id)

    # --- Drafts -------------------------------------------------------------------------------------------------------

    def _draft_key(self) -> str:
        return f"draft/{self.chat_id if self.chat_id is not None else 'new'}"

    def _keep_draft(self, text: str) -> None:
        self._state.put(self._draft_key(), text)
        if not self._typing.isActive():
            # Reading documents makes room for who types; once a second is enough to say so.
            self._typing.start()
            self._tasks.run(self._workspace.user_active)

    def _take_suggestion(self, question: str) -> None:
        self._page.composer.set_draft(question)
        self._page.composer.setFocus()

    def _failed(self, error: BaseException) -> None:
        notice = notice_of(error)
        if notice is None:
            self._tasks.unhandled(error)
        else:
            self._window.messages.show_message(Message(notice.text, "error"))


def _searchable(progress: IndexingProgress) -> bool:
    return progress.files_searchable + progress.files_ready > 0


def _welcome(any_collection: bool, samples: bool) -> str:
    if samples:
        return "A sample collection is ready: press Enter to ask the question below."
    if any_collection:
        return "Choose the collections to ask on the left, and write your question below."
    return "Add a folder, or drop one anywhere on this window; it can be asked within seconds."
