"""Starts the window, opens the core behind it, and shuts both down: the only place that builds things.

The window is shown first; what is heavy, the core's own modules included, is imported and opened on a pool thread
after the window has been drawn.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QApplication

from gui.bridge import Bridge
from gui.errors import LogTail, ReportDialog, notice_of
from gui.main_window import MainWindow
from gui.settings import WindowState, state_file
from gui.tasks import Tasks
from gui.theme.icons import icon_pixmap
from gui.theme.theme import Theme
from gui.theme.tokens import LIGHT

if TYPE_CHECKING:
    from gui.session import Opened, Session
    from rag.api import RagSettings

_LOG = logging.getLogger(__name__)


def run(argv: Sequence[str]) -> int:
    """Run the window until it is closed; returns the exit status."""
    options = _parse(argv)
    application = QApplication.instance() or QApplication(["carrel"])
    assert isinstance(application, QApplication)
    application.setApplicationName("carrel")
    application.setApplicationDisplayName("Carrel")
    application.setDesktopFileName("carrel")
    application.setStyle("Fusion")
    program = Program(application, options.data_dir, options.theme)
    try:
        program.window.show()
        return application.exec()
    finally:
        program.close()


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="carrel", add_help=False)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--theme", choices=("light", "dark", "high contrast"))
    return parser.parse_known_args(argv)[0]


class Program(QObject):
    """The window with the core behind it. GUI thread only.

    Attributes:
        session: The controllers, once the data folder is open.
        closed: `close` was called.
    """

    def __init__(
        self,
        application: QApplication,
        data_dir: Path | None,
        theme: str | None = None,
        settings: RagSettings | None = None,
    ) -> None:
        super().__init__()
        self._application = application
        self._data_dir, self._settings = data_dir, settings
        self.closed = False
        self._log = LogTail()
        logging.getLogger().addHandler(self._log)
        self._hook, sys.excepthook = sys.excepthook, self._caught
        self.state = WindowState(state_file(data_dir))
        self.theme = Theme(application, theme)
        application.setWindowIcon(icon_pixmap("library", LIGHT.accent, 64))
        self.bridge = Bridge()
        self.tasks = Tasks(self.bridge, self.report)
        self.window = MainWindow(self.theme, self.state)
        self.session: Session | None = None
        self._opening: Future[Opened] | None = None
        # Queued, so that the paint event is over and on the screen before anything else begins.
        self.window.painted.connect(self._open_soon)
        self.window.chat.welcome.retry_asked.connect(self._open)

    @Slot()
    def _open_soon(self) -> None:
        QTimer.singleShot(0, self._complete)

    @Slot()
    def _complete(self) -> None:
        self.window.complete()
        self._open()

    @Slot()
    def _open(self) -> None:
        offered = self.state.flag("samples_offered", False)
        self._opening = self.tasks.run(
            partial(_open_core, self._data_dir, self._settings, offered), self._ready, self._not_opened
        )

    def _ready(self, opened: Opened) -> None:
        from gui.session import Session

        self.session = Session(opened, self.window, self.tasks, self.bridge, self.state)

    def _not_opened(self, error: BaseException) -> None:
        if type(error).__name__ == "AlreadyRunning":
            self.window.close()
            return
        notice = notice_of(error)
        if notice is None:
            self.report(error)
            return
        _LOG.error("the data folder was not opened: %s", notice.message)
        self.window.chat.welcome.show_problem(notice.message, notice.remedy)

    def report(self, error: BaseException) -> None:
        """Show a mistake of the program's own, with what its makers need to know."""
        _LOG.error("unexpected: %r", error, exc_info=error)
        dialog = ReportDialog(error, self._log.text(), self.window)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def close(self) -> None:
        """End everything that runs, the core last."""
        if self.closed:
            return
        self.closed = True
        if self.session is not None:
            self.session.close()
        self.state.write()
        self.tasks.close()
        self.bridge.close()
        if self._opening is not None and not self._opening.cancelled() and self._opening.exception() is None:
            self._opening.result().close()
        self.window.deleteLater()
        sys.excepthook = self._hook
        logging.getLogger().removeHandler(self._log)

    def _caught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._application.quit()
        elif self.closed:
            self._hook(kind, error, trace)
        else:
            self.report(error)


def _open_core(data_dir: Path | None, settings: RagSettings | None, samples_offered: bool) -> Opened:
    # The core is imported here, on a pool thread: it takes longer than the window.
    from gui.session import open_core

    return open_core(data_dir, settings, samples_offered=samples_offered)
