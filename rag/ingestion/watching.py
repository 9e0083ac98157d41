"""Notices changes in folders while the program runs, and has what was touched looked through.

One observer watches all folders. Events only say where to look: a folder that was quiet for a moment, or has been noisy
for a while, is compared with the library as at a start, so that nothing depends on events being complete. Folders that
cannot be watched (the system allows no more watches, or the disk is on a network) are looked through now and then
instead, and a notice says so; all folders are, now and then, in case something was missed.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.types import FileProblem

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent
    from watchdog.observers.api import ObservedWatch

log = logging.getLogger(__name__)

QUIET_S = 0.7
"""A folder is looked at when nothing has happened in it for so long,"""
NOISY_S = 2.0
"""or when something has happened all the time for so long; that grows for one that never is quiet, up to"""
NOISIEST_S = 20.0
_TICK_S = 5.0
_WITHOUT_WATCH_S = 30.0
_EVERYTHING_S = 600.0
_MANY_FOLDERS = 30
_JOIN_S = 5.0
_NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "afpfs", "9p", "ceph", "davfs", "fuse.sshfs", "webdav"})

Roots = Callable[[], list[tuple[int, Path]]]
Rescan = Callable[..., None]


class Debounce:
    """Which folders have something new, and when to look. Times are given, so that it keeps none itself."""

    def __init__(self) -> None:
        self._first: dict[str, float] = {}
        self._last: dict[str, float] = {}
        self._deep: set[str] = set()
        self._patience: dict[str, tuple[float, float]] = {}

    def touch(self, folder: str, now: float, *, deep: bool) -> None:
        """Note that something happened in a folder; `deep` if also in those below it."""
        self._first.setdefault(folder, now)
        self._last[folder] = now
        if deep:
            self._deep.add(folder)

    def due_at(self) -> float | None:
        """Return when the next folder is to be looked at."""
        return min((self._due(folder) for folder in self._first), default=None)

    def take(self, now: float) -> list[tuple[str, bool]]:
        """Return the folders to look at now, each with whether to enter those below it."""
        due = [folder for folder in self._first if self._due(folder) <= now]
        taken = [(folder, folder in self._deep) for folder in due]
        for folder in due:
            noisy = self._last[folder] > now - QUIET_S
            patience, _ = self._patience.get(folder, (NOISY_S, 0.0))
            grown = min(2 * patience, NOISIEST_S) if noisy else NOISY_S
            self._patience[folder] = (grown, now + 2 * grown)
            del self._first[folder], self._last[folder]
            self._deep.discard(folder)
        self._patience = {folder: kept for folder, kept in self._patience.items() if kept[1] > now}
        return taken

    def _due(self, folder: str) -> float:
        patience, _ = self._patience.get(folder, (NOISY_S, 0.0))
        return min(self._last[folder] + QUIET_S, self._first[folder] + patience)


class FolderWatch:
    """Watches the folders of all collections, from `start` to `stop`; any thread.

    Args:
        roots: Gives the folders and files of all collections, with the collections' ids.
        rescan: Has a part of a folder looked through: collection, root, and by name below and deep.
        troubled: Gives the roots that are away or hold what could not be opened: to be tried again now and then.
        on_notices: Called on the watching thread when `notices_for` would say something else.
    """

    def __init__(self, roots: Roots, rescan: Rescan, troubled: Roots, on_notices: Callable[[], None]) -> None:
        self._roots = roots
        self._rescan = rescan
        self._troubled = troubled
        self._on_notices = on_notices
        self._wake = threading.Condition()
        self._debounce = Debounce()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._observer: Any = None
        self._watches: dict[Path, tuple[ObservedWatch, tuple[int, int]]] = {}
        self._notices: dict[Path, FileProblem] = {}
        self._looked_at: dict[str, float] = {}

    def start(self) -> None:
        """Begin to watch, on a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching, and wait for the threads."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        self._thread.join()

    def notices_for(self, roots: Sequence[Path]) -> list[FileProblem]:
        """Return which of these folders are not watched, and why."""
        notices = self._notices
        return [notices[root] for root in roots if root in notices]

    def touched(self, event: "FileSystemEvent") -> None:
        """Note where something happened; called by the observer's threads."""
        now = time.monotonic()
        with self._wake:
            for place in {os.fsdecode(event.src_path), os.fsdecode(event.dest_path)} - {""}:
                if event.is_directory and event.event_type != "modified":
                    self._debounce.touch(place, now, deep=True)
                self._debounce.touch(os.path.dirname(place), now, deep=False)  # noqa: PTH120
            self._wake.notify_all()

    # --- The watching thread ------------------------------------------------------------------------------------------

    def _run(self) -> None:
        from watchdog.observers import Observer

        self._observer = Observer()
        self._observer.name = "watch events"
        self._observer.start()
        next_tick = 0.0
        try:
            while not self._stopping:
                now = time.monotonic()
                if now >= next_tick:
                    self._tick(now)
                    next_tick = time.monotonic() + _TICK_S
                with self._wake:
                    taken = self._debounce.take(now)
                self._look_at(taken)
                with self._wake:
                    due = self._debounce.due_at()
                    wait_s = max(0.01, min(next_tick, next_tick if due is None else due) - time.monotonic())
                    if not self._stopping:
                        self._wake.wait(wait_s)
        except Exception:  # The top of a thread: folders are still looked through at the next start.
            log.exception("watching folders stopped")
        finally:
            emitters = list(self._observer.emitters)
            self._observer.stop()
            self._observer.join(_JOIN_S)
            for emitter in emitters:
                emitter.join(_JOIN_S)

    def _look_at(self, folders: Sequence[tuple[str, bool]]) -> None:
        if not folders:
            return
        for collection_id, root in self._roots():
            inside = [(Path(folder), deep) for folder, deep in folders if _is_below(folder, root)]
            if len(inside) > _MANY_FOLDERS or any(folder == root.parent for folder, _ in inside):
                self._rescan(collection_id, root)
                continue
            for folder, deep in inside:
                self._rescan(collection_id, root, below=folder, deep=deep)

    def _tick(self, now: float) -> None:
        """Follow added, removed and replaced folders, and look through what is not watched."""
        roots = self._roots()
        wanted = {root for _, root in roots}
        before = dict(self._notices)
        for root in [root for root in self._watches if root not in wanted or self._is_lost(root)]:
            self._unwatch(root)
        self._notices = {root: notice for root, notice in self._notices.items() if root in wanted}
        for root in wanted - self._watches.keys():
            if self._watch(root) and now > 0:
                self._look_again(root, roots, now, 0.0)
        troubled = {root for _, root in self._troubled()}
        for root in wanted:
            unwatched = root not in self._watches or root in troubled
            self._look_again(root, roots, now, _WITHOUT_WATCH_S if unwatched else _EVERYTHING_S)
        if before.keys() != self._notices.keys():
            self._on_notices()

    def _look_again(self, root: Path, roots: Sequence[tuple[int, Path]], now: float, after_s: float) -> None:
        key = os.fspath(root)
        if now - self._looked_at.get(key, now if after_s else -1.0) >= after_s:
            for collection_id, each in roots:
                if each == root:
                    self._rescan(collection_id, root)
            self._looked_at[key] = now
        self._looked_at.setdefault(key, now)

    def _watch(self, root: Path) -> bool:
        """Begin to watch a folder, or the folder of a single file; True if that is new."""
        identity = _identity(root)
        if identity is None or root in self._notices:
            return False
        if _is_on_network(root):
            self._notices[root] = _not_watched(root, "it is on a network")
            return False
        try:
            folder, deep = (root, True) if root.is_dir() else (root.parent, False)
            watch = self._observer.schedule(_Handler(self.touched), os.fspath(folder), recursive=deep)
        except OSError as error:
            log.info("%s cannot be watched: %s", root, error)
            self._notices[root] = _not_watched(root, error.strerror or "the system does not allow it")
            return False
        self._watches[root] = watch, identity
        return True

    def _unwatch(self, root: Path) -> None:
        watch, _ = self._watches.pop(root)
        if not any(other == watch for other, _ in self._watches.values()):
            try:
                self._observer.unschedule(watch)
            except (KeyError, OSError):
                log.info("%s was not watched any more", root)

    def _is_lost(self, root: Path) -> bool:
        """Tell whether a folder is another one than that which is watched under its name, or is gone."""
        return _identity(root) != self._watches[root][1] and (root.is_dir() or _identity(root) is None)


class _Handler:
    """What the observer calls; opening and closing files changes nothing."""

    def __init__(self, touched: Callable[["FileSystemEvent"], None]) -> None:
        self._touched = touched

    def dispatch(self, event: "FileSystemEvent") -> None:
        if event.event_type in {"created", "modified", "moved", "deleted"}:
            self._touched(event)


def _identity(root: Path) -> tuple[int, int] | None:
    try:
        status = root.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _is_below(folder: str, root: Path) -> bool:
    place = os.fspath(root)
    return folder == place or folder.startswith(place.rstrip(os.sep) + os.sep) or folder == os.fspath(root.parent)


def _is_on_network(root: Path) -> bool:
    import psutil

    mounts = sorted(psutil.disk_partitions(all=True), key=lambda each: len(each.mountpoint), reverse=True)
    place = os.fspath(root)
    for mount in mounts:
        if place == mount.mountpoint or place.startswith(mount.mountpoint.rstrip(os.sep) + os.sep):
            return mount.fstype.lower() in _NETWORK
    return False


def _not_watched(root: Path, why: str) -> FileProblem:
    return FileProblem(
        "folder_not_watched",
        f"Changes in “{root}” are noticed twice a minute only: {why}.",
        "Nothing needs to be done; “Look for new and changed files” looks at once.",
        root,
    )
