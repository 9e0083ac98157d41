"""The index of vectors: one Chroma collection for each of the user's, holding ids and vectors only.

The only module that knows Chroma, which is imported when it is first needed. `library.db` has every vector, so what is
lost or damaged here is made anew without embedding: a damaged index is left behind for a fresh one in the next
numbered folder, and `reconcile` fills it.
"""

import contextlib
import logging
import re
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from rag.storage.failures import disk_full, file_failures, nearly_full, not_writable
from rag.storage.library import Library
from rag.storage.vector_files import blank_unused_room

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.collection_configuration import CreateCollectionConfiguration
    from chromadb.api.models.Collection import Collection as ChromaCollection

_log = logging.getLogger(__name__)
_BATCH = 2000
_CONFIGURATION: "CreateCollectionConfiguration" = {"hnsw": {"space": "cosine", "ef_search": 200}}
# What SQLite and the system say, as Chroma passes it on, when its files are not to blame.
_FULL = re.compile(r"\(code: 13\)|os error (28|122)\b")
_NOT_WRITABLE = re.compile(r"\(code: (8|14|264|520|776|1032|1288|1544)\)|os error (13|30)\b")
_PASSING = re.compile(r"\(code: [5679]\)|os error (12|23|24)\b")

Vectors = NDArray[np.float32]


def collection_key(collection_id: int, embedder: str, chunking: str) -> str:
    """Return the name under which Chroma keeps a collection's vectors of one embedder and one way of cutting."""
    made_by = blake2b(f"{embedder}\n{chunking}".encode(), digest_size=8).hexdigest()
    return f"c{collection_id}-{made_by}"


class IndexLost(Exception):
    """Chroma's files are damaged; an empty index took their place, and `reconcile` fills it."""


class VectorIndex:
    """Chroma, in `folder`. Queries on any thread; one thread at a time changes it.

    Attributes:
        on_lost: Called on the thread that found the index damaged, after an empty one took its place: each
            collection needs `reconcile`, and until then is found by words alone.
    """

    def __init__(self, folder: Path) -> None:
        self.on_lost: Callable[[], None] = lambda: None
        self._folder = folder
        self._lock = threading.RLock()
        self._client: Client | None = None
        self._collections: dict[str, ChromaCollection] = {}
        self._reconciled: set[str] = set()
        self._generation = 0
        self._asking = 0
        self._answered = threading.Condition(self._lock)

    def open(self) -> None:
        """Import and open Chroma now instead of at the first use."""
        with self._lock:
            if self._client is None:
                with contextlib.suppress(IndexLost), self._noticing_damage():
                    self._client = _open(self._newest_folder())

    def close(self) -> None:
        """Close Chroma; the next use opens it again."""
        with self._lock:
            self._collections.clear()
            self._reconciled.clear()
            if self._client is not None:
                self._client.close()
                self._client = None
                blank_unused_room(self._folder)

    def upsert(self, key: str, ids: Sequence[int], vectors: Vectors) -> None:
        """Add vectors, or replace those of known ids; float32 (n, dimension). Raises `IndexLost`."""
        for start in range(0, len(ids), _BATCH):
            names = [str(number) for number in ids[start : start + _BATCH]]
            with self._noticing_damage():
                self._made(key).upsert(ids=names, embeddings=vectors[start : start + _BATCH])

    def delete(self, key: str, ids: Sequence[int]) -> None:
        """Remove vectors; unknown ids are fine. Raises `IndexLost`."""
        for start in range(0, len(ids), _BATCH):
            names = [str(number) for number in ids[start : start + _BATCH]]
            with self._noticing_damage():
                collection = self._known(key)
                if collection is not None:
                    collection.delete(ids=names)

    def query(self, key: str, vector: Vectors, k: int) -> list[tuple[int, float]]:
        """Return the `k` nearest ids with their cosine, best first; nothing if the key is unknown or damaged."""
        try:
            return self._nearest(key, vector, k)
        except IndexLost:
            return []

    def count(self, key: str) -> int:
        """Return how many vectors a collection has."""
        return len(self.ids(key))

    def ids(self, key: str) -> list[int]:
        """Return the ids of all vectors of a collection, ascending."""
        try:
            return self._held(key)
        except IndexLost:
            return []

    def keys(self) -> list[str]:
        """Return the keys of all collections. Raises `IndexLost`."""
        with self._noticing_damage():
            return sorted(collection.name for collection in self._opened().list_collections())

    def drop(self, key: str) -> None:
        """Remove a collection with all its vectors, if it is there. Raises `IndexLost`."""
        with self._lock, self._noticing_damage():
            if self._known(key) is not None:
                self._collections.pop(key)
                self._reconciled.discard(key)
                self._opened().delete_collection(key)

    def drop_collection(self, collection_id: int, keep: str | None = None) -> None:
        """Remove what any embedder made of one of the user's collections, except the key to keep."""
        with contextlib.suppress(IndexLost):
            for key in self.keys():
                if key.startswith(f"c{collection_id}-") and key != keep:
                    self.drop(key)

    def apply(self, library: Library, collection_id: int, key: str, embedder: str, limit: int = _BATCH) -> int:
        """Bring over what changed in the library: remove the departed, add what is embedded but not indexed.

        The first time after opening, and after damage, the two sides are compared in full.

        Returns:
            How many passages were removed or added; 0 when nothing is left to do. At most `limit` of each.
        """
        if key not in self._reconciled:
            return self.reconcile(library, collection_id, key, embedder)
        try:
            return self._apply(library, collection_id, key, embedder, limit)
        except IndexLost:
            return self.reconcile(library, collection_id, key, embedder)

    def compare_again(self, collection_id: int) -> None:
        """Have the next `apply` compare both sides of one of the user's collections in full."""
        with self._lock:
            self._reconciled = {key for key in self._reconciled if not key.startswith(f"c{collection_id}-")}

    def reconcile(self, library: Library, collection_id: int, key: str, embedder: str) -> int:
        """Make the index, and the library's marks of what is indexed, equal to the library's vectors.

        Finds damage too that shows only when the index is read, and makes it anew. Raises `IndexLost` if that is
        damaged at once as well, as on a failing disk.

        Returns:
            How many passages were removed or added.
        """
        try:
            changes = self._reconcile(library, collection_id, key, embedder)
        except IndexLost:
            changes = self._reconcile(library, collection_id, key, embedder)
        self._reconciled.add(key)
        return changes

    def fill(self, library: Library, key: str, embedder: str, passage_ids: Sequence[int], limit: int) -> int:
        """Add those of the passages that an index does not hold yet, `limit` of them at most; returns how many."""
        missing = sorted(set(passage_ids).difference(self.ids(key)))[:limit]
        self._add(library, key, embedder, missing)
        return len(missing)

    def rebuild(self, library: Library, collection_id: int, key: str, embedder: str) -> None:
        """Make a collection anew from the library's vectors."""
        with contextlib.suppress(IndexLost):
            self.drop(key)
        self.reconcile(library, collection_id, key, embedder)

    def renewed(self, wanted: Callable[[int, Sequence[int]], Sequence[int]]) -> Iterator[None]:
        """Copy what is wanted into fresh files, a portion at each step, and go on with those at the end.

        Chroma keeps what was deleted in its files. The old ones answer until the new ones are whole; they are deleted
        then. What changes meanwhile is made up for by the comparison that follows.

        Args:
            wanted: Tells for one of the user's collections which of these ids to keep.
        """
        self.open()
        fresh = self._folder / "new"
        shutil.rmtree(fresh, ignore_errors=True)
        client = _open(fresh)
        try:
            for key in self.keys():
                collection_id = int(key[1:].partition("-")[0])
                held = self._held(key)
                for start in range(0, len(held), _BATCH):
                    ids = wanted(collection_id, held[start : start + _BATCH])
                    self._copy(key, ids, client)
                    yield
        finally:
            client.close()
        blank_unused_room(fresh)
        self._move_to(fresh)

    def blank_unused(self) -> None:
        """Fill the unused room in the files with zeros; a small index is written anew when it is first used."""
        for key in self.keys():
            with self._noticing_damage():
                collection = self._known(key)
                sample = collection.get(limit=1, include=["embeddings"])["embeddings"] if collection else None
            if sample is not None and len(sample):
                self._nearest(key, np.asarray(sample[0], np.float32), 1)
        with self._lock:
            while self._asking:
                self._answered.wait()
            blank_unused_room(self._folder)

    def _copy(self, key: str, ids: Sequence[int], client: "Client") -> None:
        with self._noticing_damage():
            collection = self._known(key)
            if collection is None or not ids:
                return
            found = collection.get(ids=[str(number) for number in ids], include=["embeddings"])
            target = client.get_or_create_collection(key, embedding_function=None, configuration=_CONFIGURATION)
            target.upsert(ids=found["ids"], embeddings=cast("Vectors", found["embeddings"]))

    def _move_to(self, fresh: Path) -> None:
        with self._lock:
            # Nobody may be asking while the old files are closed.
            while self._asking:
                self._answered.wait()
            self._generation += 1
            self.close()
            fresh.rename(self._folder / str(self._newest_number() + 1))
            self._client = _open(self._newest_folder())
        self.on_lost()

    def _apply(self, library: Library, collection_id: int, key: str, embedder: str, limit: int) -> int:
        # In this order: what departed and came back is not marked, so it is added again.
        departed = library.departed(collection_id, limit)
        self.delete(key, departed)
        library.forget_departed(collection_id, departed)
        pending = library.unindexed(collection_id, embedder, limit)
        self._add(library, key, embedder, pending)
        library.mark_indexed(collection_id, pending)
        return len(departed) + len(pending)

    def _reconcile(self, library: Library, collection_id: int, key: str, embedder: str) -> int:
        wanted = library.embedded_ids(collection_id, embedder)
        held = self._held(key)
        if held and wanted:
            _, sample = library.vectors(embedder, wanted[:1])
            self._nearest(key, sample, 1)
        extra = sorted(set(held).difference(wanted))
        missing = sorted(set(wanted).difference(held))
        self.delete(key, extra)
        self._add(library, key, embedder, missing)
        library.replace_indexed(collection_id, wanted)
        return len(extra) + len(missing)

    def _add(self, library: Library, key: str, embedder: str, passage_ids: Sequence[int]) -> None:
        for start in range(0, len(passage_ids), _BATCH):
            ids, vectors = library.vectors(embedder, passage_ids[start : start + _BATCH])
            self.upsert(key, ids.tolist(), vectors)

    def _nearest(self, key: str, vector: Vectors, k: int) -> list[tuple[int, float]]:
        with self._counted(), self._noticing_damage():
            collection = self._known(key)
            if collection is None or k < 1:
                return []
            asked = np.asarray(vector, np.float32).reshape(1, -1)
            found = collection.query(query_embeddings=asked, n_results=k, include=["distances"])
        distances = (found["distances"] or [[]])[0]
        return [(int(name), 1.0 - distance) for name, distance in zip(found["ids"][0], distances, strict=True)]

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._lock:
            self._asking += 1
        try:
            yield
        finally:
            with self._lock:
                self._asking -= 1
                self._answered.notify_all()

    def _held(self, key: str) -> list[int]:
        with self._noticing_damage():
            collection = self._known(key)
            return [] if collection is None else sorted(map(int, collection.get(include=[])["ids"]))

    def _opened(self) -> "Client":
        self.open()
        assert self._client is not None
        return self._client

    def _known(self, key: str) -> "ChromaCollection | None":
        from chromadb.errors import NotFoundError

        with self._lock:
            if key not in self._collections:
                try:
                    self._collections[key] = self._opened().get_collection(key, embedding_function=None)
                except NotFoundError:
                    return None
            return self._collections[key]

    def _made(self, key: str) -> "ChromaCollection":
        with self._lock:
            known = self._known(key)
            if known is None:
                known = self._opened().create_collection(key, embedding_function=None, configuration=_CONFIGURATION)
                self._collections[key] = known
            return known

    @contextmanager
    def _noticing_damage(self) -> Iterator[None]:
        from chromadb.errors import InternalError

        generation = self._generation
        try:
            yield
        except InternalError as exc:
            self._raise_known(str(exc), exc)
            self._start_anew(generation, exc)
            raise IndexLost(str(exc)) from exc

    def _raise_known(self, text: str, exc: Exception) -> None:
        here = self._folder / "chroma"
        if _FULL.search(text) or nearly_full(here):
            raise disk_full(here) from exc
        if _NOT_WRITABLE.search(text):
            raise not_writable(here) from exc
        if _PASSING.search(text):
            raise exc

    def _start_anew(self, generation: int, exc: Exception) -> None:
        with self._lock:
            if generation != self._generation:
                return  # Another thread was quicker.
            self._generation += 1
            _log.warning("The index of vectors is damaged and is made anew: %s", exc)
            self.close()
            self._client = _open(self._folder / str(self._newest_number() + 1))
        self.on_lost()

    def _newest_number(self) -> int:
        return max((int(folder.name) for folder in self._folder.glob("[0-9]*")), default=1)

    def _newest_folder(self) -> Path:
        newest = self._folder / str(self._newest_number())
        shutil.rmtree(self._folder / "new", ignore_errors=True)
        for folder in self._folder.glob("[0-9]*"):
            if folder != newest:
                shutil.rmtree(folder, ignore_errors=True)
        return newest


def _open(folder: Path) -> "Client":
    import chromadb
    from chromadb.config import Settings

    with file_failures(folder):
        folder.mkdir(parents=True, exist_ok=True)
    # Chroma would also take settings from a file named .env in whatever folder the program was started.
    settings = Settings(_env_file=None, anonymized_telemetry=False)  # type: ignore[call-arg]
    return cast("Client", chromadb.PersistentClient(str(folder), settings))
