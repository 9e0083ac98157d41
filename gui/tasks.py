"""Work away from the GUI thread: two threads for what is short and one for what is not, with results by the bridge.

Views and controllers never call the core in a slot; they `run` it here and get the result, or what it raised, back on
the GUI thread. Futures of the core come home the same way through `watch`.
"""

from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from gui.bridge import Bridge

Result = TypeVar("Result")


class Tasks:
    """Runs core calls on two threads.

    Attributes:
        unhandled: Called on the GUI thread with what a task without `failed` raised.
    """

    def __init__(self, bridge: Bridge, unhandled: Callable[[BaseException], None]) -> None:
        self._bridge = bridge
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="gui-task")
        self._long = ThreadPoolExecutor(max_workers=1, thread_name_prefix="gui-long")
        self.unhandled = unhandled

    def run(
        self,
        work: Callable[[], Result],
        done: Callable[[Result], None] | None = None,
        failed: Callable[[BaseException], None] | None = None,
    ) -> Future[Result]:
        """Call `work` on a pool thread, then `done` or `failed` on the GUI thread; GUI thread only."""
        future = self._pool.submit(work)
        self.watch(future, done, failed)
        return future

    def run_long(
        self,
        work: Callable[[], Result],
        done: Callable[[Result], None] | None = None,
        failed: Callable[[BaseException], None] | None = None,
    ) -> Future[Result]:
        """Do as `run` does with work of seconds or minutes, on a thread of its own, one after the other."""
        future = self._long.submit(work)
        self.watch(future, done, failed)
        return future

    def watch(
        self,
        future: Future[Result],
        done: Callable[[Result], None] | None = None,
        failed: Callable[[BaseException], None] | None = None,
    ) -> None:
        """Bring the outcome of a future to the GUI thread; a cancelled one calls nothing."""
        future.add_done_callback(partial(self._finished, done, failed))

    def close(self) -> None:
        """Let running tasks end and drop the waiting ones."""
        for pool in (self._pool, self._long):
            pool.shutdown(wait=True, cancel_futures=True)

    def _finished(
        self,
        done: Callable[[Any], None] | None,
        failed: Callable[[BaseException], None] | None,
        future: Future[Any],
    ) -> None:
        if future.cancelled():
            return
        error = future.exception()
        if isinstance(error, CancelledError):
            return
        if error is not None:
            self._bridge.post(failed or self.unhandled, error)
        elif done is not None:
            self._bridge.post(done, future.result())
