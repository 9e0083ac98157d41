"""The crossing from other threads to the GUI thread."""

import threading
from time import monotonic

import pytest
from PySide6.QtCore import QObject, QThread
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.bridge import Bridge
from gui.tasks import Tasks


class Receiver(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.values: list[object] = []
        self.threads: set[object] = set()
        self.times: list[float] = []

    def take(self, value: object) -> None:
        self.values.append(value)
        self.threads.add(QThread.currentThread())
        self.times.append(monotonic())


def post_from_thread(bridge: Bridge, receiver: Receiver, values: range, key: object = None) -> None:
    def work() -> None:
        for value in values:
            bridge.post(receiver.take, value, key=key)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_posts_arrive_in_order_on_the_gui_thread(qapp: QApplication, qtbot: QtBot) -> None:
    bridge, receiver = Bridge(), Receiver()
    post_from_thread(bridge, receiver, range(500))
    qtbot.waitUntil(lambda: len(receiver.values) == 500)
    assert receiver.values == list(range(500))
    assert receiver.threads == {qapp.thread()}


def test_deliveries_are_at_least_a_frame_apart(qapp: QApplication, qtbot: QtBot) -> None:
    bridge, receiver = Bridge(frame_ms=60), Receiver()
    for number in range(3):
        post_from_thread(bridge, receiver, range(number, number + 1))
        qtbot.waitUntil(lambda count=number + 1: len(receiver.values) == count)
    gaps = [later - earlier for earlier, later in zip(receiver.times, receiver.times[1:], strict=False)]
    assert min(gaps) >= 0.055


def test_a_key_keeps_only_the_newest_value(qapp: QApplication, qtbot: QtBot) -> None:
    bridge, receiver = Bridge(), Receiver()
    post_from_thread(bridge, receiver, range(1000), key="text")
    qtbot.waitUntil(lambda: bool(receiver.values))
    assert receiver.values == [999]


def test_a_gone_receiver_is_skipped(qapp: QApplication, qtbot: QtBot) -> None:
    bridge, gone, there = Bridge(), Receiver(), Receiver()
    bridge.post(gone.take, 1)
    bridge.post(there.take, 2)
    import shiboken6

    shiboken6.delete(gone)
    qtbot.waitUntil(lambda: there.values == [2])


def test_a_failing_receiver_does_not_swallow_the_others(qapp: QApplication, qtbot: QtBot) -> None:
    bridge, receiver = Bridge(), Receiver()

    def fail() -> None:
        raise RuntimeError("a bug")

    with qtbot.captureExceptions() as caught:
        bridge.post(fail)
        bridge.post(receiver.take, 1)
        qtbot.waitUntil(lambda: receiver.values == [1])
    assert "a bug" in str(caught[0][1])


@pytest.fixture
def tasks(qapp: QApplication) -> Tasks:
    errors: list[BaseException] = []
    made = Tasks(Bridge(), errors.append)
    yield made
    made.close()


def test_a_task_runs_elsewhere_and_its_result_comes_home(tasks: Tasks, qtbot: QtBot, qapp: QApplication) -> None:
    receiver = Receiver()
    tasks.run(threading.current_thread, receiver.take)
    qtbot.waitUntil(lambda: bool(receiver.values))
    assert receiver.values[0] is not threading.current_thread()
    assert receiver.threads == {qapp.thread()}


def test_what_a_task_raises_comes_home(tasks: Tasks, qtbot: QtBot) -> None:
    receiver = Receiver()
    tasks.run(lambda: 1 // 0, failed=receiver.take)
    qtbot.waitUntil(lambda: bool(receiver.values))
    assert isinstance(receiver.values[0], ZeroDivisionError)
