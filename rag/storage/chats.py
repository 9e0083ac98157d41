"""Chats, stored as they happen: the question at once, the answer while it is written, its sources with it."""

import builtins
from collections.abc import Sequence

import apsw

from rag.storage import message_codec as codec
from rag.storage.library_files import problem_of, problem_values
from rag.storage.store import Row, Store, Value, fetch, id_list, moment, now
from rag.storage.text import storable
from rag.types import Answer, Chat, ChatMessage, FileProblem, RankedPassage

_CHAT = """
SELECT id, title, created_at, updated_at, model,
    (SELECT group_concat(collection_id) FROM (
        SELECT collection_id FROM chat_collection WHERE chat_id = chat.id ORDER BY place
    ))
FROM chat
"""

_MESSAGE = """
SELECT id, chat_id, role, text, state, created_at, outcome, model, sentences, citations, passages, timings, left_out,
    problem_code, problem_message, problem_remedy, problem_path, prompt_text
FROM message
"""

_ADD = """
INSERT INTO message (chat_id, role, state, created_at, model, text)
SELECT id, :role, :state, :now, :model, :text FROM chat WHERE id = :chat_id
"""

_FINISH = """
UPDATE message SET
    state = iif(:outcome = 'interrupted', 'interrupted', 'complete'), outcome = :outcome, model = :model, text = :text,
    sentences = :sentences, citations = :citations, passages = :passages, timings = :timings, left_out = :left_out,
    prompt_text = :prompt_text
WHERE id = :message_id
"""

_FAIL = """
UPDATE message SET state = 'failed', text = :text, problem_code = :code, problem_message = :message,
    problem_remedy = :remedy, problem_path = :path
WHERE id = :message_id
"""

_INTERRUPT = "UPDATE message SET state = 'interrupted', outcome = 'interrupted', text = ? WHERE id = ?"


class Chats(Store):
    """The user's chats. Any thread; what happens to a chat or message that was deleted meanwhile has no effect."""

    def list(self) -> builtins.list[Chat]:
        """Return all chats, the one used last first."""
        return self._chats("ORDER BY updated_at DESC, id DESC", ())

    def get(self, chat_id: int) -> Chat | None:
        """Return a chat, or None if it was deleted."""
        return next(iter(self._chats("WHERE id = ?", (chat_id,))), None)

    def create(self, title: str, collection_ids: Sequence[int] = (), model: str | None = None) -> Chat:
        """Make an empty chat about these collections."""
        with self.db.write() as connection:
            connection.execute(
                "INSERT INTO chat (title, model, created_at, updated_at) VALUES (?, ?, ?3, ?3)",
                (storable(title), model, now()),
            )
            chat_id = connection.last_insert_rowid()
            self.set_collections(chat_id, collection_ids)
            return self._chats("WHERE id = ?", (chat_id,))[0]

    def rename(self, chat_id: int, title: str) -> None:
        """Give a chat another title."""
        self._write("UPDATE chat SET title = ? WHERE id = ?", (storable(title), chat_id))

    def delete(self, chat_id: int) -> None:
        """Delete a chat with all its messages."""
        self._write("DELETE FROM chat WHERE id = ?", (chat_id,))

    def set_collections(self, chat_id: int, collection_ids: Sequence[int]) -> None:
        """Attach exactly these collections to a chat, in this order; removed ones are left out."""
        with self.db.write() as connection:
            connection.execute("DELETE FROM chat_collection WHERE chat_id = ?", (chat_id,))
            connection.execute(
                "INSERT OR IGNORE INTO chat_collection SELECT chat.id, collection.id, json_each.key "
                "FROM json_each(?) JOIN collection ON collection.id = value JOIN chat ON chat.id = ?",
                (id_list(collection_ids), chat_id),
            )

    def set_model(self, chat_id: int, model: str | None) -> None:
        """Remember the model that the user chose for a chat."""
        self._write("UPDATE chat SET model = ? WHERE id = ?", (model, chat_id))

    def messages(self, chat_id: int) -> builtins.list[ChatMessage]:
        """Return the messages of a chat, in order."""
        return self._messages("WHERE chat_id = ? ORDER BY id", (chat_id,))

    def message(self, message_id: int) -> ChatMessage | None:
        """Return a message, or None if it was deleted."""
        return next(iter(self._messages("WHERE id = ?", (message_id,))), None)

    def add_user_message(self, chat_id: int, text: str) -> ChatMessage:
        """Store a question; raises `LookupError` if the chat was deleted."""
        return self._add(chat_id, text, {"role": "user", "state": "complete", "model": None})

    def start_answer(self, chat_id: int, model: str | None) -> ChatMessage:
        """Store an empty answer that is being written; raises `LookupError` if the chat was deleted."""
        return self._add(chat_id, "", {"role": "assistant", "state": "streaming", "model": model})

    def save_passages(self, message_id: int, results: Sequence[RankedPassage]) -> None:
        """Keep what was found for an answer, as it was shown."""
        self._write("UPDATE message SET passages = ? WHERE id = ?", (codec.dump(results), message_id))

    def save_partial(self, message_id: int, text: str) -> None:
        """Keep the answer as far as it is written."""
        self._write("UPDATE message SET text = ? WHERE id = ?", (storable(text), message_id))

    def finish_answer(self, message_id: int, answer: Answer, prompt_text: str | None = None) -> None:
        """Keep the whole answer; one that was stopped is kept as interrupted."""
        parts = {
            "sentences": codec.dump(answer.sentences),
            "citations": codec.dump(answer.citations),
            "passages": codec.dump(answer.passages),
            "timings": codec.dump(answer.timings),
            "left_out": codec.dump(answer.left_out),
            "prompt_text": None if prompt_text is None else storable(prompt_text),
        }
        head = {"outcome": answer.outcome, "model": answer.model, "text": storable(answer.text)}
        with self.db.write() as connection:
            connection.execute(_FINISH, {"message_id": message_id, **head, **parts})
            _touch(connection, message_id)

    def interrupt_answer(self, message_id: int, text: str) -> None:
        """Keep the part of an answer that was written before it was stopped."""
        self._write(_INTERRUPT, (storable(text), message_id))

    def fail_answer(self, message_id: int, text: str, problem: FileProblem) -> None:
        """Keep why an answer failed, and the part that was written before."""
        self._write(_FAIL, {"message_id": message_id, "text": storable(text), **problem_values(problem)})

    def delete_messages_from(self, chat_id: int, message_id: int) -> None:
        """Delete a message of a chat and all later ones."""
        self._write("DELETE FROM message WHERE chat_id = ? AND id >= ?", (chat_id, message_id))

    def recover_interrupted(self) -> builtins.list[ChatMessage]:
        """Mark answers that a crash cut off as interrupted and return them; each names its model."""
        with self.db.write() as connection:
            cut_off = fetch(connection, "SELECT id, text FROM message WHERE state = 'streaming' ORDER BY id")
            connection.executemany(_INTERRUPT, [(text, message_id) for message_id, text in cut_off])
            ids = id_list(message_id for message_id, _ in cut_off)
            return self._messages("WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id", (ids,))

    def _add(self, chat_id: int, text: str, values: dict[str, Value]) -> ChatMessage:
        with self.db.write() as connection:
            connection.execute(_ADD, {"chat_id": chat_id, "text": storable(text), "now": now(), **values})
            if not connection.changes():
                raise LookupError(f"there is no chat {chat_id}")
            message_id = connection.last_insert_rowid()
            _touch(connection, message_id)
            return self._messages("WHERE id = ?", (message_id,))[0]

    def _write(self, statement: str, values: Sequence[Value] | dict[str, Value]) -> None:
        with self.db.write() as connection:
            connection.execute(statement, values)

    def _chats(self, condition: str, values: Sequence[Value]) -> builtins.list[Chat]:
        with self.db.read() as connection:
            return [_chat(row) for row in fetch(connection, _CHAT + condition, values)]

    def _messages(self, condition: str, values: Sequence[Value]) -> builtins.list[ChatMessage]:
        with self.db.read() as connection:
            return [_message(row) for row in fetch(connection, _MESSAGE + condition, values)]


def _touch(connection: apsw.Connection, message_id: int) -> None:
    connection.execute(
        "UPDATE chat SET updated_at = ? WHERE id = (SELECT chat_id FROM message WHERE id = ?)", (now(), message_id)
    )


def _chat(row: Row) -> Chat:
    chat_id, title, created_at, updated_at, model, collections = row
    ids = tuple(int(number) for number in (collections or "").split(",") if number)
    return Chat(chat_id, title, moment(created_at), moment(updated_at), ids, model)


def _message(row: Row) -> ChatMessage:
    return ChatMessage(
        id=row[0],
        chat_id=row[1],
        role=row[2],
        text=row[3],
        state=row[4],
        created_at=moment(row[5]),
        outcome=row[6],
        model=row[7],
        sentences=codec.sentences(row[8]),
        citations=codec.citations(row[9]),
        passages=codec.passages(row[10]),
        timings=codec.timings(row[11]),
        left_out=codec.words(row[12]),
        problem=problem_of(row[13:17]),
        prompt_text=row[17],
    )
