"""The embedding threads: questions first, slices in between, errors to whoever waits, and a clean end."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest

from inference.cpu_budget import CpuBudget
from inference.embedders.hashing import HashingEmbedder
from inference.embedding import EmbeddingService, slices_of
from inference.errors import Cancelled, ModelNotFound
from inference.types import CancelToken, Embedder, TextKind, Vectors

TIMEOUT_S = 30


class SteppingEmbedder:
    """One call at a time, each begun by the test; remembers what it was asked for."""

    def __init__(self) -> None:
        self._hashing = HashingEmbedder()
        self.name, self.revision, self.dimension = "stepping", "1", self._hashing.dimension
        self.max_tokens = 254
        self.languages: tuple[str, ...] = ("en",)
        self.tokenizer_file: Path | None = None
        self.calls: list[tuple[str, TextKind]] = []
        self.threads: set[str] = set()
        self.entered = threading.Semaphore(0)
        self.may_go_on = threading.Semaphore(0)
        self.closed = False

    def embed(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        self.calls.append((texts[0], kind))
        self.threads.add(threading.current_thread().name)
        self.entered.release()
        assert self.may_go_on.acquire(timeout=TIMEOUT_S)
        return self._hashing.embed(texts, kind)

    def close(self) -> None:
        self.closed = True


def service_with(embedder: Embedder, tmp_path: Path) -> EmbeddingService:
    def opener(name_or_folder: str | Path, *, cache_dir: Path, threads: int) -> Embedder:
        return embedder

    return EmbeddingService("any", cache_dir=tmp_path, budget=CpuBudget(2), opener=opener)


@pytest.fixture
def hashing(tmp_path: Path) -> Iterator[EmbeddingService]:
    service = EmbeddingService("hashing", cache_dir=tmp_path, budget=CpuBudget(2))
    yield service
    service.shutdown()


def test_passages_come_back_in_their_order(hashing: EmbeddingService) -> None:
    texts = [f"passage {number} " * (number % 7 * 40 + 1) for number in range(60)]
    vectors = hashing.embed_passages(texts).result(TIMEOUT_S)
    np.testing.assert_array_equal(vectors, HashingEmbedder().embed(texts, "passage"))


def test_no_passages_are_done_at_once(hashing: EmbeddingService) -> None:
    assert hashing.embed_passages([]).result(TIMEOUT_S).shape == (0, 256)


def test_progress_ends_with_all_texts(hashing: EmbeddingService) -> None:
    seen: list[tuple[int, int]] = []
    hashing.embed_passages(["word " * 300] * 9, on_progress=lambda done, total: seen.append((done, total))).result(30)
    assert seen[-1] == (9, 9)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_facts_wait_for_the_model(hashing: EmbeddingService) -> None:
    assert (hashing.identity, hashing.max_tokens, hashing.dimension) == ("hashing-1-256", 254, 256)
    assert hashing.tokenizer_file is None
    assert hashing.warm_up().result(TIMEOUT_S) == hashing.facts


def test_question_goes_before_passages_that_came_earlier(tmp_path: Path) -> None:
    embedder = SteppingEmbedder()
    service = service_with(embedder, tmp_path)
    passages = service.embed_passages(["passage " * 300] * 3)
    assert embedder.entered.acquire(timeout=TIMEOUT_S)
    question = service.embed_question("why?")
    embedder.may_go_on.release(4)
    question.result(TIMEOUT_S)
    passages.result(TIMEOUT_S)
    assert [kind for _, kind in embedder.calls] == ["passage", "question", "passage", "passage"]
    assert embedder.threads == {"embed"}
    service.shutdown()
    assert embedder.closed


def test_question_does_not_wait_at_all_where_the_model_allows_it(tmp_path: Path) -> None:
    class Parallel(SteppingEmbedder):
        parallel_calls = 2

        def embed(self, texts: Sequence[str], kind: TextKind) -> Vectors:
            return super().embed(texts, kind) if kind == "passage" else HashingEmbedder().embed(texts, kind)

    embedder = Parallel()
    service = service_with(embedder, tmp_path)
    passages = service.embed_passages(["passage " * 300] * 2)
    assert embedder.entered.acquire(timeout=TIMEOUT_S)
    assert embedder.entered.acquire(timeout=TIMEOUT_S)
    assert service.embed_question("why?").result(TIMEOUT_S).shape == (256,)
    assert not passages.done()
    embedder.may_go_on.release(2)
    passages.result(TIMEOUT_S)
    assert embedder.threads == {"embed-passages-0", "embed-passages-1"}
    service.shutdown()


def test_same_question_is_embedded_once(tmp_path: Path) -> None:
    embedder = SteppingEmbedder()
    embedder.may_go_on.release(2)
    service = service_with(embedder, tmp_path)
    first = service.embed_question("why?").result(TIMEOUT_S)
    assert service.embed_question("why?").result(TIMEOUT_S) is first
    assert not first.flags.writeable
    assert len(embedder.calls) == 1
    service.shutdown()


def test_cancelled_passages_stop_after_the_slice_in_hand(tmp_path: Path) -> None:
    embedder = SteppingEmbedder()
    service = service_with(embedder, tmp_path)
    cancel = CancelToken()
    passages = service.embed_passages(["passage " * 300] * 50, cancel)
    assert embedder.entered.acquire(timeout=TIMEOUT_S)
    cancel.cancel()
    embedder.may_go_on.release(1)
    with pytest.raises(Cancelled):
        passages.result(TIMEOUT_S)
    embedder.may_go_on.release(1)
    service.embed_question("still there?").result(TIMEOUT_S)
    assert [kind for _, kind in embedder.calls] == ["passage", "question"]
    service.shutdown()


def test_shutdown_fails_what_waits_and_frees_the_model(tmp_path: Path) -> None:
    embedder = SteppingEmbedder()
    service = service_with(embedder, tmp_path)
    passages = service.embed_passages(["passage " * 300] * 50)
    assert embedder.entered.acquire(timeout=TIMEOUT_S)
    stopper = threading.Thread(target=service.shutdown)
    stopper.start()
    with pytest.raises(Cancelled):
        passages.result(TIMEOUT_S)
    embedder.may_go_on.release(1)
    stopper.join(TIMEOUT_S)
    assert embedder.closed
    with pytest.raises(Cancelled):
        service.embed_question("too late").result(TIMEOUT_S)


def test_model_that_cannot_be_opened_fails_each_request_and_is_tried_again(tmp_path: Path) -> None:
    answers: list[Embedder] = []

    def opener(name_or_folder: str | Path, *, cache_dir: Path, threads: int) -> Embedder:
        if not answers:
            raise ModelNotFound("It is not there.", remedy="Put it there.")
        return answers[0]

    service = EmbeddingService("any", cache_dir=tmp_path, budget=CpuBudget(2), opener=opener)
    waiting: list[Future[Vectors]] = [service.embed_passages(["text"]), service.embed_question("why?")]
    for future in waiting:
        with pytest.raises(ModelNotFound):
            future.result(TIMEOUT_S)
    answers.append(HashingEmbedder())
    assert service.embed_question("why?").result(TIMEOUT_S).shape == (256,)
    service.shutdown()


def test_failing_slice_fails_its_job_and_no_other(tmp_path: Path) -> None:
    class Failing(HashingEmbedder):
        def embed(self, texts: Sequence[str], kind: TextKind) -> Vectors:
            if "bad" in texts[0]:
                raise MemoryError
            return super().embed(texts, kind)

    service = service_with(Failing(), tmp_path)
    bad, good = service.embed_passages(["bad"] * 3), service.embed_passages(["good"])
    with pytest.raises(MemoryError):
        bad.result(TIMEOUT_S)
    assert good.result(TIMEOUT_S).shape == (1, 256)
    service.shutdown()


def test_unused_service_starts_no_thread_and_ends(tmp_path: Path) -> None:
    before = threading.active_count()
    service = EmbeddingService("hashing", cache_dir=tmp_path, budget=CpuBudget(2))
    assert threading.active_count() == before
    service.shutdown()


def test_slices_hold_every_row_once_and_like_lengths_together() -> None:
    texts = ["a" * size for size in (10, 1_900, 30, 5_000, 900, 1_000)]
    slices = slices_of(texts, 2_000)
    assert slices == [[3], [1], [5, 4, 2, 0]]
    assert slices_of([]) == []
