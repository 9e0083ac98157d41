"""The answering side on a data folder of its own, with documents stored by hand and the deterministic models."""

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import pytest

from inference.api import ChatWorker, CpuBudget, EmbeddingService, LoadSettings, ModelRef, default_registry
from inference.backends.echo import EchoBackend
from rag.answering.answer import Answerer
from rag.answering.conversation import Conversation
from rag.answering.retrieval import Retriever
from rag.settings import RagSettings
from rag.storage.chats import Chats
from rag.storage.database import Database
from rag.storage.library import Library
from rag.storage.vectors import VectorIndex, collection_key
from rag.types import LoadedDocument, Locator, Page, Passage

CHUNKING = "test-v1"
_PARAGRAPH = re.compile(r"[^\n]+(?:\n[^\n]+)*")


@dataclass
class Pace:
    """Lets a test hold the echo model before each word: `held` keeps it waiting, `waiting` tells that it does."""

    held: threading.Event = field(default_factory=threading.Event)
    waiting: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    words: int = 0
    hold_after: int | None = None

    def before_word(self) -> None:
        self.words += 1
        if self.hold_after is not None and self.words > self.hold_after:
            self.waiting.release()
            self.held.wait(30)


@dataclass(frozen=True)
class House:
    """Everything that answers a question, wired as the workspace wires it."""

    library: Library
    vectors: VectorIndex
    embedding: EmbeddingService
    worker: ChatWorker
    chats: Chats
    retriever: Retriever
    answerer: Answerer
    conversation: Conversation
    pace: Pace

    def load(self, context_tokens: int | None = None) -> None:
        """Load the echo model."""
        self.worker.load(ModelRef("echo", "echo"), LoadSettings(context_tokens=context_tokens)).future.result()

    def add(self, collection_id: int, name: str, *pages: str, numbered: bool = True, embed: bool = True) -> int:
        """Store a document with a passage for each paragraph of each page, and its vectors; returns its id."""
        file = self.library.put_file(collection_id, Path("/documents") / name, len(name), 1)
        document, passages = _document(name, pages, numbered)
        digest = sha256("\f".join((name, *pages)).encode()).hexdigest()
        document_id = self.library.store_document(file.id, digest, document, passages, CHUNKING)
        assert document_id is not None
        if embed:
            self.embed(collection_id)
        return document_id

    def embed(self, collection_id: int) -> None:
        """Make what a collection holds searchable by meaning."""
        identity = self.embedding.identity
        pending = self.library.unembedded(collection_id, identity, 1000)
        made = self.embedding.embed_passages([each.text for each in pending]).result()
        self.library.store_vectors(identity, [(each.text_hash, row) for each, row in zip(pending, made, strict=True)])
        key = collection_key(collection_id, identity, CHUNKING)
        self.vectors.apply(self.library, collection_id, key, identity)
        self.library.complete_files(collection_id)


def _document(name: str, texts: Sequence[str], numbered: bool) -> tuple[LoadedDocument, list[Passage]]:
    if numbered:
        pages = [Page(i, i + 1, f"p{i + 1}", text) for i, text in enumerate(texts)]
    else:
        pages = [Page(0, None, None, "\n\n".join(texts), locator_kind="lines")]
    spans = [(page, match.start(), match.end()) for page in pages for match in _PARAGRAPH.finditer(page.text)]
    passages = [
        Passage(n, page.index, start, end, page.text[start:end], "", _locator(page), "", end - start)
        for n, (page, start, end) in enumerate(spans)
    ]
    return LoadedDocument(name, "pdf", "test-1", tuple(pages)), passages


def _locator(page: Page) -> Locator:
    return Locator("page", str(page.number)) if page.number else Locator("lines", "1")


MakeHouse = Callable[..., House]


@pytest.fixture
def make_house(tmp_path: Path) -> Iterator[MakeHouse]:
    """Return a function that opens a house; each is closed at the end of the test."""
    with ExitStack() as closing:

        def make(name: str = "data", embedding_model: str = "hashing") -> House:
            folder = tmp_path / name
            folder.mkdir(exist_ok=True)
            return _open(folder, embedding_model, closing)

        yield make


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    """Return a house with the hashing embedder; the echo model is loaded by the test."""
    return make_house()


def _open(folder: Path, embedding_model: str, closing: ExitStack) -> House:
    pace = Pace()
    database = Database(folder / "library.db")
    closing.callback(database.close)
    library, chats = Library(database), Chats(database)
    vectors = VectorIndex(folder / "vectors")
    closing.callback(vectors.close)
    budget = CpuBudget()
    embedding = EmbeddingService(embedding_model, cache_dir=folder / "cache", budget=budget)
    closing.callback(embedding.shutdown)
    registry = default_registry()
    registry.register("echo", lambda: EchoBackend(pace.before_word))
    worker = ChatWorker(registry, budget=budget)
    closing.callback(worker.shutdown)
    retriever = Retriever(library, vectors, embedding, CHUNKING)
    answerer = Answerer(retriever, library, chats, worker, RagSettings(embedding_model=embedding_model))
    conversation = Conversation(chats, answerer)
    closing.callback(conversation.shutdown)
    closing.callback(pace.held.set)
    return House(library, vectors, embedding, worker, chats, retriever, answerer, conversation, pace)
