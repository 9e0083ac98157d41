"""Passages: by id, by scope and by words."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import apsw

from rag.storage.paths import path_from_sql
from rag.storage.store import Row, Store, fetch, id_list
from rag.types import Locator, SearchScope, StoredPassage

_TOKENIZER = ("unicode61", ["remove_diacritics", "2", "categories", "L* N* Co Mn Mc"])

_PASSAGE = """
SELECT passage.id, passage.document_id, ordinal, passage.page_index, page.number, page.label, start, end,
    passage.text, section, passage.locator_kind, locator_value, context, inside
FROM passage JOIN page ON page.document_id = passage.document_id AND page.page_index = passage.page_index
"""

# Of several files with the same contents the first one added stands for all.
_PATHS = """
SELECT document_id, path FROM file
WHERE document_id IN (SELECT value FROM json_each(:documents))
    AND (:collections IS NULL OR collection_id IN (SELECT value FROM json_each(:collections)))
ORDER BY id DESC
"""

_IN_SCOPE = """
document_id IN (
    SELECT document_id FROM file
    WHERE collection_id IN (SELECT value FROM json_each(:collections))
        AND (:documents IS NULL OR document_id IN (SELECT value FROM json_each(:documents)))
)
"""

_OUT_OF_SCOPE = f"SELECT EXISTS (SELECT 1 FROM (SELECT id AS document_id FROM document) WHERE NOT {_IN_SCOPE})"

# The left side of a CROSS JOIN is the outer loop: the words lead, the passages follow.
_SEARCH = """
SELECT words.rowid, -bm25(words, :text, :context, :pieces) AS score
FROM words {join}
WHERE words MATCH :match {condition}
ORDER BY score DESC, words.rowid LIMIT :limit
"""


class SearchStore(Store):
    """Passages and the words in them."""

    def passages(self, ids: Sequence[int], collection_ids: Sequence[int] | None = None) -> list[StoredPassage]:
        """Return passages in the order asked, leaving out those that are gone.

        Each carries the path of a file that has it: one in these collections, where they are given.
        """
        with self.db.read() as connection:
            found = _passages(connection, "WHERE passage.id IN (SELECT value FROM json_each(?))", id_list(ids))
            located = _located(connection, found, collection_ids)
        by_id = {passage.id: passage for passage in located}
        return [by_id[passage_id] for passage_id in ids if passage_id in by_id]

    def document_passages(self, document_id: int) -> list[StoredPassage]:
        """Return the passages of a document, in order."""
        with self.db.read() as connection:
            found = _passages(connection, "WHERE passage.document_id = ? ORDER BY ordinal", document_id)
            return _located(connection, found, None)

    def passage_ids(self, scope: SearchScope) -> list[int]:
        """Return the ids of all passages in scope, ascending."""
        with self.db.read() as connection:
            found = connection.execute(f"SELECT id FROM passage WHERE {_IN_SCOPE} ORDER BY id", _scope_values(scope))
            return [int(passage_id) for (passage_id,) in found]

    def passage_count(self, scope: SearchScope) -> int:
        """Return how many passages are in scope."""
        with self.db.read() as connection:
            return int(
                connection.execute(
                    "SELECT coalesce(sum(passages), 0) FROM (SELECT id AS document_id, passages FROM document) "
                    f"WHERE {_IN_SCOPE}",
                    _scope_values(scope),
                ).get
            )

    def word_search(
        self, match: str, scope: SearchScope, limit: int, weights: tuple[float, float, float] = (1.0, 1.0, 1.0)
    ) -> list[tuple[int, float]]:
        """Return the ids of passages that match best, with their BM25 score: higher is better.

        Args:
            match: An FTS5 expression over the columns text, context and pieces (see `cjk_pieces`). Put words in
                double quotes; `apsw.SQLError` is raised for what FTS5 does not understand.
            scope: Where to search.
            limit: How many to return at most.
            weights: What a word counts in text, context and pieces.
        """
        values = dict(zip(("text", "context", "pieces"), weights, strict=True))
        asked = {"match": match, "limit": limit, **values, **_scope_values(scope)}
        with self.db.read() as connection:
            # Looking up where each match belongs costs more than finding it.
            filtered = connection.execute(_OUT_OF_SCOPE, asked).get
            join = "CROSS JOIN passage ON passage.id = words.rowid" if filtered else ""
            statement = _SEARCH.format(join=join, condition=f"AND {_IN_SCOPE}" if filtered else "")
            return [(int(passage_id), float(score)) for passage_id, score in connection.execute(statement, asked)]

    def terms(self, text: str) -> list[str]:
        """Return the words of `text` as the index knows them: lower case, without accents."""
        with self.db.read() as connection:
            return _terms(connection, text)

    def term_document_counts(self, terms: Sequence[str]) -> dict[str, int]:
        """Return how many passages of the library contain each word, however it is spelled; 0 for unknown ones.

        What the index splits into several words counts as its rarest part.
        """
        with self.db.read() as connection:

            def count(word: str) -> int:
                found = connection.execute("SELECT doc FROM words_vocabulary WHERE term = ?", (word,)).get
                return int(found or 0)

            return {term: min(map(count, _terms(connection, term)), default=0) for term in terms}


def _terms(connection: apsw.Connection, text: str) -> list[str]:
    tokenize: Callable[..., Any] = connection.fts5_tokenizer(*_TOKENIZER)
    words: list[str] = tokenize(
        text.encode("utf-8", "replace"),
        apsw.FTS5_TOKENIZE_DOCUMENT,
        None,
        include_offsets=False,
        include_colocated=False,
    )
    return words


def _scope_values(scope: SearchScope) -> dict[str, str | None]:
    documents = None if scope.document_ids is None else id_list(scope.document_ids)
    return {"collections": id_list(scope.collection_ids), "documents": documents}


def _passages(connection: apsw.Connection, condition: str, value: int | str) -> list[Row]:
    return fetch(connection, _PASSAGE + condition, (value,))


def _located(
    connection: apsw.Connection, found: Sequence[Row], collection_ids: Sequence[int] | None
) -> list[StoredPassage]:
    documents = id_list({row[1] for row in found})
    collections = None if collection_ids is None else id_list(collection_ids)
    files = connection.execute(_PATHS, {"documents": documents, "collections": collections})
    paths = {document_id: path_from_sql(path) for document_id, path in files}
    return [_stored(row, paths[row[1]]) for row in found if row[1] in paths]


def _stored(row: Row, path: Path) -> StoredPassage:
    return StoredPassage(
        *(*row[:2], path.name, path, *row[2:10], Locator(*row[10:12]), row[12], tuple(json.loads(row[13])))
    )
