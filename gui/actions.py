"""The window's commands as data: one row each, from which menus, shortcuts, tooltips and accessible names are made."""

from dataclasses import dataclass

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence


@dataclass(frozen=True)
class ActionSpec:
    id: str
    text: str
    icon: str = ""
    shortcut: str = ""


ACTIONS = (
    ActionSpec("new_chat", "New chat", "plus", "Ctrl+N"),
    ActionSpec("rename_chat", "Rename chat", "pencil"),
    ActionSpec("delete_chat", "Delete chat", "trash-2"),
    ActionSpec("show_chats", "Chats", "message-square", "Ctrl+1"),
    ActionSpec("show_library", "Library", "library", "Ctrl+2"),
    ActionSpec("toggle_side", "Show or hide the side pane", "panel-left", "F9"),
    ActionSpec("toggle_reader", "Show or hide the reader", "panel-right", "F10"),
    ActionSpec("close_reader", "Close the reader", "x", "Esc"),
    ActionSpec("find_in_reader", "Find in the document", "search", "Ctrl+F"),
    ActionSpec("add_folder", "Add a folder…", "folder-plus", "Ctrl+Shift+O"),
    ActionSpec("add_files", "Add files…", "file-plus", "Ctrl+O"),
    ActionSpec("open_collection", "Open a .carrel file…", "package"),
    ActionSpec("focus_composer", "Go to the question", "", "Ctrl+L"),
    ActionSpec("about", "About Carrel…"),
    ActionSpec("quit", "Quit", "", "Ctrl+Q"),
)


def build_actions(parent: QObject) -> dict[str, QAction]:
    """Return the actions by id, owned by `parent`; whoever handles one connects to its `triggered`."""
    return {spec.id: _build(spec, parent) for spec in ACTIONS}


def _build(spec: ActionSpec, parent: QObject) -> QAction:
    action = QAction(spec.text, parent)
    action.setObjectName(spec.id)
    if spec.shortcut:
        action.setShortcut(QKeySequence(spec.shortcut))
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(f"{spec.text.rstrip('…')} ({keys})")
    else:
        action.setToolTip(spec.text.rstrip("…"))
    return action
