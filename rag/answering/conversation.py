"""Questions and answers of a chat, stored as they happen.

A question is saved with an empty answer in state *streaming* before anything else is done; passages, the growing text
and the end follow. So a crash loses at most half a second of text. Each question runs on a thread of a small pool, on
which its events come.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock

from inference.api import CancelToken, KnownError
from rag.answering.answer import Answerer
from rag.answering.question import check_question
from rag.storage.chats import Chats
from rag.types import (
    Answer,
    AnswerDone,
    AnswerFailed,
    AnswerText,
    AskEvent,
    ChatMessage,
    FileProblem,
    PassagesFound,
    SearchScope,
)

SAVE_EVERY_S = 0.5
_THREADS = 2
_REGENERATE_TEMPERATURE = 0.7
"""Asked again, the most likely words would only repeat the answer that was not wanted."""
OnEvent = Callable[[AskEvent], None]


@dataclass(frozen=True)
class AskJob:
    """A question on its way. Any thread.

    Attributes:
        message_id: The answer's row in the chat.
        future: Gives the answer, an interrupted one too; raises the `KnownError` that ended it.
    """

    message_id: int
    future: Future[Answer]
    token: CancelToken

    def cancel(self) -> None:
        """Stop; what was written so far stays."""
        self.token.cancel()


@dataclass(frozen=True)
class _Task:
    message_id: int
    question: str
    scope: SearchScope
    history: tuple[ChatMessage, ...]
    token: CancelToken
    on_event: OnEvent
    temperature: float | None = None


class Conversation:
    """Asks in chats. Any thread; events come on the pool's threads."""

    def __init__(self, chats: Chats, answerer: Answerer) -> None:
        self._chats = chats
        self._answerer = answerer
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="ask")
        self._running: set[CancelToken] = set()
        self._lock = Lock()

    def ask(self, chat_id: int, question: str, on_event: OnEvent) -> AskJob:
        """Save a question and begin to answer it from the chat's collections.

        Raises:
            EmptyQuestion, QuestionTooLong: At once, and nothing is saved.
        """
        question = check_question(question)
        history = tuple(self._chats.messages(chat_id))
        self._chats.add_user_message(chat_id, question)
        return self._begin(chat_id, question, history, on_event)

    def regenerate(self, chat_id: int, on_event: OnEvent) -> AskJob:
        """Answer the last question of a chat again, in place of what followed it.

        Raises:
            EmptyQuestion: Nothing was asked yet.
        """
        messages = self._chats.messages(chat_id)
        last = next((i for i in reversed(range(len(messages))) if messages[i].role == "user"), None)
        if last is None:
            check_question("")
            raise AssertionError("an empty question is refused")
        if last + 1 < len(messages):
            self._chats.delete_messages_from(chat_id, messages[last + 1].id)
        history = tuple(messages[:last])
        return self._begin(chat_id, messages[last].text, history, on_event, _REGENERATE_TEMPERATURE)

    def shutdown(self) -> None:
        """Stop all questions, keep their partial answers, and wait for the threads."""
        with self._lock:
            for token in self._running:
                token.cancel()
        self._pool.shutdown(wait=True)

    def _begin(
        self,
        chat_id: int,
        question: str,
        history: Sequence[ChatMessage],
        on_event: OnEvent,
        temperature: float | None = None,
    ) -> AskJob:
        row = self._chats.start_answer(chat_id, self._answerer.model_name)
        chat = self._chats.get(chat_id)
        token = CancelToken()
        scope = SearchScope(chat.collection_ids if chat else ())
        task = _Task(row.id, question, scope, tuple(history), token, on_event, temperature)
        with self._lock:
            self._running.add(token)
        return AskJob(row.id, self._pool.submit(self._run, task), token)

    def _run(self, task: _Task) -> Answer:
        recorder = _Recorder(self._chats, task.message_id, task.on_event)
        try:
            answer, turn = self._answerer.answer(
                task.question, task.scope, task.history, recorder.take, task.token, temperature=task.temperature
            )
        except KnownError as error:
            problem = FileProblem(error.code, error.message, error.remedy, error.path)
            self._chats.fail_answer(task.message_id, recorder.text, problem)
            task.on_event(AnswerFailed(error.code, error.message, error.remedy, error.path))
            raise
        except BaseException:
            # A bug of ours: the row must not stay "streaming" while the program goes on.
            self._chats.interrupt_answer(task.message_id, recorder.text)
            raise
        finally:
            with self._lock:
                self._running.discard(task.token)
        self._chats.finish_answer(task.message_id, answer, turn.dumps() if turn else None)
        task.on_event(AnswerDone(answer))
        return answer


class _Recorder:
    """Stores an answer while it grows, and passes its events on. Used by one thread."""

    def __init__(self, chats: Chats, message_id: int, on_event: OnEvent) -> None:
        self._chats = chats
        self._message_id = message_id
        self._on_event = on_event
        self._saved_at = time.monotonic()
        self.text = ""

    def take(self, event: AskEvent) -> None:
        if isinstance(event, PassagesFound):
            self._chats.save_passages(self._message_id, event.retrieval.results)
        elif isinstance(event, AnswerText):
            self.text = event.text
            if time.monotonic() - self._saved_at >= SAVE_EVERY_S:
                self._chats.save_partial(self._message_id, self.text)
                self._saved_at = time.monotonic()
        self._on_event(event)
