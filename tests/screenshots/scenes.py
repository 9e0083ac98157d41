"""The scenes: what is done in the window before each picture."""

import os
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QElapsedTimer, QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from gui.app import Program
from gui.reader.target import passage_target
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
    _jobs(director, work)
    troubles = write_troubles(work / "Letters and receipts")
    director.window.paths_dropped.emit([troubles])
    director.rest(1500)
    director.take("library-reading")
    director.wait(director.library_is_ready)
    director.wait(lambda: bool(director.window.library.problems.cards))
    next(
        card for card in director.window.library.problems.cards if card.notice.action == "password"
    ).action_button.click()
    director.take_each("library-problems")
    _reports(director)
    _sheet(director)
    director.window.drop_cover.show_over()
    director.take("drop")
    director.window.drop_cover.hide()
    director.window.library.remove_asked.emit()
    director.take("undo")
    director.window.messages.button.click()
    director.window.show_chats()


def _jobs(director: Director, work: Path) -> None:
    """Fill the queue, with one file put first, and show it at work and paused."""
    letters = work / "Letters of thirty years"
    letters.mkdir()
    line = "The harbour master writes that the mooring is let until the end of September, as it was last year. "
    for number in range(40):
        (letters / f"{1990 + number % 30} Letter number {number + 1}.txt").write_text(f"Letter {number}. {line * 120}")
    director.window.paths_dropped.emit([letters])
    director.wait(lambda: director.window.status.isVisible() and director.window.status.show_jobs.isVisible())
    director.window.status.show_jobs.click()
    jobs = director.window.library_pages.jobs
    director.wait(lambda: sum(1 for row in jobs.rows if row.isVisible()) > 4)
    jobs.rows[4].next_button.click()
    director.rest(1200)
    director.take_each("jobs")
    jobs.pause.click()
    director.wait(jobs.still.isVisible)
    director.take("jobs-paused")
    jobs.pause.click()
    director.wait(director.library_is_ready, seconds=600)
    director.take("jobs-done")
    jobs.back.click()


def _reports(director: Director) -> None:
    """Show the reading reports of a long PDF and of an archive, the latter with a page open in the reader."""
    pages = director.window.library_pages
    _open_report(director, "Survey")
    pages.report.map.setFocus()
    pages.report.map.go_to_next(lambda page: page.index == 46)
    director.take_each("report")
    pages.report.back.click()
    _open_report(director, "Enclosures")
    pages.report.map.go_to_next(lambda page: page.inside[:1] == ("Lease of the boathouse.pdf",))
    pages.report.open_page.click()
    director.wait(lambda: 0 in director.window.reader.pages._pictures)
    director.take_each("report-archive", sizes=(WIDE,))
    director.window.hide_reader()
    director.take_each("report-archive", sizes=(NARROW,))
    pages.report.back.click()


def _open_report(director: Director, beginning: str) -> None:
    files, pages = director.window.library.files, director.window.library_pages
    row = next(row for row in range(files.rowCount()) if files.file(row).path.name.startswith(beginning))
    director.window.library.table.view.selectRow(row)
    director.window.library.table.report_button.click()
    director.wait(lambda: pages.in_report and pages.report.title.text().startswith(beginning))


def _sheet(director: Director) -> None:
    """Show a sheet in the reader, with the row marked that a question asks for."""
    session = director.program.session
    assert session is not None
    collection = session.library.state.chosen
    assert collection is not None
    found = session.workspace.search("heating in March rent", [collection], 20)
    passage = next((each.passage for each in found.results if each.passage.document.endswith(".csv")), None)
    if passage is not None:
        session.reader.open(passage_target(passage))
        director.wait(lambda: director.window.reader.shows_table)
        director.take_each("reader-sheet", sizes=(WIDE,))
        director.window.hide_reader()


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
