"""The tables that hold what was removed for as long as it may come back, as one migration.

Rows move here from `file`, `collection` and `root`, so that nothing else needs to know of removals: what was moved is
found, counted and shown no more. Its documents stay until the purge.
"""

REMOVALS = """
CREATE TABLE removal (               -- one act of removing, which can be undone until it is purged
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,              -- file, collection (by the user); vanished (from the disk, or newly ignored)
    collection_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    removed_at REAL NOT NULL,
    due_at REAL NOT NULL,
    purging INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE removed_collection (
    removal_id INTEGER NOT NULL REFERENCES removal ON DELETE CASCADE,
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT,
    created_at REAL NOT NULL,
    rules TEXT
);
CREATE INDEX removed_collection_removal ON removed_collection (removal_id);

CREATE TABLE removed_root (
    removal_id INTEGER NOT NULL REFERENCES removal ON DELETE CASCADE,
    collection_id INTEGER NOT NULL,
    path NOT NULL,
    identity TEXT,
    offline INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX removed_root_removal ON removed_root (removal_id);

CREATE TABLE removed_chat_collection (
    removal_id INTEGER NOT NULL REFERENCES removal ON DELETE CASCADE,
    chat_id INTEGER NOT NULL,
    collection_id INTEGER NOT NULL,
    place INTEGER NOT NULL
);
CREATE INDEX removed_chat_collection_removal ON removed_chat_collection (removal_id);

CREATE TABLE removed_file (
    removal_id INTEGER NOT NULL REFERENCES removal ON DELETE CASCADE,
    id INTEGER NOT NULL,
    collection_id INTEGER NOT NULL,
    path NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    sha256 TEXT,
    state TEXT NOT NULL,
    queue_place INTEGER NOT NULL,
    document_id INTEGER REFERENCES document,
    problem_code TEXT,
    problem_message TEXT,
    problem_remedy TEXT,
    problem_path
);
CREATE INDEX removed_file_removal ON removed_file (removal_id);
CREATE INDEX removed_file_document ON removed_file (document_id);

CREATE TABLE left_out (              -- what the user took out of a folder that stays: hashes, since names are traces
    collection_id INTEGER NOT NULL,
    path_hash BLOB NOT NULL,
    PRIMARY KEY (collection_id, path_hash)
) WITHOUT ROWID;

CREATE TABLE sweep (                 -- there is a row while traces of something purged may be left in files
    id INTEGER PRIMARY KEY CHECK (id = 1)
);

ALTER TABLE collection ADD COLUMN rules TEXT;         -- JSON: which files of its folders are wanted
ALTER TABLE root ADD COLUMN identity TEXT;            -- device and inode of a folder when files were last seen in it
ALTER TABLE root ADD COLUMN offline INTEGER NOT NULL DEFAULT 0;
"""
