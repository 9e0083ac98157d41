"""The tables of collections that came from a file, as one migration.

Nothing refers to collections and files by foreign keys here: what was removed moves to tables of its own, and comes
back with an undo. The triggers let go of it when it is in neither.
"""

BUNDLES = """
CREATE TABLE bundle (                -- collections that came from a .carrel file
    collection_id INTEGER PRIMARY KEY,
    bundle_id TEXT NOT NULL,
    revision INTEGER NOT NULL,       -- 0 until all of it is stored for the first time
    digest TEXT NOT NULL,
    path NOT NULL,                   -- of the file: text, or bytes where the name is no Unicode
    incoming TEXT,                   -- digest of the file that is being stored: the next start goes on with it
    imported_at REAL NOT NULL
);

CREATE TABLE attached_file (         -- files that came with it; they are never read from disk
    file_id INTEGER PRIMARY KEY,
    name NOT NULL,                   -- in the bundle: text, or bytes where it is no Unicode
    content BLOB NOT NULL            -- hash of the document's lines in the bundle
);

CREATE TABLE exported (              -- under which id and revision a collection was last written to a file
    collection_id INTEGER PRIMARY KEY,
    bundle_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    contents TEXT NOT NULL
);

CREATE TRIGGER collection_gone AFTER DELETE ON collection
WHEN NOT EXISTS (SELECT 1 FROM removed_collection WHERE id = old.id)
BEGIN
    DELETE FROM bundle WHERE collection_id = old.id;
    DELETE FROM exported WHERE collection_id = old.id;
END;

CREATE TRIGGER removed_collection_gone AFTER DELETE ON removed_collection
WHEN NOT EXISTS (SELECT 1 FROM collection WHERE id = old.id)
BEGIN
    DELETE FROM bundle WHERE collection_id = old.id;
    DELETE FROM exported WHERE collection_id = old.id;
END;

CREATE TRIGGER file_gone AFTER DELETE ON file
WHEN NOT EXISTS (SELECT 1 FROM removed_file WHERE id = old.id)
BEGIN
    DELETE FROM attached_file WHERE file_id = old.id;
END;

CREATE TRIGGER removed_file_gone AFTER DELETE ON removed_file
WHEN NOT EXISTS (SELECT 1 FROM file WHERE id = old.id)
BEGIN
    DELETE FROM attached_file WHERE file_id = old.id;
END;
"""
