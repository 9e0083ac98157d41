"""Make the database of a release, which the tests upgrade: `python -m tests.rag.storage.make_release 0.1.0`."""

import gzip
import sys
import tempfile
from pathlib import Path

from rag.storage.chats import Chats
from rag.storage.database import Database
from rag.storage.library import Library
from tests.rag.storage.builders import add, embed_all


def main(version: str) -> None:
    """Write `releases/VERSION.db.gz`; a release that exists is never written again."""
    target = Path(__file__).parent / "releases" / f"{version}.db.gz"
    target.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "library.db")
        library = Library(database)
        collection = library.create_collection("Released")
        add(library, collection.id, "released.pdf", "released words of page one", "and more on page two")
        embed_all(library)
        chats = Chats(database)
        chat = chats.create("A chat", [collection.id])
        chats.add_user_message(chat.id, "A question?")
        database.close()
        with target.open("xb") as file:
            file.write(gzip.compress(database.path.read_bytes(), mtime=0))


if __name__ == "__main__":
    main(sys.argv[1])
