"""The child process that reads untrusted files: one file a task, whole pages and passages sent back in small messages.

Whatever a file does to its parser, it does it here. The parent takes time and memory limits from outside and kills.
Messages hold at most `MESSAGE_BYTES`, since unpickling a large one would hold up every thread of the parent.
"""

import hashlib
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path

from inference.api import KnownError
from rag.ingestion import process_tree
from rag.ingestion.chunking import ChunkingOptions, Cutter, chunk
from rag.ingestion.loaders.base import Loader, StreamingLoader, empty_document, loader_identity
from rag.ingestion.loaders.progress import listening
from rag.ingestion.loaders.registry import default_loaders
from rag.ingestion.ocr.page_task import RecogniseTask, recognise_page, with_recognised
from rag.ingestion.problems import changed_file, known_error
from rag.ingestion.token_counter import TokenCounter, token_counter
from rag.types import LoadedDocument, Page, Passage

MESSAGE_BYTES = 256 * 1024
_SLICE_CHARACTERS = 40_000
_NICE = 10
_BLOCK_BYTES = 1 << 20
_BEAT_S = 0.2
_OWN_BYTES = 1 << 30
"""What a parse process reserves for itself, without any file."""


@dataclass(frozen=True)
class ParseTask:
    """One file to read."""

    path: Path
    options: ChunkingOptions
    tokenizer_file: Path | None
    password: str | None = None
    size: int = 0


@dataclass(frozen=True)
class CutTask:
    """A document to cut into passages anew, without reading its file; pages need no boxes."""

    path: Path
    document: LoadedDocument
    options: ChunkingOptions
    tokenizer_file: Path | None

    @property
    def size(self) -> int:
        return sum(len(page.text) for page in self.document.pages)


@dataclass(frozen=True)
class Hashed:
    """First message: what the bytes are and who would read them.

    The child waits for None, which means that the text is known, or for the pages that were recognised before.
    """

    sha256: str
    loader: str


@dataclass(frozen=True)
class Step:
    """A sign of life: pages, members or the like that are done, and how many there are; `total` is 0 if unknown."""

    done: int
    total: int


@dataclass(frozen=True)
class Slice:
    """A piece of a pickled `Head`, of pages or of passages; `last` ends the pickle."""

    data: bytes
    last: bool


@dataclass(frozen=True)
class Finished:
    """Last message; `error` says why there is no document, None with one or when it is known."""

    error: KnownError | None = None


Part = LoadedDocument | tuple[Page, ...] | tuple[Passage, ...]


def serve(connection: "Connection[object, object]", memory_bytes: int) -> None:
    """Read files until the parent hangs up or sends None; the main function of the child."""
    _become_background()
    # The parent's watch is exact; this stops what takes all memory between two looks.
    process_tree.limit_data(memory_bytes + memory_bytes // 2 + _OWN_BYTES)
    while True:
        try:
            task = connection.recv()
            if isinstance(task, ParseTask):
                _answer(connection, task)
            elif isinstance(task, CutTask):
                _cut(connection, task)
            elif isinstance(task, RecogniseTask):
                _recognise(connection, task)
            else:
                return
        except (EOFError, OSError):
            return


def slices(part: Part) -> Iterator[Slice]:
    """Pickle a part and cut it into messages."""
    data = pickle.dumps(part, pickle.HIGHEST_PROTOCOL)
    step = MESSAGE_BYTES - 1024
    for start in range(0, max(1, len(data)), step):
        yield Slice(data[start : start + step], last=start + step >= len(data))


def _become_background() -> None:
    # The terminal's Ctrl+C is for the parent, which ends this process in good order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    process_tree.lead_own_group()
    process_tree.die_with_parent()
    if not sys.flags.dev_mode:
        # What parsers print of a broken file (a panic's trace, odd fonts) is no word for whoever sees the terminal.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    if sys.platform == "win32":
        import psutil

        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        os.nice(_NICE)
    # Each process is one core's worth of work; tokenizers would start a thread for each core.
    os.environ["RAYON_NUM_THREADS"] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        process_tree.end_with_parent()


class _Heart:
    """Tells the parent that a file goes on, no oftener than it wants to know; a listener of loaders."""

    def __init__(self, connection: "Connection[object, object]") -> None:
        self._connection = connection
        self._last = Step(0, 0)
        self._next = 0.0

    def __call__(self, done: int, total: int) -> None:
        self._last = Step(done, total)
        self.beat()

    def beat(self, *_unused: int) -> None:
        """Say the last step again."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _BEAT_S
            self._connection.send(self._last)


def _answer(connection: "Connection[object, object]", task: ParseTask) -> None:
    heart = _Heart(connection)
    try:
        state = _state(task.path)
        loader = default_loaders().choose(task.path)
        connection.send(Hashed(_sha256(task.path, heart), loader_identity(loader)))
        recognised = connection.recv()
        if not isinstance(recognised, tuple):
            connection.send(Finished())
            return
        if isinstance(loader, StreamingLoader):
            parts = _streamed(loader, task, heart)
        else:
            parts = _read(loader, task, recognised, heart)
        has_words = False
        for part in parts:
            has_words = has_words or _may_have_words(part)
            _send(connection, part)
        if _state(task.path) != state:
            raise changed_file(task.path)
        if not has_words:
            raise empty_document(task.path)
    except Exception as error:  # noqa: BLE001 - the top of a process that runs parsers on whatever people have.
        # What was sent already is thrown away by the parent.
        connection.send(Finished(known_error(error, task.path)))
        return
    connection.send(Finished())


def _send(connection: "Connection[object, object]", part: Part) -> None:
    for message in slices(part):
        connection.send(message)


def _read(loader: Loader, task: ParseTask, recognised: tuple[Page, ...], heart: _Heart) -> Iterator[Part]:
    with listening(heart):
        document = with_recognised(loader.load(task.path, task.password), recognised)
    with listening(heart.beat):
        passages = chunk(document, _counter(task.tokenizer_file), task.options)
    yield from _parts(document, passages)


def _streamed(loader: StreamingLoader, task: ParseTask, heart: _Heart) -> Iterator[Part]:
    """Yield each page with its passages before the next page is read."""
    with listening(heart):
        head, pages = loader.stream(task.path, task.password)
        yield head
        cutter = Cutter(head.title, _counter(task.tokenizer_file), task.options)
        for page in pages:
            yield (page,)
            yield from _grouped(cutter.cut(page, (0, len(page.text))))


def _cut(connection: "Connection[object, object]", task: CutTask) -> None:
    heart = _Heart(connection)
    try:
        with listening(heart):
            passages = chunk(task.document, _counter(task.tokenizer_file), task.options)
    except Exception as error:  # noqa: BLE001 - as above.
        connection.send(Finished(known_error(error, task.path)))
        return
    for part in _grouped(passages):
        _send(connection, part)
    connection.send(Finished())


def _state(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _recognise(connection: "Connection[object, object]", task: RecogniseTask) -> None:
    try:
        page, passages = recognise_page(task, _counter(task.tokenizer_file))
    except Exception as error:  # noqa: BLE001 - as above.
        connection.send(Finished(known_error(error, task.path)))
        return
    for part in _parts(replace(task.document, pages=(page,)), passages):
        _send(connection, part)
    connection.send(Finished())


def _may_have_words(part: Part) -> bool:
    """Tell passages, and pages that wait for recognition; a picture is kept anyway, or folders of icons would fail."""
    if isinstance(part, LoadedDocument):
        return part.kind == "image"
    return any(isinstance(each, Passage) or each.kind == "scanned" for each in part)


def _sha256(path: Path, heart: _Heart) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            heart.beat()
    return digest.hexdigest()


@cache
def _counter(tokenizer_file: Path | None) -> TokenCounter:
    return token_counter(tokenizer_file)


def _parts(document: LoadedDocument, passages: Sequence[Passage]) -> Iterator[Part]:
    yield replace(document, pages=())
    yield from _grouped(document.pages)
    yield from _grouped(passages)


def _grouped(items: Sequence[Page] | Sequence[Passage]) -> Iterator[tuple[Page, ...] | tuple[Passage, ...]]:
    group: list[Page | Passage] = []
    characters = 0
    for item in items:
        if group and characters + len(item.text) > _SLICE_CHARACTERS:
            yield tuple(group)  # type: ignore[misc]  # one kind of item in each call
            group, characters = [], 0
        group.append(item)
        # Each item carries some hundred bytes besides its text.
        characters += len(item.text) + 100
    if group:
        yield tuple(group)  # type: ignore[misc]  # as above
