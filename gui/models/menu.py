"""The model button: which model answers, on what device and why, and how to take another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from gui.theme.theme import Theme
from gui.wording import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inference.api import ModelDetails, ModelRef

_NAME_CHARACTERS = 28


def device_text(details: ModelDetails) -> str:
    """Return on what the model runs, and why if that is the slow way."""
    device = details.device
    if device.kind == "cpu":
        return f"On the CPU: {device.reason}" if device.reason else f"On the CPU, {device.name}"
    layers = f", {details.gpu_layers} layers" if details.gpu_layers else ""
    return f"On {device.name} ({device.kind.upper()}{layers})"


class ModelButton(QToolButton):
    """Shows the model; its menu chooses.

    Signals:
        model_chosen: A `ModelRef`.
        add_asked: Add a model file.
    """

    model_chosen = Signal(object)
    add_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setProperty("role", "text")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # the arrow behind the name
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMenu(QMenu(self))
        theme.changed.connect(self._tint)
        self.show_name("Model", "")
        self._tint()

    def show_name(self, name: str, detail: str) -> None:
        """Show a model's name and what there is to say about it."""
        shown = name if len(name) <= _NAME_CHARACTERS else f"{name[:13]}…{name[-13:]}"
        self.setText(shown)
        self.setToolTip(f"{name}\n{detail}".strip())
        self.setAccessibleName(f"Model: {name}. {detail}".strip())

    def show_models(self, models: Sequence[ModelRef], chosen: ModelRef | None, device: str) -> None:
        """Fill the menu."""
        menu = self.menu()
        menu.clear()
        group = QActionGroup(menu)
        for ref in models:
            action = menu.addAction(_model_line(ref))
            action.setCheckable(True)
            action.setChecked(ref == chosen)
            action.setToolTip(ref.description)
            action.setData(ref)
            action.triggered.connect(self._choose)
            group.addAction(action)
        menu.addSeparator()
        menu.addAction("Add a model file…").triggered.connect(self.add_asked)
        if device:
            menu.addSeparator()
            menu.addAction(device).setEnabled(False)

    def _choose(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.model_chosen.emit(action.data())

    def _tint(self) -> None:
        self.setIcon(self._theme.icon("chevron-down", colour=self._theme.palette.muted))


def _model_line(ref: ModelRef) -> str:
    return f"{ref.name}  ({count(ref.size_mb)} MB)" if ref.size_mb else ref.name
