"""The processor budget: background work rests while an answer is written, and only then."""

import os
import sys
import threading
from pathlib import Path

import pytest

from inference import hardware
from inference.cpu_budget import TYPING_S, CpuBudget, lower_thread_priority, rest_s
from inference.embedding import EmbeddingService

TIMEOUT_S = 30


def test_rest_leaves_the_share_asked_for() -> None:
    assert rest_s(0.1, 0.25) == pytest.approx(0.3)
    assert rest_s(0.1, 1.0) == 0.0


def test_background_does_not_rest_while_no_answer_is_written() -> None:
    budget = CpuBudget(2, share=1e-9)
    budget.background_pause()
    budget.background_pause()
    assert not budget.busy_generating


def test_background_goes_on_the_moment_the_answer_ends() -> None:
    budget = CpuBudget(2, share=1e-9)
    rested = threading.Event()

    def work() -> None:
        budget.background_pause()
        budget.background_pause()
        rested.set()

    with budget.generating():
        worker = threading.Thread(target=work)
        worker.start()
        assert not rested.is_set()
    assert rested.wait(TIMEOUT_S)
    worker.join()


def test_background_advances_while_an_answer_is_written(tmp_path: Path) -> None:
    budget = CpuBudget(2)
    service = EmbeddingService("hashing", cache_dir=tmp_path, budget=budget)
    with budget.generating():
        assert service.embed_passages(["words " * 200] * 20).result(TIMEOUT_S).shape == (20, 256)
    service.shutdown()


def test_two_answers_count_until_both_are_done() -> None:
    budget = CpuBudget(4)
    with budget.generating():
        with budget.generating():
            assert budget.busy_generating
        assert budget.busy_generating
    assert not budget.busy_generating


def test_failed_answer_gives_the_processor_back() -> None:
    budget = CpuBudget(4)
    with pytest.raises(RuntimeError), budget.generating():
        raise RuntimeError
    assert not budget.busy_generating


def test_one_reading_process_fewer_while_an_answer_is_written() -> None:
    budget = CpuBudget(4)
    assert budget.parse_workers() == 4
    with budget.generating():
        assert budget.parse_workers() == 3
        assert CpuBudget(1).parse_workers() == 1


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_work_is_gentle_for_some_seconds_after_a_key() -> None:
    clock = Clock()
    budget = CpuBudget(2, battery=lambda: False, clock=clock)
    assert not budget.gentle
    budget.user_active()
    assert budget.gentle
    assert budget.parse_workers() == 1
    clock.now_s += TYPING_S + 0.1
    assert not budget.gentle
    assert budget.parse_workers() == 2


def test_on_battery_work_is_gentle_still_or_full_as_wanted() -> None:
    budget = CpuBudget(2, battery=lambda: True)
    assert (budget.gentle, budget.held) == (True, False)
    budget.on_battery = "pause"
    assert budget.held
    budget.on_battery = "full"
    assert (budget.gentle, budget.held) == (False, False)


def test_a_plug_is_noticed_after_some_seconds() -> None:
    clock, plugged = Clock(), [False]
    budget = CpuBudget(2, battery=lambda: not plugged[0], clock=clock)
    budget.on_battery = "pause"
    assert budget.held
    plugged[0] = True
    assert budget.held
    clock.now_s += 60
    assert not budget.held


def test_a_computer_without_battery_is_not_on_battery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("psutil.sensors_battery", lambda: None, raising=False)
    assert not hardware.on_battery()


def test_cores_are_counted_when_not_given() -> None:
    assert CpuBudget().cores >= 1


@pytest.mark.skipif(sys.platform != "linux", reason="Priorities of single threads can be read on Linux only.")
def test_lowered_priority_stays_with_its_thread() -> None:
    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    lowered: list[int] = []

    def lower() -> None:
        lower_thread_priority()
        lowered.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    thread = threading.Thread(target=lower)
    thread.start()
    thread.join(TIMEOUT_S)
    assert lowered[0] > own
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == own
