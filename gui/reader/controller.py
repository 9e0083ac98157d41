"""Opens documents in the reader at a place, draws their pages as they come into sight, and remembers where it stood."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QImage

from gui.errors import notice_of
from gui.reader.document import OpenedDocument, find_page, page_by_name, read_document, read_marks
from gui.reader.pages_view import PageMarks
from gui.reader.table_rows import is_table, table_of
from gui.reader.target import Span, Target

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from gui.main_window import MainWindow
    from gui.settings import WindowState
    from gui.tasks import Tasks
    from rag.api import FileRow, PagePicture, StoredPage, Workspace

_REMEMBER_MS = 500
_FORMATS = {"BGRx": QImage.Format.Format_RGB32, "RGB": QImage.Format.Format_RGB888}


class ReaderController(QObject):
    """Tells the reader what to show. GUI thread only."""

    def __init__(self, workspace: Workspace, window: MainWindow, tasks: Tasks, state: WindowState) -> None:
        super().__init__(window)
        self._workspace, self._window, self._tasks, self._state = workspace, window, tasks, state
        self._pane = window.reader
        self._opened: OpenedDocument | None = None
        self._wanted: Target | None = None
        self._back_to: float | None = None
        self._as_text = False
        self._citations: tuple[Target, ...] = ()
        self._citation = 0
        self._drawing: dict[int, Future[PagePicture]] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REMEMBER_MS)
        self._timer.timeout.connect(self.remember)
        self._connect()

    def _connect(self) -> None:
        pane = self._pane
        pane.pages.page_needed.connect(self._draw)
        pane.pages.page_changed.connect(self._page_changed)
        for view in (pane.pages, pane.text, pane.table):
            view.verticalScrollBar().valueChanged.connect(self._remember_soon)
        pane.as_text_asked.connect(self._show_as_text)
        pane.page_asked.connect(self._page_asked)
        pane.page_step.connect(self._step_page)
        pane.citation_step.connect(self._step_citation)
        pane.find_bar.find_asked.connect(self._find)

    # --- Opening ------------------------------------------------------------------------------------------------------

    def open(self, target: Target, *, back_to: float | None = None) -> None:
        """Show a place in a document, alone."""
        self._citations = ()
        self._pane.show_citation(0, 0)
        self._open(target, back_to)

    def open_citation(self, citations: Sequence[Target], number: int) -> None:
        """Show one of an answer's citations, with the way to the others."""
        self._citations = tuple(citations)
        self._citation = number
        self._pane.show_citation(number + 1, len(citations))
        self._open(self._citations[number], None)

    def open_file(self, row: FileRow) -> None:
        """Show a file of the library from its beginning."""
        if row.document_id is not None:
            self.open(Target(row.path.name, row.path, row.document_id))

    def close_document(self) -> None:
        """Show nothing."""
        self._opened = self._wanted = None
        self._pane.show_nothing()

    def _open(self, target: Target, back_to: float | None) -> None:
        if self._wanted is None or self._wanted.document_id != target.document_id:
            self._as_text = False
        self._wanted, self._back_to = target, back_to
        self._window.show_reader()
        opened = self._opened
        # A page of pictures holds all of its member's pages; any other shows one page at a time.
        if (
            opened is not None
            and opened.holds(target)
            and (self._shows_pictures or opened.page.index == target.page_index)
        ):
            self._show_place(target)
        else:
            self._look_up(target)

    def _look_up(self, target: Target) -> None:
        self._tasks.run(partial(read_document, self._workspace, target), partial(self._read, target), self._failed)

    @property
    def _shows_pictures(self) -> bool:
        return self._opened is not None and self._opened.pictured and not self._as_text

    def _read(self, target: Target, opened: OpenedDocument | None) -> None:
        if target is not self._wanted:
            return
        if opened is None:
            self._show_quote(target)
            return
        self._cancel_drawing()
        self._opened = opened
        self._pane.show_way(opened.page.inside)
        self._pane.show_note(_note(opened))
        if self._shows_pictures:
            self._pane.show_pages(target.name)
            self._pane.pages.open(opened.count, _size(opened.page))
        else:
            self._show_text(opened)
        self._pane.show_as_text(possible=opened.pictured, is_text=self._as_text)
        self._show_place(target)
        self._show_page_number(opened.page)

    def _show_quote(self, target: Target) -> None:
        self._opened = None
        self._pane.show_way(target.inside)
        self._pane.show_text(target.name, has_pages=False)
        self._pane.show_note("This document is no longer in the library. These are the words that were cited.")
        self._pane.text.open(target.quote)

    def _show_text(self, opened: OpenedDocument) -> None:
        has_pages = opened.pages > 1
        if is_table(opened.page):
            self._pane.show_table(opened.target.name, has_pages=has_pages)
            self._pane.table.open(table_of(opened.page))
        else:
            self._pane.show_text(opened.target.name, has_pages=has_pages)
            self._pane.text.open(opened.page.text, is_code=opened.kind == "code")

    def _show_as_text(self, as_text: bool) -> None:
        if self._wanted is not None and self._opened is not None:
            index = self._current_page
            self._as_text = as_text
            wanted = self._wanted
            if index != wanted.page_index:
                wanted = Target(wanted.name, wanted.path, wanted.document_id, index, inside=wanted.inside)
            self._wanted, self._back_to = replace(wanted), None
            self._look_up(self._wanted)

    def _show_place(self, target: Target) -> None:
        if self._back_to is not None:
            self._go_back(self._back_to)
        if self._shows_pictures:
            assert self._opened is not None
            if self._back_to is None:
                self._pane.pages.go_to(target.page_index - self._opened.first)
            self._tasks.run(partial(read_marks, self._workspace, target), partial(self._mark, target), self._failed)
        else:
            view = self._pane.table if self._pane.shows_table else self._pane.text
            view.mark(target.passage, target.cited if target.cited != target.passage else None)
            if self._back_to is not None:
                self._go_back(self._back_to)
        self.remember()

    def _mark(self, target: Target, marks: PageMarks) -> None:
        if target is not self._wanted or self._opened is None:
            return
        marks = replace(marks, page_index=marks.page_index - self._opened.first)
        self._pane.pages.set_marks(marks)
        rectangles = marks.cited or marks.passage
        if rectangles and self._back_to is None:
            self._pane.pages.go_to(marks.page_index, rectangles[0][1])
        if not rectangles and target.passage is not None:
            said = "The passage cannot be marked on the picture of this page; its text can show it."
            self._pane.show_note(f"{_note(self._opened)} {said}".strip())
        elif target.passage is not None:
            self._pane.show_note(_note(self._opened))
        self._back_to = None

    def _go_back(self, position: float) -> None:
        if self._shows_pictures:
            self._pane.pages.go_to_position(position)
        elif self._pane.shows_table:
            self._pane.table.go_to_position(position)
        else:
            self._pane.text.go_to_position(position)

    # --- Pages --------------------------------------------------------------------------------------------------------

    def _draw(self, index: int, scale: float) -> None:
        if self._opened is None:
            return
        for far, waiting in list(self._drawing.items()):
            if abs(far - index) > 6 and waiting.cancel():
                del self._drawing[far]
        target = self._opened.target
        work = partial(self._workspace.render_page, target.path, index, scale, self._opened.page.inside)
        self._tasks.run(work, partial(self._draw_begun, target, index, scale), partial(self._not_drawn, target, index))

    def _draw_begun(self, target: Target, index: int, scale: float, future: Future[PagePicture]) -> None:
        self._drawing[index] = future
        self._tasks.watch(future, partial(self._drawn, target, index, scale), partial(self._not_drawn, target, index))

    def _drawn(self, target: Target, index: int, scale: float, picture: PagePicture) -> None:
        self._drawing.pop(index, None)
        if self._opened is not None and self._opened.target is target:
            image = QImage(picture.pixels, picture.width, picture.height, picture.stride, _FORMATS[picture.format])
            self._pane.pages.set_picture(index, scale, image.copy())

    def _not_drawn(self, target: Target, index: int, error: BaseException) -> None:
        self._drawing.pop(index, None)
        notice = notice_of(error)
        if notice is None:
            self._tasks.unhandled(error)
        elif self._opened is not None and self._opened.target is target:
            self._pane.pages.set_failed(index, notice.text)

    def _cancel_drawing(self) -> None:
        for future in self._drawing.values():
            future.cancel()
        self._drawing.clear()

    def _page_changed(self, _index: int) -> None:
        if self._opened is not None and self._opened.target.document_id is not None:
            work = partial(self._workspace.page, self._opened.target.document_id, self._current_page)
            self._tasks.run(work, self._show_page_number, self._failed)

    def _show_page_number(self, page: StoredPage) -> None:
        opened = self._opened
        if opened is not None and page.document_id == opened.target.document_id and page.inside == opened.page.inside:
            self._pane.show_page_number(page.label or "", page.index - opened.first, opened.count)
            self._pane.set_steps(back=page.index > 0, forth=page.index < opened.pages - 1)

    def _page_asked(self, name: str) -> None:
        if self._opened is not None and self._opened.target.document_id is not None:
            work = partial(page_by_name, self._workspace, self._opened, name)
            self._tasks.run(work, self._page_found, self._failed)

    def _page_found(self, index: int | None) -> None:
        if index is not None:
            self._go_to_page(index)
        elif self._opened is not None:
            self._page_changed(self._current_page)

    def _step_page(self, step: int) -> None:
        self._go_to_page(self._current_page + step)

    @property
    def _current_page(self) -> int:
        if self._opened is None:
            return 0
        return self._opened.first + self._pane.pages.page if self._shows_pictures else self._opened.page.index

    def _go_to_page(self, index: int) -> None:
        opened = self._opened
        if opened is None or not 0 <= index < opened.pages:
            return
        if self._shows_pictures and opened.first <= index < opened.first + opened.count:
            self._pane.pages.go_to(index - opened.first)
            self._page_changed(index)
        else:
            self._wanted = Target(opened.target.name, opened.target.path, opened.target.document_id, index)
            self._back_to = None
            self._look_up(self._wanted)

    # --- Citations and finding ----------------------------------------------------------------------------------------

    def _step_citation(self, step: int) -> None:
        number = self._citation + step
        if 0 <= number < len(self._citations):
            self.open_citation(self._citations, number)

    def _find(self, words: str, step: int) -> None:
        if self._opened is None or self._opened.target.document_id is None:
            return
        same = self._wanted is not None and self._wanted.quote.casefold() == words.casefold()
        start = self._current_page + (step if same else 0)
        work = partial(find_page, self._workspace, self._opened.target.document_id, words, start, step)
        self._tasks.run(work, partial(self._found, words), self._failed)

    def _found(self, words: str, place: tuple[int, Span] | None) -> None:
        self._pane.find_bar.result.setText("" if place else "Not found")
        if place is not None and self._opened is not None:
            opened = self._opened.target
            index, span = place
            self._open(Target(opened.name, opened.path, opened.document_id, index, None, span, words), None)

    # --- Remembering --------------------------------------------------------------------------------------------------

    def _remember_soon(self, _value: int) -> None:
        # Not `start` itself: it would take the place of the scroll bar for the time to wait.
        self._timer.start()

    def remember(self) -> None:
        """Keep where the reader stands."""
        target = self._wanted
        if target is None or target.document_id is None:
            return
        view = self._pane.view
        values = {
            "name": target.name,
            "path": str(target.path),
            "document": target.document_id,
            "page": target.page_index,
            "passage": _span_text(target.passage),
            "cited": _span_text(target.cited),
            "position": f"{view.position:.4f}",
        }
        for key, value in values.items():
            self._state.put(f"reader/{key}", value)

    def restore(self) -> None:
        """Open what was open when the program ended."""
        document_id = self._state.number("reader/document", -1)
        if document_id < 0 or not self._state.flag("reader_shown", False):
            return
        target = Target(
            self._state.text("reader/name"),
            Path(self._state.text("reader/path")),
            document_id,
            self._state.number("reader/page", 0),
            _span_from(self._state.text("reader/passage")),
            _span_from(self._state.text("reader/cited")),
        )
        self.open(target, back_to=self._state.ratio("reader/position", 0.0))

    def _failed(self, error: BaseException) -> None:
        notice = notice_of(error)
        if notice is None:
            self._tasks.unhandled(error)
        else:
            self._pane.show_note(notice.text)


def _note(opened: OpenedDocument) -> str:
    """Return what is to be said of a page before it is read."""
    said = []
    if not opened.file_is_there:
        said.append(f"The file {opened.target.path.name} is not there any more; this is its text as it was read.")
    page = opened.page
    if page.kind == "ocr" and page.confidence is not None:
        said.append(f"Read by OCR, {page.confidence:.0%} sure.")
    if page.note:
        said.append(page.note)
    return " ".join(said)


def _size(page: StoredPage) -> tuple[float, float]:
    return (page.width, page.height) if page.width and page.height else (612.0, 792.0)


def _span_text(span: Span | None) -> str:
    return f"{span[0]}-{span[1]}" if span is not None else ""


def _span_from(text: str) -> Span | None:
    start, _dash, end = text.partition("-")
    return (int(start), int(end)) if start.isdigit() and end.isdigit() else None
