"""The folders that feed a collection, and the rules for what of them is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from gui.theme.theme import Theme
from gui.theme.tokens import SPACE_4, SPACE_8, SPACE_12, SPACE_16
from gui.widgets.buttons import push_button
from gui.widgets.icon_label import IconLabel
from gui.widgets.labels import ElidedLabel, text_label
from gui.widgets.panel import Panel
from gui.wording import counted

if TYPE_CHECKING:
    from pathlib import Path

    from rag.api import Collection, FolderRules, RootFolder

_FIELD_PX = 420
_NUMBER_PX = 96
_PATTERN_LINES = 6


@dataclass(frozen=True)
class Folders:
    """What is known of the folders of a collection.

    Attributes:
        emptied: Folders that are there but empty, as an unplugged disk leaves them, or whoever deleted all files.
    """

    collection: Collection
    roots: tuple[RootFolder, ...]
    rules: FolderRules
    emptied: frozenset[Path] = frozenset()


@dataclass(frozen=True)
class WrittenRules:
    """The rules as they were written into the fields."""

    patterns: tuple[str, ...]
    hidden: bool
    max_size_mb: float | None
    suffixes: tuple[str, ...]


class FoldersView(Panel):
    """Shows `Folders`.

    Signals:
        saved: The `WrittenRules` that are to hold from now on.
        emptied: A folder (`Path`) whose files were deleted; it is no unplugged disk.
    """

    saved = Signal(object)
    emptied = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Folders and what is read of them", "Back to the files", parent)
        self._theme = theme
        self._shown: Folders | None = None
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        self.none = text_label("No folder belongs to this collection.", "muted")
        self.patterns = QPlainTextEdit()
        self.patterns.setProperty("role", "report")
        self.patterns.setAccessibleName("Names that are left out, one on each line")
        self.patterns.setPlaceholderText("drafts/\n*.tmp\n!drafts/final.docx")
        self.patterns.setTabChangesFocus(True)
        self.patterns.setFixedHeight(_PATTERN_LINES * self.fontMetrics().lineSpacing() + 2 * SPACE_8)
        self.hidden = QCheckBox("Read hidden files and folders too")
        self.most_mb = QLineEdit()
        self.most_mb.setFixedWidth(_NUMBER_PX)
        self.most_mb.setPlaceholderText("no limit")
        self.most_mb.setAccessibleName("Leave out files larger than so many MB")
        self.types = QLineEdit()
        self.types.setPlaceholderText("all that can be read")
        self.types.setAccessibleName("Read only files with these endings")
        self.wrong = text_label("", "error", wrap=True)
        self.wrong.hide()
        self.save = push_button("Save and look again", "primary")
        self.save.clicked.connect(self._save)
        self._fill()

    def _fill(self) -> None:
        self.column.addWidget(text_label("Folders", "section"))
        self.column.addWidget(self.none)
        self.column.addLayout(self._rows)
        self.column.addSpacing(SPACE_12)
        self.column.addWidget(text_label("What is left out", "section"))
        said = (
            "One name or pattern on each line, as in a .gitignore; a file named .carrelignore in a folder counts too."
        )
        self.column.addWidget(text_label(said, "muted", wrap=True))
        narrow = QWidget()
        narrow.setMaximumWidth(_FIELD_PX)
        form = QVBoxLayout(narrow)
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(SPACE_12)
        form.addWidget(self.patterns)
        form.addWidget(self.hidden)
        fields = QFormLayout()
        fields.setHorizontalSpacing(SPACE_16)
        fields.setVerticalSpacing(SPACE_8)
        fields.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        size = QHBoxLayout()
        size.setSpacing(SPACE_8)
        size.addWidget(self.most_mb)
        size.addWidget(text_label("MB", "muted"))
        size.addStretch(1)
        fields.addRow(text_label("Leave out files larger than"), size)
        fields.addRow(text_label("Read only these types"), self.types)
        form.addLayout(fields)
        form.addWidget(self.wrong)
        form.addSpacing(SPACE_4)
        form.addWidget(self.save, 0, Qt.AlignmentFlag.AlignLeft)
        self.column.addWidget(narrow)
        self.column.addStretch(1)

    def show_folders(self, folders: Folders) -> None:
        """Show the folders of a collection; what is being written stays while the rules are the same."""
        before, self._shown = self._shown, folders
        self.title.set_text(f"{folders.collection.name}: folders")
        if before is None or _places(before) != _places(folders):
            self._show_roots(folders)
        if before is None or (before.collection.id, before.rules) != (folders.collection.id, folders.rules):
            self._show_rules(folders.rules)

    @property
    def collection_id(self) -> int | None:
        return None if self._shown is None else self._shown.collection.id

    def _show_roots(self, folders: Folders) -> None:
        while (item := self._rows.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for root in folders.roots:
            row = RootRow(self._theme, root, emptied=root.path in folders.emptied)
            row.emptied.connect(self.emptied)
            self._rows.addWidget(row)
        self.none.setVisible(not folders.roots)

    def _show_rules(self, rules: FolderRules) -> None:
        self.patterns.setPlainText("\n".join(rules.patterns))
        self.hidden.setChecked(rules.hidden)
        self.most_mb.setText("" if rules.max_size_mb is None else f"{rules.max_size_mb:g}")
        self.types.setText(" ".join(rules.suffixes))
        self.wrong.hide()

    def _save(self) -> None:
        size = self.most_mb.text().strip().replace(",", ".")
        try:
            most = float(size) if size else None
        except ValueError:
            most = -1.0
        if most is not None and not 0 < most < 1_000_000:
            self.wrong.setText(
                f"“{self.most_mb.text()}” is no size. Write a number such as 20, or nothing for no limit."
            )
            self.wrong.show()
            self.most_mb.setFocus()
            return
        self.wrong.hide()
        lines = (line.rstrip() for line in self.patterns.toPlainText().splitlines())
        words = self.types.text().replace(",", " ").lower().split()
        suffixes = tuple(dict.fromkeys(f".{word.lstrip('*').lstrip('.')}" for word in words))
        self.saved.emit(WrittenRules(tuple(line for line in lines if line), self.hidden.isChecked(), most, suffixes))


def _places(folders: Folders) -> tuple[object, ...]:
    return folders.collection.id, folders.roots, folders.emptied


class RootRow(QFrame):
    """A folder, how many files are in it, and whether it is there.

    Signals:
        emptied: The folder (`Path`): its files were deleted.
    """

    emptied = Signal(object)

    def __init__(self, theme: Theme, root: RootFolder, *, emptied: bool) -> None:
        super().__init__()
        self.root = root
        self.setProperty("role", "row")
        self.path = ElidedLabel(str(root.path))
        files = counted(root.files, "file")
        self.state = text_label(f"Offline · {files}, still searchable" if root.offline else files, "small")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, SPACE_8, 0, SPACE_8)
        row.setSpacing(SPACE_12)
        row.addWidget(IconLabel(theme, "unplug" if root.offline else "folder", "warning" if root.offline else "muted"))
        row.addWidget(self.path, 1)
        row.addWidget(self.state)
        self.emptied_button = push_button("Its files were deleted", "link")
        self.emptied_button.setToolTip("The folder is empty. If that is no unplugged disk, its files can leave.")
        self.emptied_button.clicked.connect(self._tell_emptied)
        self.emptied_button.setVisible(root.offline and emptied)
        row.addWidget(self.emptied_button)
        self.setAccessibleName(f"{root.path}: {self.state.text()}")

    def _tell_emptied(self) -> None:
        self.emptied.emit(self.root.path)
