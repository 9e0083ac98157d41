"""The steps from an empty file to today's `library.db`, each with a name that never changes.

A step is applied once, in a transaction of its own, and recorded in the table `migration`. A name in that table that
this program does not know means that a newer program wrote the file. Released steps are never edited.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import apsw

from rag.errors import DataFolderNewer
from rag.storage.bundle_tables import BUNDLES
from rag.storage.removal_tables import REMOVALS
from rag.storage.schema import FIRST_SCHEMA

Step = str | Callable[[apsw.Connection], None]
Migration = tuple[str, Step]

PARTS_OF_FILES = """
ALTER TABLE page ADD COLUMN inside TEXT NOT NULL DEFAULT '[]';            -- JSON: members on the way to the page
ALTER TABLE page ADD COLUMN confidence REAL;                              -- of text recognition, 0 to 1
ALTER TABLE page ADD COLUMN unit_numbers TEXT NOT NULL DEFAULT '[]';      -- JSON
ALTER TABLE page ADD COLUMN locator_template TEXT NOT NULL DEFAULT '';
ALTER TABLE document ADD COLUMN skipped TEXT NOT NULL DEFAULT '[]';       -- JSON: [name, reason, members]
"""

QUEUE_AND_REPORTS = """
CREATE TABLE remembered (             -- small state that outlives the program: a pause, how fast reading was
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL               -- JSON
) WITHOUT ROWID;
ALTER TABLE file ADD COLUMN accepted INTEGER NOT NULL DEFAULT 0;          -- its problem is known and no longer listed
CREATE INDEX file_problem ON file (collection_id) WHERE problem_code IS NOT NULL;
-- The map of a document without its text, which lies in the way.
CREATE INDEX page_map ON page (document_id, kind, page_index, number, label, inside, confidence, note);
CREATE INDEX passage_page ON passage (document_id, page_index);
"""

SUCCESSORS = """
-- A document that is cut and embedded anew beside the one that answers, which it will replace.
ALTER TABLE document ADD COLUMN replaces INTEGER REFERENCES document;
CREATE UNIQUE INDEX document_replaces ON document (replaces) WHERE replaces IS NOT NULL;
CREATE TABLE live_index (            -- one row: what the passages that answer were made with
    embedding_model TEXT NOT NULL,
    passage_tokens INTEGER NOT NULL
);
"""

TEXT_RECOGNITION = """
CREATE INDEX page_waiting ON page (document_id) WHERE kind = 'scanned';
-- What was refused as a mere picture can be read now.
UPDATE file SET state = 'queued', problem_code = NULL, problem_message = NULL, problem_remedy = NULL,
    problem_path = NULL
WHERE state = 'failed' AND problem_code = 'document_scanned';
"""

MIGRATIONS: tuple[Migration, ...] = (
    ("0001-first", FIRST_SCHEMA),
    ("0002-parts-of-files", PARTS_OF_FILES),
    ("0003-removals", REMOVALS),
    ("0004-queue-and-reports", QUEUE_AND_REPORTS),
    ("0005-bundles", BUNDLES),
    ("0006-successors", SUCCESSORS),
    ("0007-text-recognition", TEXT_RECOGNITION),
)


def migrate(connection: apsw.Connection, path: Path, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Bring the database up to date, after a backup beside it if it holds anything.

    Raises:
        DataFolderNewer: A step was applied that is not in `migrations`.
    """
    connection.execute("CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY, applied_at REAL NOT NULL)")
    applied = {str(name) for (name,) in connection.execute("SELECT name FROM migration")}
    _refuse_newer(applied, path, migrations)
    pending = [(name, step) for name, step in migrations if name not in applied]
    if pending and applied:
        back_up(connection, backup_path(path, pending[0][0]))
    for name, step in pending:
        _apply(connection, name, step)


def backup_path(path: Path, migration: str) -> Path:
    """Return where the database is kept as it was before `migration`."""
    return path.with_name(f"{path.stem}-before-{migration}{path.suffix}")


def back_up(connection: apsw.Connection, target: Path) -> None:
    """Copy the whole database to `target`, which appears only when it is complete."""
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)
    copy = apsw.Connection(str(partial))
    try:
        with copy.backup("main", connection, "main") as backup:
            backup.step()
        # A copy in WAL mode would grow files beside it when somebody looks into it.
        copy.execute("PRAGMA journal_mode = DELETE")
    finally:
        copy.close()
    partial.replace(target)


def _refuse_newer(applied: set[str], path: Path, migrations: Sequence[Migration]) -> None:
    unknown = applied - {name for name, _ in migrations}
    if unknown:
        raise DataFolderNewer(
            f"The data folder {path.parent} was written by a newer version of Carrel ({min(unknown)}).",
            remedy="Install the newest version of Carrel, or choose another folder with --data-dir.",
            path=path.parent,
        )


def _apply(connection: apsw.Connection, name: str, step: Step) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if isinstance(step, str):
            connection.execute(step)
        else:
            step(connection)
        connection.execute("INSERT INTO migration VALUES (?, unixepoch('subsec'))", (name,))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
