"""Builds the core once, and is its one face: the window, the command line and the tests stand on `Workspace`.

`Workspace.open` takes the data folder's lock and opens the library; that is quick. Everything heavy (the vector index,
the embedding model, the chat model) opens on its own thread when it is first needed, or when `warm_up` asks for it.
All methods may be called from any thread. They are short reads and writes unless they return a future or a job.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

from inference.api import CancelToken, CpuBudget, EmbeddingService, ModelDetails, ModelRef
from rag import places, samples
from rag.answering.answer import Answerer
from rag.answering.conversation import AskJob, Conversation
from rag.answering.retrieval import Retriever
from rag.errors import ChatGone, DataFolderInUse, UnknownCollection
from rag.exchange import Exchange
from rag.ingestion.chunking import index_name
from rag.ingestion.ingestor import Ingestor
from rag.ingestion.ocr.choice import OcrOptions
from rag.ingestion.pages import PageRenderer
from rag.models import ChatModels
from rag.settings import RagSettings, check_settings, load_settings, save_settings
from rag.storage.chats import Chats
from rag.storage.database import Database
from rag.storage.library import Library
from rag.storage.lock import FolderHeld, FolderLock
from rag.storage.vectors import VectorIndex
from rag.types import (
    Answer,
    AskEvent,
    Change,
    Chat,
    ChatMessage,
    Collection,
    Removal,
    Retrieval,
    SearchScope,
)
from rag.workspace_exchange import ExchangeFace
from rag.workspace_folders import FoldersFace
from rag.workspace_index import IndexFace
from rag.workspace_reading import ReadingFace

NEW_CHAT_TITLE = "New chat"
_TITLE_CHARACTERS = 60


class Workspace(FoldersFace, ExchangeFace, IndexFace, ReadingFace):
    """A data folder with everything in it, open and owned by this process.

    Attributes:
        data_dir: Where documents' text, chats and settings lie.
        recovered: Answers that a crash cut short, found and kept when the folder was opened.
        embedding: The service that owns the embedding model.
        worker: The service that owns the chat model.
    """

    def __init__(self, data_dir: Path, cache_dir: Path, settings: RagSettings, lock: FolderLock) -> None:
        self.data_dir = data_dir
        self.cache_dir = cache_dir
        self._settings = settings
        self._lock = lock
        self._listeners: list[Callable[[Change], None]] = []
        self._listeners_lock = threading.Lock()
        self._raise_window: Callable[[], None] | None = None
        self._database = Database(places.library_file(data_dir))
        self._library = Library(self._database)
        self._chats = Chats(self._database)
        self._vectors = VectorIndex(places.vectors_folder(data_dir))
        budget = CpuBudget()
        self._budget = budget
        budget.on_battery = settings.on_battery
        self._live = self._live_index()
        self.embedding = self._embedding_service(self._live.embedding_model)
        self._next_embedding: EmbeddingService | None = None
        self._models = ChatModels(places.models_folder(data_dir), cache_dir, budget)
        self.worker = self._models.worker
        self._renderer = PageRenderer()
        self._ingestor = Ingestor(
            self._library, self._vectors, self.embedding, budget, settings, self._announce, self._live.passage_tokens
        )
        self._exchange = Exchange(self._library, data_dir, lambda: self.embedding, self._ingestor, self._announce)
        self._retriever = Retriever(self._library, self._vectors, self.embedding, index_name(self._live.passage_tokens))
        self._build_answering()
        self.recovered = self._chats.recover_interrupted()

    @classmethod
    def open(
        cls, data_dir: Path | None = None, *, settings: RagSettings | None = None, cache_dir: Path | None = None
    ) -> "Workspace":
        """Open a data folder, made if need be, and own it until `close`.

        Raises:
            DataFolderInUse: Another running program owns it; `address` is where that one listens.
            DataFolderNewer, DataFolderDamaged, FolderNotWritable, SettingsError: As their names say.
        """
        data_dir = places.prepare_data_dir(data_dir)
        lock = FolderLock(data_dir)
        try:
            lock.acquire()
        except FolderHeld as held:
            raise _in_use(data_dir, held) from held
        try:
            chosen = settings if settings is not None else load_settings(places.settings_file(data_dir))
            workspace = cls(data_dir, cache_dir or places.cache_dir(), chosen, lock)
        except BaseException:
            lock.release()
            raise
        workspace._ingestor.start()
        workspace._exchange.start()
        workspace._follow_settings()
        return workspace

    def close(self) -> None:
        """Stop all threads and processes, keep what is unfinished for the next start, and let go of the folder."""
        self._stop_watching()
        self._conversation.shutdown()
        self._exchange.shutdown()
        self._ingestor.shutdown()
        self.worker.shutdown()
        self.embedding.shutdown()
        if self._next_embedding is not None:
            self._next_embedding.shutdown()
        self._renderer.shutdown()
        self._vectors.close()
        self._database.close()
        self._lock.release()

    def publish(self, address: str) -> None:
        """Tell other programs of this user where this one listens for their commands."""
        self._lock.publish(address)

    # --- Settings and changes -----------------------------------------------------------------------------------------

    @property
    def settings(self) -> RagSettings:
        return self._settings

    def change_settings(self, **changes: object) -> None:
        """Change settings now and for good; raises `SettingsError` for a value that is not allowed."""
        check_settings(**changes)
        self._settings = replace(self._settings, **changes)  # type: ignore[arg-type]  # checked one line above
        save_settings(self._settings, places.settings_file(self.data_dir))
        self._answerer.settings = self._settings
        self._budget.on_battery = self._settings.on_battery
        if changes.keys() & {"ocr_engine", "ocr_languages"}:
            self._ingestor.set_recognition(OcrOptions.of(self._settings))
        self._ingestor.keep_quotes(self._settings.keep_quotes)
        if changes.keys() & {"embedding_model", "passage_tokens"}:
            self._follow_settings()

    def subscribe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call `listener` after each change, on the thread that made it; returns how to end that."""
        with self._listeners_lock:
            self._listeners.append(listener)

        def unsubscribe() -> None:
            with self._listeners_lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return unsubscribe

    def on_raise(self, callback: Callable[[], None]) -> None:
        """Call `callback` when a second start asks this window to come to the front."""
        self._raise_window = callback

    def raise_window(self) -> bool:
        """Bring the window to the front, if a window is what owns this folder."""
        if self._raise_window is None:
            return False
        self._raise_window()
        return True

    def _announce(self, change: Change) -> None:
        with self._listeners_lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener(change)

    # --- Collections --------------------------------------------------------------------------------------------------

    def collections(self) -> list[Collection]:
        return self._library.collections()

    def collection(self, collection_id: int) -> Collection:
        return self._library.collection(collection_id)

    def find_collection(self, name: str) -> Collection:
        """Return the collection of that name, in any case; raises `UnknownCollection` naming those there are."""
        found = self._library.find_collection(name)
        if found is None:
            names = ", ".join(each.name for each in self.collections()) or "there is none yet"
            raise UnknownCollection(f"There is no collection named {name!r}.", remedy=f"Collections: {names}.")
        return found

    def create_collection(self, name: str) -> Collection:
        created = self._library.create_collection(name)
        self._announce(Change(collections=True))
        return created

    def rename_collection(self, collection_id: int, name: str) -> None:
        self._library.rename_collection(collection_id, name)
        self._announce(Change(collections=True))

    def remove_collection(self, collection_id: int) -> Removal:
        """Remove a collection at once; until `Removal.until` it can come back, then every trace of it goes.

        The files themselves are not touched. Raises `UnknownCollection`.
        """
        removal = self._ingestor.remove_collection(collection_id, self._settings.undo_s)
        self._announce(Change(collections=True, files=frozenset({collection_id}), chats=True))
        return removal

    def undo_removal(self, removal_id: int) -> None:
        """Bring back a file or collection as it was; nothing is read or embedded again. Raises `RemovalOver`."""
        collection_id = self._ingestor.undo_removal(removal_id)
        self._announce(Change(collections=True, files=frozenset({collection_id}), chats=True))

    def purge_removed(self, removal_ids: Sequence[int] | None = None) -> Future[None]:
        """Let go for good of what was removed, or only of these removals; the future tells when no trace is left.

        Without it that happens by itself when the time for Undo is over, at the next start at the latest after it.
        """
        return self._ingestor.purge_removed(removal_ids)

    def removals(self) -> list[Removal]:
        """Return what the user removed and can have back, the newest first."""
        return self._library.removals()

    def sample_collection(self) -> Collection:
        """Return the sample documents, added to the library on the first call."""
        made = self._library.adhoc_collection(samples.KEY)
        if made is None:
            made = self._library.create_collection(samples.name(), kind="sample", key=samples.KEY)
            self._announce(Change(collections=True))
        self._ingestor.add_paths(made.id, [samples.folder()])
        return made

    def adhoc_collection(self, paths: Sequence[Path]) -> Collection:
        """Return the remembered collection of exactly these paths; new and changed files are queued.

        Raises:
            UnreadableFile: One of the paths is not there.
        """
        resolved = sorted({places.whole_path(path) for path in paths})
        key = places.paths_key(resolved)
        made = self._library.adhoc_collection(key)
        if made is None:
            places.require_paths(resolved)
            made = self._library.create_collection(self._adhoc_name(resolved), kind="adhoc", key=key)
            self._announce(Change(collections=True))
        self._ingestor.add_paths(made.id, resolved)
        return made

    def _adhoc_name(self, paths: Sequence[Path]) -> str:
        name = paths[0].name or str(paths[0])
        if len(paths) > 1:
            name = f"{name} and {len(paths) - 1} more"
        taken = {each.name.casefold() for each in self.collections()}
        candidate, number = name, 2
        while candidate.casefold() in taken:
            candidate, number = f"{name} ({number})", number + 1
        return candidate

    # --- Search and answers -------------------------------------------------------------------------------------------

    def search(
        self, query: str, collection_ids: Sequence[int], k: int = 10, paths: Sequence[Path] | None = None
    ) -> Retrieval:
        return self._retriever.retrieve(query, self._scope(collection_ids, paths), k)

    def ask_once(
        self,
        question: str,
        collection_ids: Sequence[int],
        *,
        paths: Sequence[Path] | None = None,
        seed: int | None = None,
        on_event: Callable[[AskEvent], None] | None = None,
        cancel: CancelToken | None = None,
    ) -> Answer:
        """Answer one question without keeping it in a chat."""
        self.ensure_model()
        return self._answerer.ask(
            question,
            self._scope(collection_ids, paths),
            (),
            on_event or (lambda _event: None),
            cancel or CancelToken(),
            seed=seed,
        )

    def prepare_search(self) -> None:
        """Load what a search needs, and wait for it; the next search is then as fast as all that follow."""
        self._ingestor.warm_up()
        self.embedding.warm_up().result()

    def _scope(self, collection_ids: Sequence[int], paths: Sequence[Path] | None) -> SearchScope:
        if paths is None:
            return SearchScope(tuple(collection_ids))
        resolved = [places.whole_path(path) for path in paths]
        documents: set[int] = set()
        for collection_id in collection_ids:
            documents |= self._library.documents_under(collection_id, resolved)
        return SearchScope(tuple(collection_ids), frozenset(documents))

    # --- Chats --------------------------------------------------------------------------------------------------------

    def chats(self) -> list[Chat]:
        return self._chats.list()

    def chat(self, chat_id: int) -> Chat:
        """Return a chat; raises `ChatGone`."""
        found = self._chats.get(chat_id)
        if found is None:
            raise ChatGone("This chat was deleted.", remedy="Open another one, or start a new one.")
        return found

    def create_chat(self, title: str = NEW_CHAT_TITLE, collection_ids: Sequence[int] = ()) -> Chat:
        created = self._chats.create(title, collection_ids)
        self._announce(Change(chats=True))
        return created

    def rename_chat(self, chat_id: int, title: str) -> None:
        self._chats.rename(chat_id, title)
        self._announce(Change(chats=True))

    def delete_chat(self, chat_id: int) -> None:
        self._chats.delete(chat_id)
        self._announce(Change(chats=True))

    def messages(self, chat_id: int) -> list[ChatMessage]:
        return self._chats.messages(chat_id)

    def set_chat_collections(self, chat_id: int, collection_ids: Sequence[int]) -> None:
        self._chats.set_collections(chat_id, collection_ids)
        self._announce(Change(chats=True))

    def ask(self, chat_id: int, question: str, on_event: Callable[[AskEvent], None]) -> AskJob:
        """Ask in a chat; everything is stored as it happens. Events come on a worker thread."""
        self.ensure_model()
        untitled = self.chat(chat_id).title == NEW_CHAT_TITLE
        job = self._conversation.ask(chat_id, question, on_event)
        if untitled:
            self._chats.rename(chat_id, _title_of(question))
            self._announce(Change(chats=True))
        return job

    def regenerate(self, chat_id: int, on_event: Callable[[AskEvent], None]) -> AskJob:
        """Answer the last question of a chat again, in place of its last answer."""
        self.ensure_model()
        return self._conversation.regenerate(chat_id, on_event)

    # --- Models -------------------------------------------------------------------------------------------------------

    def models(self) -> list[ModelRef]:
        return self._models.models(self._settings.model_files)

    def chosen_model(self) -> ModelRef:
        """Return the model that answers are written with; raises `ModelNotFound` when its file is gone."""
        return self._models.find(self._settings.chat_model, self._settings.model_files)

    def model_details(self) -> ModelDetails | None:
        return self.worker.details

    def load_model(
        self, model: ModelRef | str | Path | None = None, on_progress: Callable[[float], None] | None = None
    ) -> Future[ModelDetails]:
        """Load a model, in place of the one that is loaded; None means the chosen one."""
        wanted = model if model is not None else self._settings.chat_model
        ref = self._models.find(wanted, self._settings.model_files)
        return self._models.load(ref, self._settings.context_tokens, on_progress)

    def ensure_model(self) -> None:
        """Begin to load the chosen model unless one is loaded, or on its way."""
        if not self._models.loading_or_loaded:
            self.load_model()

    def choose_model(
        self, model: ModelRef | str | Path, on_progress: Callable[[float], None] | None = None
    ) -> Future[ModelDetails]:
        """Load a model and use it from now on, in later sessions too."""
        ref = self._models.find(model, self._settings.model_files)
        self.change_settings(chat_model=str(ref.path) if ref.path else ref.name)
        self._announce(Change(models=True))
        return self._models.load(ref, self._settings.context_tokens, on_progress)

    def add_model_file(self, path: Path) -> ModelRef:
        """Remember a model file; raises `ModelError` if it is none."""
        ref = self._models.check_file(path)
        kept = dict.fromkeys((*self._settings.model_files, str(ref.path)))
        self.change_settings(model_files=tuple(kept))
        self._announce(Change(models=True))
        return ref

    def warm_up(self) -> None:
        """Begin to load everything that an answer needs, in the background."""
        self._ingestor.warm_up()
        self.embedding.warm_up()
        self.ensure_model()

    # --- Samples ------------------------------------------------------------------------------------------------------

    def sample_questions(self) -> list[str]:
        """Return questions about the sample documents; the first one is ready to send."""
        return samples.questions()

    def _build_answering(self) -> None:
        self._answerer = Answerer(self._retriever, self._library, self._chats, self.worker, self._settings)
        self._conversation = Conversation(self._chats, self._answerer)


def _in_use(data_dir: Path, held: FolderHeld) -> DataFolderInUse:
    error = DataFolderInUse(
        f"Another Carrel (process {held.owner_pid}) has the data folder {data_dir} open.",
        remedy="Use that one, close it, or name another folder with --data-dir.",
        path=data_dir,
    )
    error.address = held.address
    return error


def _title_of(question: str) -> str:
    title = " ".join(question.split())
    return title if len(title) <= _TITLE_CHARACTERS else title[: _TITLE_CHARACTERS - 1].rstrip() + "…"
