"""The scenes: what is done in the window before each picture."""

import os
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QElapsedTimer, QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from gui.app import Program
from gui.theme.tokens import DARK, LIGHT, Palette
from tests.screenshots.troubles import write_troubles

WIDE, NARROW = (1280, 800), (900, 600)
_THEMES = {"light": LIGHT, "dark": DARK}


class Director:
    """Drives one program and takes its pictures."""

    def __init__(self, application: QApplication, folder: Path, data_dir: Path) -> None:
        self.application, self.folder = application, folder
        self.program = Program(application, data_dir)
        self.window = self.program.window
        self.window.resize(*WIDE)
        self.window.show()

    def wait(self, until: Callable[[], bool], seconds: float = 120) -> None:
        """Let the program run until something is so."""
        clock = QElapsedTimer()
        clock.start()
        while not until():
            if clock.elapsed() > seconds * 1000:
                raise TimeoutError(f"waited {seconds} s for {until}")
            self.rest(30)

    def rest(self, ms: int) -> None:
        """Let the program run for a while."""
        loop = QEventLoop()
        QTimer.singleShot(ms, loop.quit)
        loop.exec()

    def take(self, name: str) -> None:
        """Take a picture of the window as it is."""
        self.rest(250)
        self.window.grab().save(str(self.folder / f"{name}.png"))

    def take_each(self, name: str, sizes: tuple[tuple[int, int], ...] = (WIDE, NARROW)) -> None:
        """Take a picture in each theme and size."""
        for width, height in sizes:
            self.window.resize(width, height)
            for theme, palette in _THEMES.items():
                self.use(palette)
                self.rest(600)
                self.take(f"{name}-{theme}-{width}x{height}")
        self.use(LIGHT)
        self.window.resize(*WIDE)

    def use(self, palette: Palette) -> None:
        self.program.theme.use(palette)

    def close(self) -> None:
        self.window.close()
        self.program.close()
        self.rest(50)

    # --- What scenes wait for -----------------------------------------------------------------------------------------

    def library_is_ready(self) -> bool:
        session = self.program.session
        if session is None or session.library.state.overall is None:
            return False
        overall = session.library.state.overall
        return overall.files_total > 0 and not overall.running

    def answer_has_text(self) -> bool:
        answers = self.window.chat.conversation.answers()
        return bool(answers) and len(answers[-1].text.markdown) > 60

    def answer_has_passages(self) -> bool:
        answers = self.window.chat.conversation.answers()
        return bool(answers) and bool(answers[-1].passages)

    def answer_is_done(self) -> bool:
        answers = self.window.chat.conversation.answers()
        return bool(answers) and not answers[-1].foot.isHidden()


def take_all(folder: Path, work: Path) -> None:
    """Take all pictures."""
    os.environ.setdefault("CARREL_CACHE_DIR", str(work / "cache"))
    application = QApplication(["carrel"])
    application.setStyle("Fusion")
    director = Director(application, folder, work / "data")
    _first_start(director)
    _answer(director)
    _library(director, work)
    director.close()
    _again(application, folder, work / "data")
    _in_use(application, folder, work)


def _first_start(director: Director) -> None:
    director.wait(lambda: director.program.session is not None)
    director.wait(lambda: bool(director.window.chat.composer.edit.toPlainText()))
    director.take("first-start-reading")
    director.wait(director.library_is_ready)
    director.wait(director.window.status.isHidden)
    director.take_each("first-start")


def _answer(director: Director) -> None:
    director.window.chat.composer.send()
    director.wait(director.answer_has_passages)
    director.take("passages-before-the-answer")
    director.wait(lambda: director.answer_has_text() or director.answer_is_done())
    director.take("answer-streaming")
    director.wait(director.answer_is_done)
    _open_source(director)
    director.take_each("answer-with-reader")
    director.window.hide_reader()
    director.take_each("answer", sizes=(WIDE,))


def _open_source(director: Director) -> None:
    answer = director.window.chat.conversation.answers()[-1]
    if answer.citations:
        answer.citation_opened.emit(answer.citations[0].n)
    else:
        answer.passage_opened.emit(answer.passages[0])
    director.wait(lambda: director.window.reader.page_field.text() != "")
    director.rest(2500)


def _library(director: Director, work: Path) -> None:
    director.window.show_library()
    director.program.session.library.refresh()  # type: ignore[union-attr]  # the session is open by now
    director.rest(500)
    director.take_each("library")
    troubles = write_troubles(work / "Letters and receipts")
    director.window.paths_dropped.emit([troubles])
    director.rest(1500)
    director.take("library-reading")
    director.wait(director.library_is_ready)
    director.wait(lambda: bool(director.window.library.problems.cards))
    director.window.library.problems.cards[0].action_button.click()
    director.take_each("library-problems")
    director.window.drop_cover.show_over()
    director.take("drop")
    director.window.drop_cover.hide()
    director.window.library.remove_asked.emit()
    director.take("undo")
    director.window.messages.button.click()
    director.window.show_chats()


def _again(application: QApplication, folder: Path, data_dir: Path) -> None:
    director = Director(application, folder, data_dir)
    director.wait(lambda: director.program.session is not None)
    director.wait(lambda: bool(director.window.chat.conversation.answers()))
    director.rest(2000)
    director.take("restored")
    director.program.report(RuntimeError("an example of a mistake"))
    director.rest(300)
    dialog = application.activeModalWidget()
    if dialog is not None:
        dialog.grab().save(str(folder / "report.png"))
        dialog.close()
    director.close()


def _in_use(application: QApplication, folder: Path, work: Path) -> None:
    blocked = work / "blocked"
    blocked.write_text("a file where a folder should be")
    director = Director(application, folder, blocked / "data")
    director.wait(lambda: not director.window.chat.welcome.retry.isHidden())
    director.take("data-folder-error")
    director.close()
