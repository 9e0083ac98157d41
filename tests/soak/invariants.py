"""What must hold of the data folder whenever no program has it open."""

import re
from contextlib import closing
from pathlib import Path

from rag.ingestion.chunking import CHUNKING
from rag.places import library_file, vectors_folder
from rag.storage.database import Database
from rag.storage.library import Library
from rag.storage.vectors import VectorIndex, collection_key
from tests.soak.life import NAME

_WORD = re.compile(r"zq[a-p]{10}")


def check_documents(data_dir: Path, known_words: set[str]) -> dict[str, str]:
    """Check that each document is one whole version and no passage is doubled; returns the word of each file."""
    with closing(Database(library_file(data_dir))) as database:
        library = Library(database)
        found = library.find_collection(NAME)
        if found is None:
            return {}
        rows = library.files(found.id)
        assert len({row.path for row in rows}) == len(rows), "a file is listed twice"
        return {row.path.name: _word(library, row.document_id, known_words) for row in rows if row.document_id}


def _word(library: Library, document_id: int, known_words: set[str]) -> str:
    document = library.document(document_id)
    assert document is not None
    passages, pages = library.document_passages(document_id), library.pages(document_id)
    assert (len(pages), len(passages)) == (document.pages, document.passages), "pages or passages are missing"
    spans = [(each.page_index, each.start, each.end) for each in passages]
    assert len(set(spans)) == len(spans), "a passage is doubled"
    for each in passages:
        assert pages[each.page_index].text[each.start : each.end] == each.text
    (word,) = set(_WORD.findall(" ".join(page.text for page in pages)))
    assert word in known_words
    return str(word)


def check_vectors(data_dir: Path) -> None:
    """Check, after everything was read, that Chroma holds exactly the passages of the library."""
    with closing(Database(library_file(data_dir))) as database:
        library = Library(database)
        found = library.find_collection(NAME)
        assert found is not None
        with database.read() as connection:
            identities = [str(each) for (each,) in connection.execute("SELECT identity FROM embedder")]
        if not identities:
            assert found.passages == 0
            return
        (identity,) = identities
        with closing(VectorIndex(vectors_folder(data_dir))) as vectors:
            held = vectors.ids(collection_key(found.id, identity, CHUNKING))
        assert held == library.embedded_ids(found.id, identity), "Chroma and the library differ"
        assert len(held) == found.passages, "passages are missing or doubled in Chroma"
