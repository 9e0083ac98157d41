"""Takes out of chats what came from documents that are gone: quotes, passages, names, and copies in answers.

What a person wrote stays as it is. An answer's sentence goes if it shares a run of words with a removed passage, or
stands in one as a whole; its marker stays and leads to "source removed".
"""

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import apsw

from rag.storage.library_removals import Doomed
from rag.storage.paths import path_from_sql
from rag.storage.store import fetch

SOURCE_REMOVED = "source removed"
_RUN_WORDS = 8
_SENTENCE_WORDS = 4
# Scripts without spaces: each character counts as a word.
_WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]|[^\W\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]+"
)
_MARKERS = re.compile(r"\[\d{1,3}\]")
_PIECE = re.compile(r".+?(?:[.!?。！？]+(?:\s*\[\d{1,3}\])*(?=\s|$)|\n|$)", re.DOTALL)
_SHORTEST_NAME = 5

Part = dict[str, Any]


@dataclass(frozen=True)
class Gone:
    """Documents that are removed: their ids, and for what older versions of them left, their files' paths and names."""

    documents: frozenset[int]
    paths: frozenset[str]
    names: tuple[str, ...]
    living: frozenset[int]

    @classmethod
    def of(cls, doomed: Doomed, living: Sequence[int]) -> "Gone":
        names = tuple(name for name in doomed.names if len(name) >= _SHORTEST_NAME)
        paths = frozenset(os.fspath(path_from_sql(path)) for path in doomed.paths)
        return cls(frozenset(doomed.documents), paths, names, frozenset(living).difference(doomed.documents))

    def has(self, part: Part) -> bool:
        """Tell whether a citation or stored passage comes from one of them."""
        document_id = part.get("document_id")
        return document_id in self.documents or (part["path"] in self.paths and document_id not in self.living)


def affected_chats(connection: apsw.Connection, gone: Gone) -> list[int]:
    """Return the chats that quote what is gone."""
    rows = connection.execute("SELECT chat_id, citations, passages FROM message WHERE role = 'assistant' ORDER BY id")
    chats: dict[int, None] = {}
    for chat_id, citations, passages in rows:
        if chat_id not in chats and any(map(gone.has, _parts(citations, passages))):
            chats[chat_id] = None
    return list(chats)


def redact_chat(connection: apsw.Connection, chat_id: int, gone: Gone) -> bool:
    """Take out of one chat what came from documents that are gone; False while an answer is being written in it."""
    if connection.execute("SELECT 1 FROM message WHERE chat_id = ? AND state = 'streaming'", (chat_id,)).get:
        return False
    rows = fetch(
        connection,
        "SELECT id, text, sentences, citations, passages, prompt_text FROM message "
        "WHERE chat_id = ? AND role = 'assistant' ORDER BY id",
        (chat_id,),
    )
    removed = [part for row in rows for part in _parts(row[3], row[4]) if gone.has(part)]
    copies = _Copies([str(part.get("text") or part.get("quote") or "") for part in removed], gone.names)
    for message_id, text, sentences, citations, passages, prompt_text in rows:
        kept = [part for part in json.loads(passages) if not gone.has(part["passage"])]
        without = len(kept) < len(json.loads(passages))
        cited = [_redacted(part) if gone.has(part) else part for part in json.loads(citations)]
        new_text, new_sentences = _rewrite(text, json.loads(sentences), copies)
        connection.execute(
            "UPDATE message SET text = ?, sentences = ?, citations = ?, passages = ?, prompt_text = ? WHERE id = ?",
            (
                new_text,
                json.dumps(new_sentences),
                json.dumps(cited),
                json.dumps(kept),
                _turn(prompt_text, copies, without=without),
                message_id,
            ),
        )
    return True


class _Copies:
    """Recognises words that were copied from certain texts."""

    def __init__(self, texts: Sequence[str], names: Sequence[str]) -> None:
        self._names = names
        self._runs: set[tuple[str, ...]] = set()
        self._whole = ""
        for text in dict.fromkeys(texts):
            words = _words(text)
            self._runs.update(_runs(words))
            self._whole += f" {' '.join(words)} |"

    def without(self, sentence: str) -> str:
        """Return a sentence as it is, or what stands in its place, its markers kept."""
        words = _words(_MARKERS.sub(" ", sentence))
        whole = len(words) >= _SENTENCE_WORDS and f" {' '.join(words)} " in self._whole
        if whole or any(run in self._runs for run in _runs(words)):
            return " ".join([SOURCE_REMOVED, *_MARKERS.findall(sentence)])
        for name in self._names:
            sentence = sentence.replace(name, SOURCE_REMOVED)
        return sentence

    def without_any(self, text: str) -> str:
        """Return a text of several sentences without those that were copied."""
        return "".join(_same_margins(piece, self.without) for piece in _PIECE.findall(text))


def _rewrite(text: str, sentences: Sequence[Part], copies: _Copies) -> tuple[str, list[Part]]:
    """Return an answer without what it copied, and its sentences where they stand now."""
    done, position, kept = "", 0, []
    for sentence in sentences:
        done += copies.without_any(text[position : sentence["start"]])
        clean = copies.without(text[sentence["start"] : sentence["end"]])
        kept.append({**sentence, "text": clean, "start": len(done), "end": len(done) + len(clean)})
        done += clean
        position = sentence["end"]
    return done + copies.without_any(text[position:]), kept


def _turn(prompt_text: str | None, copies: _Copies, *, without: bool) -> str | None:
    """Return the turn as later questions may see it: without its passages if one of them is gone."""
    if prompt_text is None:
        return None
    given, said = json.loads(prompt_text)
    if without:
        given = "Question: " + given.rpartition("Question: ")[2]
    return json.dumps([given, copies.without_any(said)], ensure_ascii=False)


def _redacted(part: Part) -> Part:
    return {
        "n": part["n"],
        "document": SOURCE_REMOVED,
        "path": "",
        "page": None,
        "page_label": None,
        "locator": {"kind": part["locator"]["kind"], "value": ""},
        "quote": "",
        "removed": True,
    }


def _parts(citations: str, passages: str) -> Iterator[Part]:
    yield from json.loads(citations)
    for part in json.loads(passages):
        yield part["passage"]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _runs(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(words[i : i + _RUN_WORDS]) for i in range(len(words) - _RUN_WORDS + 1))


def _same_margins(piece: str, change: Any) -> str:
    inner = piece.strip()
    if not inner:
        return piece
    start = piece.index(inner)
    return piece[:start] + str(change(inner)) + piece[start + len(inner) :]
