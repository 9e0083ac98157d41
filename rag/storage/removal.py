"""Letting go of documents: from the last file that has one down to its words and vectors."""

import apsw

from rag.storage.database import Database
from rag.storage.store import fetch

_FORGET_WORDS = """
INSERT INTO words (words, rowid, text, context, pieces)
SELECT 'delete', id, text, context, pieces FROM passage WHERE document_id = ?
"""

# Chroma learns of these when the thread that writes to it comes by.
_DEPART = """
INSERT OR IGNORE INTO departed
SELECT collection_id, passage_id FROM indexed
WHERE passage_id IN (SELECT id FROM passage WHERE document_id = :document_id)
    AND collection_id NOT IN (SELECT collection_id FROM file WHERE document_id = :document_id)
"""

_UNMARK = """
DELETE FROM indexed
WHERE passage_id IN (SELECT id FROM passage WHERE document_id = :document_id)
    AND collection_id NOT IN (SELECT collection_id FROM file WHERE document_id = :document_id)
"""

_FORGET_VECTORS = """
DELETE FROM vector WHERE text_hash = ? AND NOT EXISTS (SELECT 1 FROM passage WHERE passage.text_hash = ?1)
"""


# What was removed keeps its document for as long as that can be undone.
_HELD = """
SELECT EXISTS (SELECT 1 FROM file WHERE document_id = :document_id)
    OR EXISTS (SELECT 1 FROM removed_file WHERE document_id = :document_id)
"""

_NOBODYS = """
SELECT id FROM document
WHERE replaces IS NULL AND NOT EXISTS (SELECT 1 FROM file WHERE document_id = document.id)
    AND NOT EXISTS (SELECT 1 FROM removed_file WHERE document_id = document.id)
LIMIT 1
"""


def let_go(connection: apsw.Connection, document_id: int) -> None:
    """Note what collections lost of a document after a file left it, and delete it if that was its last file."""
    asked = {"document_id": document_id}
    connection.execute(_DEPART, asked)
    connection.execute(_UNMARK, asked)
    if not connection.execute(_HELD, asked).get:
        delete_document(connection, document_id)


def delete_document(connection: apsw.Connection, document_id: int) -> list[int]:
    """Delete a document that no file has, with its successor; returns the ids of its passages."""
    for (successor,) in fetch(connection, "SELECT id FROM document WHERE replaces = ?", (document_id,)):
        delete_document(connection, successor)
    rows = fetch(connection, "SELECT id, text_hash FROM passage WHERE document_id = ?", (document_id,))
    connection.execute(_FORGET_WORDS, (document_id,))
    connection.execute("DELETE FROM document WHERE id = ?", (document_id,))
    connection.executemany(_FORGET_VECTORS, ((text_hash,) for _, text_hash in rows))
    return [passage_id for passage_id, _ in rows]


def sweep_documents(db: Database) -> list[int]:
    """Delete all documents that no file has, each in its own transaction; returns the ids of their passages."""
    gone: list[int] = []
    while True:
        with db.write() as connection:
            document_id = connection.execute(_NOBODYS).get
            if document_id is None:
                return gone
            gone += delete_document(connection, document_id)
