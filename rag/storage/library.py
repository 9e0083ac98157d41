"""The library: collections, their files, documents, passages, words and vectors, in `library.db`.

Its parts are small classes over the same database, one for each kind of thing; nobody needs to know which is which.
All of it is safe on any thread. To make several changes one, or many of them quick: `with library.db.write():`.
"""

from rag.storage.library_attachments import AttachmentStore
from rag.storage.library_collections import CollectionStore
from rag.storage.library_documents import DocumentStore
from rag.storage.library_exchange import ExchangeStore
from rag.storage.library_folders import FolderStore
from rag.storage.library_queue import QueueStore
from rag.storage.library_recognition import RecognitionStore
from rag.storage.library_removals import RemovalStore
from rag.storage.library_reports import ReportStore
from rag.storage.library_search import SearchStore
from rag.storage.library_successors import SuccessorStore
from rag.storage.library_vectors import VectorStore


class Library(
    AttachmentStore,
    CollectionStore,
    DocumentStore,
    ExchangeStore,
    FolderStore,
    QueueStore,
    RecognitionStore,
    RemovalStore,
    ReportStore,
    SearchStore,
    SuccessorStore,
    VectorStore,
):
    """All that the program knows of the user's documents."""
