"""The tables of the first version, as one migration. Released, it is never edited: later steps change it.

Ids are AUTOINCREMENT where they live outside this file too (Chroma keeps passage ids, its collections carry ours,
answers keep document ids), so that a number never comes to mean something else.
"""

FIRST_SCHEMA = """
CREATE TABLE collection (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,   -- folded, so that names differ by more than case
    kind TEXT NOT NULL,
    key TEXT UNIQUE,                 -- identity of an ad-hoc collection
    created_at REAL NOT NULL
);

CREATE TABLE root (                  -- folders and files that the user added
    collection_id INTEGER NOT NULL REFERENCES collection ON DELETE CASCADE,
    path NOT NULL,                   -- text, or bytes where the name is no Unicode
    UNIQUE (collection_id, path)
);

CREATE TABLE document (              -- what one loader read from certain bytes; files share it
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sha256 TEXT NOT NULL,
    loader TEXT NOT NULL,
    chunking TEXT NOT NULL,
    title TEXT NOT NULL,
    kind TEXT NOT NULL,
    author TEXT,
    created TEXT,
    pages INTEGER NOT NULL,
    passages INTEGER NOT NULL,
    outline TEXT NOT NULL,           -- JSON: [level, title, page index]
    stored_at REAL NOT NULL,
    UNIQUE (sha256, loader, chunking)
);

CREATE TABLE file (                  -- a file of a collection, and its durable job
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    collection_id INTEGER NOT NULL REFERENCES collection ON DELETE CASCADE,
    path NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    sha256 TEXT,
    state TEXT NOT NULL,
    changed INTEGER NOT NULL DEFAULT 0,   -- it changed again while it was being read
    queue_place INTEGER NOT NULL,
    document_id INTEGER REFERENCES document,
    problem_code TEXT,
    problem_message TEXT,
    problem_remedy TEXT,
    problem_path,
    UNIQUE (collection_id, path)
);
CREATE INDEX file_queue ON file (state, queue_place);
CREATE INDEX file_last_place ON file (queue_place);
CREATE INDEX file_document ON file (document_id);

CREATE TABLE page (
    id INTEGER PRIMARY KEY,
    document_id INTEGER NOT NULL REFERENCES document ON DELETE CASCADE,
    page_index INTEGER NOT NULL,
    number INTEGER,
    label TEXT,
    kind TEXT NOT NULL,
    width REAL NOT NULL,
    height REAL NOT NULL,
    note TEXT NOT NULL,
    locator_kind TEXT NOT NULL,
    unit_starts TEXT NOT NULL,       -- JSON
    headings TEXT NOT NULL,          -- JSON: [start, end, level, title]
    text TEXT NOT NULL,
    boxes BLOB NOT NULL,
    UNIQUE (document_id, page_index)
);

CREATE TABLE passage (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document_id INTEGER NOT NULL REFERENCES document ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    page_index INTEGER NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    token_count INTEGER NOT NULL,
    text_hash BLOB NOT NULL,         -- of what is embedded: the key of its vector
    locator_kind TEXT NOT NULL,
    locator_value TEXT NOT NULL,
    section TEXT NOT NULL,
    context TEXT NOT NULL,
    text TEXT NOT NULL,
    pieces TEXT NOT NULL             -- two-character pieces of scripts without spaces
);
CREATE INDEX passage_document ON passage (document_id, ordinal);
CREATE INDEX passage_text_hash ON passage (text_hash);

-- Combining marks belong to words: without Mn and Mc, Hindi falls apart at its vowel signs.
CREATE VIRTUAL TABLE words USING fts5 (
    text, context, pieces, content = 'passage', content_rowid = 'id',
    tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
);
CREATE VIRTUAL TABLE words_vocabulary USING fts5vocab ('words', 'row');

CREATE TABLE embedder (
    id INTEGER PRIMARY KEY,
    identity TEXT NOT NULL UNIQUE
);

CREATE TABLE vector (                -- float32, by embedder and embedded text: nothing is embedded twice
    embedder_id INTEGER NOT NULL REFERENCES embedder,
    text_hash BLOB NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (text_hash, embedder_id)
);

CREATE TABLE indexed (               -- what Chroma is known to hold for each collection
    collection_id INTEGER NOT NULL REFERENCES collection ON DELETE CASCADE,
    passage_id INTEGER NOT NULL REFERENCES passage ON DELETE CASCADE,
    PRIMARY KEY (passage_id, collection_id)
) WITHOUT ROWID;
CREATE INDEX indexed_collection ON indexed (collection_id);

CREATE TABLE departed (              -- what Chroma may still hold, but no longer should
    collection_id INTEGER NOT NULL REFERENCES collection ON DELETE CASCADE,
    passage_id INTEGER NOT NULL,
    PRIMARY KEY (collection_id, passage_id)
) WITHOUT ROWID;

CREATE TABLE chat (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    model TEXT,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL
);

CREATE TABLE chat_collection (
    chat_id INTEGER NOT NULL REFERENCES chat ON DELETE CASCADE,
    collection_id INTEGER NOT NULL REFERENCES collection ON DELETE CASCADE,
    place INTEGER NOT NULL,
    PRIMARY KEY (chat_id, collection_id)
) WITHOUT ROWID;
CREATE INDEX chat_collection_collection ON chat_collection (collection_id);

CREATE TABLE message (               -- sources are kept as they were shown: they outlive their documents
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    chat_id INTEGER NOT NULL REFERENCES chat ON DELETE CASCADE,
    role TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at REAL NOT NULL,
    outcome TEXT,
    model TEXT,
    problem_code TEXT,
    problem_message TEXT,
    problem_remedy TEXT,
    problem_path,
    text TEXT NOT NULL,
    sentences TEXT NOT NULL DEFAULT '[]',
    citations TEXT NOT NULL DEFAULT '[]',
    passages TEXT NOT NULL DEFAULT '[]',
    timings TEXT,
    left_out TEXT NOT NULL DEFAULT '[]',
    prompt_text TEXT
);
CREATE INDEX message_chat ON message (chat_id);
CREATE INDEX message_state ON message (state) WHERE state = 'streaming';
"""
