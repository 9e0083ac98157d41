"""What the program is, the plug-ins that were found, and the licences of everything that it is built on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import metadata
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHeaderView, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from gui.theme.tokens import SPACE_4, SPACE_12, SPACE_24
from gui.widgets.labels import text_label
from resources import root

if TYPE_CHECKING:
    from rag.api import Plugin

_SHIPPED = (
    ("Inter (typeface)", "", "OFL-1.1"),
    ("Lucide (icons)", "", "ISC"),
)
"""What lies in `resources` beside its own licence text, and is no Python package."""


def licences() -> list[tuple[str, str, str]]:
    """Return name, version and licence of each library, model, typeface and icon family, by name."""
    listed = json.loads((root() / "licences.json").read_text("utf-8"))
    packages = [(each["name"], each["version"], each["licence"]) for each in listed]
    return sorted([*packages, *_SHIPPED], key=lambda row: row[0].casefold())


class AboutDialog(QDialog):
    """A window of its own that does not stop the work in the main one. GUI thread only."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About Carrel")
        self.setModal(False)
        self.resize(640, 520)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_24, SPACE_24, SPACE_24, SPACE_24)
        layout.setSpacing(SPACE_12)
        layout.addWidget(text_label(f"Carrel {_version()}".strip(), "heading"))
        said = "Ask your own documents, on your own computer. Nothing leaves it. Carrel is free under the MIT licence."
        layout.addWidget(text_label(said, wrap=True))
        self.plugins = QVBoxLayout()
        self.plugins.setSpacing(SPACE_4)
        layout.addLayout(self.plugins)
        layout.addWidget(text_label("It is built on these, each under its own licence:", "muted"))
        self.table = _table()
        layout.addWidget(self.table, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        layout.addWidget(buttons)

    def show_plugins(self, plugins: Sequence[Plugin]) -> None:
        """List what installed packages add, with the reason where one of them is not used; nothing if none does."""
        if plugins:
            self.plugins.addWidget(text_label("Plug-ins", "section"))
        for plugin in plugins:
            label = text_label(plugin_words(plugin), "warning" if plugin.state == "broken" else "", wrap=True)
            self.plugins.addWidget(label)


def plugin_words(plugin: Plugin) -> str:
    """Return one line on a plug-in: what it adds, the package that brings it, and whether it is used."""
    adds = "reads further documents" if plugin.kind == "loader" else "brings a collection"
    said = f"{plugin.name} {adds} ({plugin.package} {plugin.version})"
    if plugin.state == "broken":
        return f"Not used: {said}. {plugin.problem or ''}".strip()
    return f"{said}; you removed it from the library" if plugin.state == "removed" else said


def _table() -> QTreeWidget:
    table = QTreeWidget()
    table.setAccessibleName("Licences")
    table.setHeaderLabels(["Name", "Version", "Licence"])
    table.setRootIsDecorated(False)
    table.addTopLevelItems([QTreeWidgetItem(list(row)) for row in licences()])
    table.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
    table.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
    return table


def _version() -> str:
    try:
        return metadata.version("carrel")
    except metadata.PackageNotFoundError:  # A checkout that was never installed has no version.
        return ""
