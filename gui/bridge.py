"""The only crossing from the core's threads into Qt.

Core callbacks call `Bridge.post` on whatever thread they run. The bridge lives on the GUI thread, collects what was
posted under a lock, and delivers it there at most once a frame, so that a fast model or a busy index cannot flood the
event loop. Deliveries keep their order; one posted with a key replaces an undelivered one with the same key.
"""

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any

import shiboken6
from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from gui.theme.tokens import FRAME_MS


@dataclass
class _Delivery:
    receiver: Callable[..., None]
    arguments: tuple[Any, ...]
    key: Hashable | None


class Bridge(QObject):
    """Delivers calls to the GUI thread, in order, at most once in `frame_ms`."""

    _woken = Signal()

    def __init__(self, parent: QObject | None = None, frame_ms: int = FRAME_MS) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._pending: list[_Delivery] = []
        self._closed = False
        self._frame_s = frame_ms / 1000
        self._last_flush = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._flush)
        self._woken.connect(self._schedule, Qt.ConnectionType.QueuedConnection)

    def post(self, receiver: Callable[..., None], *arguments: Any, key: Hashable | None = None) -> None:
        """Call `receiver(*arguments)` on the GUI thread soon; any thread.

        A receiver that is a method of a QObject is dropped if that object is gone by then.
        """
        with self._lock:
            if self._closed:
                return
            was_empty = not self._pending
            self._put(_Delivery(receiver, arguments, key))
        if was_empty:
            self._woken.emit()

    def close(self) -> None:
        """Deliver nothing any more; GUI thread only."""
        with self._lock:
            self._closed = True
            self._pending.clear()
        self._timer.stop()

    def _put(self, delivery: _Delivery) -> None:
        if delivery.key is not None:
            for waiting in reversed(self._pending):
                if waiting.key == delivery.key and waiting.receiver == delivery.receiver:
                    waiting.arguments = delivery.arguments
                    return
        self._pending.append(delivery)

    @Slot()
    def _schedule(self) -> None:
        if not self._timer.isActive():
            wait_s = self._last_flush + self._frame_s - monotonic()
            self._timer.start(max(0, round(wait_s * 1000)))

    @Slot()
    def _flush(self) -> None:
        self._last_flush = monotonic()
        with self._lock:
            deliveries, self._pending = self._pending, []
        while deliveries:
            delivery = deliveries.pop(0)
            try:
                self._deliver(delivery)
            except BaseException:
                # A bug in one receiver goes to the one handler of such; it must not swallow the others' deliveries.
                self._put_back(deliveries)
                raise

    def _deliver(self, delivery: _Delivery) -> None:
        receiver = delivery.receiver
        while isinstance(receiver, partial):
            receiver = receiver.func
        owner = getattr(receiver, "__self__", None)
        if not isinstance(owner, QObject) or shiboken6.isValid(owner):
            delivery.receiver(*delivery.arguments)

    def _put_back(self, deliveries: list[_Delivery]) -> None:
        with self._lock:
            self._pending[:0] = deliveries
        self._woken.emit()
