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


# As long as it was, so that it is overwritten where it stands.
_BLANK = (
    "iif(typeof({0}) = 'blob', zeroblob(length({0})), substr(hex(zeroblob(octet_length({0}))), 1, octet_length({0})))"
)
_TEXTS = (
    ("page", "document_id", ("text", "label", "note", "headings", "boxes", "inside")),
    ("passage", "document_id", ("text", "context", "section", "pieces", "locator_value")),
    ("document", "id", ("title", "author", "outline", "skipped")),
)
_BLANK_VECTORS = """
UPDATE vector SET data = zeroblob(length(data))
WHERE text_hash = ? AND NOT EXISTS (SELECT 1 FROM passage WHERE passage.text_hash = ?1)
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


def erase_document(connection: apsw.Connection, document_id: int) -> None:
    """Delete a document so that nothing of it is left in the pages of the file.

    Its values are overwritten first: when SQLite moves the rows of a page while others are deleted, what it leaves
    behind is zeros. Its successor goes with it.
    """
    for (successor,) in fetch(connection, "SELECT id FROM document WHERE replaces = ?", (document_id,)):
        erase_document(connection, successor)
    hashes = fetch(connection, "SELECT DISTINCT text_hash FROM passage WHERE document_id = ?", (document_id,))
    connection.execute(_FORGET_WORDS, (document_id,))
    for table, key, columns in _TEXTS:
        blank = ", ".join(f"{name} = {_BLANK.format(name)}" for name in columns)
        connection.execute(f"UPDATE {table} SET {blank} WHERE {key} = ?", (document_id,))
    connection.execute("DELETE FROM document WHERE id = ?", (document_id,))
    connection.executemany(_BLANK_VECTORS, hashes)
    connection.executemany(_FORGET_VECTORS, hashes)


def sweep_documents(db: Database) -> list[int]:
    """Delete all documents that no file has, each in its own transaction; returns the ids of their passages."""
    gone: list[int] = []
    while True:
        with db.write() as connection:
            document_id = connection.execute(_NOBODYS).get
            if document_id is None:
                return gone
            gone += delete_document(connection, document_id)
