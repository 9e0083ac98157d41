"""The end of a removal: every trace of what was removed leaves the data folder, in steps that a crash may interrupt.

First the quotes in chats, then each document in a transaction of its own (text, words, vectors), then the record of
the removal. What was deleted may still stand in files: in unused pages of the library and in gaps of used ones, in
older segments of the word index, in the log, in backups, in Chroma's files. A row in `sweep` says so until that is
swept, so the next start finishes what this one began. All steps are short but one, for which there is no other way:
writing the library anew. (Zeroing its free pages instead left sentences in the gaps, where SQLite had moved rows.)
"""

import logging
from collections.abc import Iterator
from contextlib import suppress

import apsw

from rag.storage.bundles.originals import sweep_originals
from rag.storage.database import Database
from rag.storage.failures import file_failures
from rag.storage.library import Library
from rag.storage.library_removals import Doomed
from rag.storage.redaction import Gone, affected_chats, redact_chat
from rag.storage.removal import erase_document
from rag.storage.store import now
from rag.storage.vectors import VectorIndex

log = logging.getLogger(__name__)

WAIT_S = 0.5
"""How soon to come back while an answer is being written in a chat that has to be changed."""
_MERGE_PAGES = 256


class Purge:
    """Purges what is due; the ingest thread only.

    Attributes:
        keep_quotes: Whether the user chose to keep quotes in chats.
    """

    def __init__(self, library: Library, vectors: VectorIndex, *, keep_quotes: bool) -> None:
        self._library = library
        self._vectors = vectors
        self.keep_quotes = keep_quotes
        self._sweeping: Iterator[bool | None] | None = None
        self._chats: tuple[int, list[int]] | None = None

    def step(self) -> bool | None:
        """Do a little of what is due.

        Returns:
            True if there is more to do at once, None if something has to be waited for, False if nothing is left.
        """
        self._library.begin_purge()
        doomed = self._library.doomed()
        if doomed is not None:
            return self._purge(doomed)
        return self._sweep()

    def due_in_s(self) -> float | None:
        """Return in how many seconds something is due; None if nothing was removed."""
        due = self._library.next_due()
        return None if due is None else max(0.0, due - now()) + 0.01

    def _purge(self, doomed: Doomed) -> bool | None:
        if doomed.quotes and not self.keep_quotes and not self._redact(doomed):
            return None
        with self._library.db.write() as connection:
            connection.execute("PRAGMA secure_delete = ON")
            try:
                _forget_roots(connection, doomed.removal_id)
                if doomed.documents:
                    connection.execute("DELETE FROM removed_file WHERE document_id = ?", (doomed.documents[0],))
                    erase_document(connection, doomed.documents[0])
                else:
                    _forget(connection, doomed)
                if doomed.quotes:
                    connection.execute("INSERT OR IGNORE INTO sweep VALUES (1)")
            finally:
                connection.execute("PRAGMA secure_delete = FAST")
        self._sweeping = None
        return True

    def _redact(self, doomed: Doomed) -> bool:
        """Take quotes out of chats; False if an answer that is being written has to be waited for."""
        with self._library.db.read() as connection:
            living = [document_id for (document_id,) in connection.execute("SELECT id FROM document")]
            gone = Gone.of(doomed, living)
            if self._chats is None or self._chats[0] != doomed.removal_id:
                self._chats = doomed.removal_id, affected_chats(connection, gone)
        chats = self._chats[1]
        while chats:
            with self._library.db.write() as connection:
                if not redact_chat(connection, chats[-1], gone):
                    return False
            chats.pop()
        return True

    def _sweep(self) -> bool | None:
        with self._library.db.read() as connection:
            pending = connection.execute("SELECT 1 FROM sweep").get
        if not pending:
            self._sweeping = self._chats = None
            return False
        if self._sweeping is None:
            self._sweeping = self._sweep_all()
        try:
            waits = next(self._sweeping)
        except StopIteration:
            self._sweeping, waits = None, False
        return None if waits else True

    def _answering(self) -> bool:
        with self._library.db.read() as connection:
            return bool(connection.execute("SELECT EXISTS (SELECT 1 FROM message WHERE state = 'streaming')").get)

    def _sweep_all(self) -> Iterator[bool | None]:
        yield from self._vectors.renewed(self._library.wanted_in_index)
        yield from merge_words(self._library.db)
        # Nobody can write meanwhile: 0.9 s for 100 MB. An answer that is being written must not stand still for that.
        while self._answering():
            yield True
        self._library.db.vacuum()
        delete_backups(self._library.db)
        sweep_originals(self._library, self._library.db.path.parent)
        while not self._library.db.fold_log():
            yield False
        yield False
        self._vectors.blank_unused()
        with self._library.db.write() as connection:
            connection.execute("DELETE FROM sweep")
        log.info("what was removed is gone")


def merge_words(db: Database) -> Iterator[None]:
    """Merge the word index into one segment, bit by bit: older segments still hold words of deleted passages."""
    pages = -_MERGE_PAGES
    while True:
        with db.write() as connection:
            connection.execute("PRAGMA secure_delete = ON")
            before = connection.total_changes()
            connection.execute("INSERT INTO words (words, rank) VALUES ('merge', ?)", (pages,))
            done = connection.total_changes() - before < 2
            connection.execute("PRAGMA secure_delete = FAST")
        if done:
            return
        pages = _MERGE_PAGES
        yield


def delete_backups(db: Database) -> None:
    """Delete the copies that were made before migrations: they hold everything as it was."""
    for copy in db.path.parent.glob(f"{db.path.stem}-before-*"):
        with file_failures(copy), suppress(FileNotFoundError):
            copy.unlink()


def _forget(connection: apsw.Connection, doomed: Doomed) -> None:
    """Delete the record of a removal, and what only it kept."""
    if doomed.collection is not None:
        connection.execute("DELETE FROM left_out WHERE collection_id = ?", (doomed.collection,))
    connection.execute("DELETE FROM removal WHERE id = ?", (doomed.removal_id,))


def _forget_roots(connection: apsw.Connection, removal_id: int) -> None:
    """Forget files that were added by name and vanished: nobody waits for them any more."""
    connection.execute(
        "DELETE FROM root WHERE (collection_id, path) IN (SELECT collection_id, path FROM removed_file "
        "WHERE removal_id = ?) AND (collection_id, path) NOT IN (SELECT collection_id, path FROM file)",
        (removal_id,),
    )
