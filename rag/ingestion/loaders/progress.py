"""Lets a loader say that it is still alive, "step n of m", so that time is taken per step and not for a whole archive.

Whoever runs a loader listens (the parse process sends it on to its parent); where nobody listens, nothing happens.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[int, int], None]

_LISTENER: ContextVar[Listener | None] = ContextVar("progress_listener", default=None)


def step(done: int, total: int) -> None:
    """Say that `done` of `total` steps are behind; `total` is 0 where nobody knows. Cheap; call it for each page."""
    listener = _LISTENER.get()
    if listener is not None:
        listener(done, total)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Have `listener(done, total)` called at each step inside the block, on the thread that reads."""
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


@contextmanager
def within(done: int, total: int) -> Iterator[None]:
    """Count what happens inside the block as one step of a longer way: its own steps repeat `done` of `total`."""
    outer = _LISTENER.get()
    if outer is None:
        yield
        return

    def still_here(inner_done: int, inner_total: int) -> None:
        del inner_done, inner_total
        outer(done, total)

    with listening(still_here):
        yield
