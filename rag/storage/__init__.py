"""What the program remembers: `library.db` is the truth, Chroma is a quick way to search it.

`database` opens SQLite and nothing else does; `library` and `chats` are its two faces; `vectors` is the only module
that knows Chroma; `lock` lets one program at a time own the folder.
"""
