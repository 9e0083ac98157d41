"""The parts of the program that are measured, built as `rag.workspace` builds them, on a data folder of their own."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from inference.api import CpuBudget, EmbeddingService
from rag import places
from rag.answering.retrieval import Retriever
from rag.answering.search import MeaningSearch
from rag.ingestion.chunking import CHUNKING
from rag.ingestion.ingestor import Ingestor
from rag.reports import IndexingProgress
from rag.settings import RagSettings
from rag.storage.database import Database
from rag.storage.library import Library
from rag.storage.vectors import VectorIndex
from rag.types import SearchScope
from tests.eval.data import Question
from tests.eval.methods import Methods


@dataclass(frozen=True)
class Core:
    """An open library with everything that searches it."""

    library: Library
    ingestor: Ingestor
    retriever: Retriever
    methods: Methods

    def index(self, name: str, files: Sequence[Path]) -> int:
        """Return the collection of these files, made and indexed where it is not yet; only what is new is read."""
        known = self.library.find_collection(name)
        collection = known or self.library.create_collection(name)
        self.ingestor.add_paths(collection.id, files)
        self.ingestor.wait(collection.id, "ready", on_progress=_show)
        print(flush=True)
        return collection.id

    def in_collection(self, questions: Sequence[Question], collection_id: int) -> list[tuple[Question, SearchScope]]:
        """Return each question with the whole collection to search."""
        return [(question, SearchScope((collection_id,))) for question in questions]

    def in_document(self, questions: Sequence[Question], collection_id: int) -> list[tuple[Question, SearchScope]]:
        """Return each question with only the right document to search."""
        documents = {row.path.name: row.document_id for row in self.library.files(collection_id)}
        asked: list[tuple[Question, SearchScope]] = []
        for question in questions:
            document = documents[question.document]
            assert document is not None, f"{question.document} could not be read"
            asked.append((question, SearchScope((collection_id,), frozenset({document}))))
        return asked

    def share_relevant(self, questions: Sequence[str], scope: SearchScope) -> float:
        """Return the share of questions that the documents in scope are taken to answer."""
        return sum(self.retriever.retrieve(each, scope, 6).relevant for each in questions) / len(questions)


@contextmanager
def open_core(data_dir: Path, embedding_model: str = "all-MiniLM-L6-v2") -> Iterator[Core]:
    """Give the core on `data_dir`, and close everything at the end."""
    data_dir.mkdir(parents=True, exist_ok=True)
    settings = RagSettings(embedding_model=embedding_model)
    with ExitStack() as closing:
        database = Database(places.library_file(data_dir))
        closing.callback(database.close)
        library = Library(database)
        vectors = VectorIndex(places.vectors_folder(data_dir))
        closing.callback(vectors.close)
        budget = CpuBudget()
        embedding = EmbeddingService(embedding_model, cache_dir=places.cache_dir(), budget=budget)
        closing.callback(embedding.shutdown)
        ingestor = Ingestor(library, vectors, embedding, budget, settings, on_change=lambda _change: None)
        closing.callback(ingestor.shutdown)
        ingestor.start()
        meaning = MeaningSearch(library, vectors, embedding, CHUNKING)
        retriever = Retriever(library, vectors, embedding, CHUNKING)
        yield Core(library, ingestor, retriever, Methods(library, embedding, meaning, retriever))


def _show(progress: IndexingProgress) -> None:
    done = f"{progress.passages_embedded} of {progress.passages_total} passages"
    print(f"\r  {progress.files_ready} of {progress.files_total} files, {done}   ", end="", flush=True)
