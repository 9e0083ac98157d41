"""A window under watch: Carrel's own, started as `python -m carrel` starts it, or an empty one of PySide6.

Run as a script with a JSON file that says what to watch, so that nothing but the standard library and PySide6 is added
to what the window itself imports. `paint` measures its appearance, `memory` what it weighs while no model is
loaded, `timer` how late a timer on its thread is.
"""

from __future__ import annotations

import json
import runpy
import sys
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow

HEAVY = ("torch", "transformers", "sentence_transformers", "onnxruntime", "chromadb", "llama_cpp")
TICK_MS = 16
STORY_ENDS, STORY_FAILS = "is searchable by meaning", "could not be added"
_LOOK_MS = 1000
_LONGEST_S = 1_000_000


class FirstPaint(QObject):
    """Waits for the first main window that has painted itself, then calls back once, on the GUI thread."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if event.type() == QEvent.Type.Paint and isinstance(watched, QMainWindow):
            application = QApplication.instance()
            if application is not None:
                application.removeEventFilter(self)
            # Behind the paint that is about to happen, and what the window system has to do with it.
            QTimer.singleShot(0, lambda: self._watch.painted(watched))
        return False


class Watch:
    """What happens after the first paint, and where the result goes. GUI thread only."""

    def __init__(self, asked: dict[str, Any], result: Path) -> None:
        self.asked = asked
        self._result = result
        self._filter = FirstPaint(self)
        self._measured: dict[str, Any] = {}
        self._late_ms: list[float] = []
        self._timer: QTimer | None = None
        self._last = 0.0
        self.workspace: Future[Any] = Future()

    def install(self) -> None:
        """Have every application that is made listen for the first paint."""
        original = QApplication.__init__

        def make(application: QApplication, *arguments: Any) -> None:
            original(application, *arguments)
            application.installEventFilter(self._filter)

        QApplication.__init__ = make  # type: ignore[method-assign, assignment]
        if self.asked["kind"] == "carrel" and self.asked["watch"] == "timer":
            self._keep_workspace()

    def _keep_workspace(self) -> None:
        """Remember the workspace that the window opens, to give it the long PDF later."""
        from rag.workspace import Workspace

        original = Workspace.open

        def opened(*arguments: Any, **named: Any) -> Workspace:
            made = original(*arguments, **named)
            self.workspace.set_result(made)
            return made

        Workspace.open = opened  # type: ignore[method-assign]

    def painted(self, window: QMainWindow) -> None:
        self._measured["painted_s"] = time.monotonic() - self.asked["started"]
        self._measured["heavy"] = [name for name in HEAVY if name in sys.modules]
        self._measured["resident_mb"] = _resident_mb()
        if self.asked["watch"] == "timer":
            self._start_timer(window)
        QTimer.singleShot(int(min(self.asked["seconds"], _LONGEST_S) * 1000), self._finish)
        if self.asked.get("finish_when_ready"):
            self._look_whether_ready()

    def _look_whether_ready(self) -> None:
        if any(line.endswith((STORY_ENDS, STORY_FAILS)) for line in self._measured["story"]):
            self._finish()
        else:
            QTimer.singleShot(_LOOK_MS, self._look_whether_ready)

    def _start_timer(self, window: QMainWindow) -> None:
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._last = time.perf_counter()
        self._timer.start(TICK_MS)
        if self.asked["kind"] == "carrel":
            from tests.bench.sides.window_story import tell

            self._measured["story"] = tell(window, self.asked, self.workspace)

    def _tick(self) -> None:
        now = time.perf_counter()
        self._late_ms.append(max(0.0, (now - self._last) * 1000 - TICK_MS))
        self._last = now

    def _finish(self) -> None:
        self._measured["settled_mb"] = _resident_mb()
        self._measured["settled_heavy"] = [name for name in HEAVY if name in sys.modules]
        self._measured["late_ms"] = self._late_ms
        if "story" in self._measured:
            workspace = self.workspace.result(timeout=0)
            self._measured["answers"] = _answers(workspace)
            self._measured["read"] = _read(workspace)
        self._result.write_text(json.dumps(self._measured), encoding="utf-8")
        QApplication.quit()


def _answers(workspace: Any) -> int:
    """Count the answers that were written to their end."""
    messages = [message for chat in workspace.chats() for message in workspace.messages(chat.id)]
    return sum(message.role == "assistant" and message.state == "complete" for message in messages)


def _read(workspace: Any) -> dict[str, Any]:
    """Tell what became of the files that were added."""
    found = [each for each in workspace.collections() if each.kind == "user"]
    failed = [row.problem.message for each in found for row in workspace.problems(each.id) if row.problem][:5]
    return {
        "files": sum(each.files for each in found),
        "ready": sum(each.ready_files for each in found),
        "passages": sum(each.passages for each in found),
        "failed": failed,
    }


def _resident_mb() -> float:
    import psutil

    return float(psutil.Process().memory_info().rss) / 2**20


def main() -> None:
    """Open the window that is asked for and watch it."""
    asked = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    Watch(asked, Path(sys.argv[2])).install()
    if asked["kind"] == "carrel":
        sys.argv = ["carrel", "--data-dir", asked["data_dir"]]
        runpy.run_module("carrel", run_name="__main__", alter_sys=True)
        return
    application = QApplication(sys.argv[:1])
    window = QMainWindow()
    window.resize(1280, 800)
    window.show()
    application.exec()


if __name__ == "__main__":
    main()
