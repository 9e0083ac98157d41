"""Whatever is put, stored, linked and removed, in whatever order: the library stays sound and knows what is there."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from rag.storage.database import Database
from rag.storage.library import Library
from tests.rag.storage.builders import CHUNKING, digest, document, embed_all, found, leftovers, put, scope

COLLECTIONS = ("A", "B")
NAMES = st.sampled_from(["1.pdf", "2.pdf", "3.pdf"])
TEXTS = st.sampled_from(["alpha", "beta", "gamma", "北京"])
WHERE = st.sampled_from(COLLECTIONS)


class LibraryMachine(RuleBasedStateMachine):
    """A library beside a plain dictionary of what it should hold."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.library = Library(Database(Path(self.folder.name) / "library.db"))
        self.size = 1
        self.expected: dict[tuple[str, str], str] = {}
        self.indexed: dict[str, set[int]] = {name: set() for name in COLLECTIONS}

    def collection_id(self, where: str) -> int:
        collection = self.library.find_collection(where) or self.library.create_collection(where)
        return collection.id

    @rule(where=WHERE, name=NAMES, text=TEXTS)
    def store_changed_file(self, where: str, name: str, text: str) -> None:
        self.size += 1
        row = put(self.library, self.collection_id(where), name, self.size)
        self.library.set_file_state(row.id, "reading")
        same = self.library.find_document(digest(text), "pdf-1", CHUNKING)
        if same is not None:
            assert self.library.link_document(row.id, same.id)
        else:
            loaded, passages = document(text, f"{text} again")
            assert self.library.store_document(row.id, digest(text), loaded, passages, CHUNKING)
        self.expected[where, name] = text

    @rule(where=WHERE, name=NAMES)
    def remove_file(self, where: str, name: str) -> None:
        row = self.library.file_by_path(self.collection_id(where), Path("/docs") / name)
        assert (row is not None) == ((where, name) in self.expected)
        if row is not None:
            self.library.remove_file(row.id)
            del self.expected[where, name]

    @rule(where=WHERE)
    def remove_collection(self, where: str) -> None:
        self.library.delete_collection(self.collection_id(where))
        self.expected = {key: text for key, text in self.expected.items() if key[0] != where}
        self.indexed[where].clear()

    @rule(where=WHERE)
    def embed_and_index(self, where: str) -> None:
        collection_id = self.collection_id(where)
        embed_all(self.library)
        departed = self.library.departed(collection_id)
        self.indexed[where] -= set(departed)
        self.library.forget_departed(collection_id, departed)
        pending = self.library.unindexed(collection_id, "hashing@1", 100)
        self.library.mark_indexed(collection_id, pending)
        self.indexed[where] |= set(pending)
        self.library.complete_files(collection_id)
        assert self.indexed[where] == set(self.library.passage_ids(scope(collection_id)))

    @invariant()
    def nothing_hangs_in_the_air(self) -> None:
        assert not any(leftovers(self.library).values())

    @invariant()
    def every_text_is_found_where_it_is(self) -> None:
        for where in COLLECTIONS:
            collection_id = self.collection_id(where)
            texts = {text for key, text in self.expected.items() if key[0] == where}
            for text in ("alpha", "beta", "gamma", "北京"):
                hits = set(found(self.library, text, collection_id))
                assert hits == ({text, f"{text} again"} if text in texts else set())
            assert self.library.passage_count(scope(collection_id)) == 2 * len(texts)

    def teardown(self) -> None:
        self.library.db.close()
        self.folder.cleanup()


LibraryMachine.TestCase.settings = settings(
    max_examples=20, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
test_any_sequence_of_changes = LibraryMachine.TestCase
