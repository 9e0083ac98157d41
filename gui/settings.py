"""What the window remembers: where it stood, what was open, what was being written; apart from the core's settings.

Values are written as they change, so that a crash loses at most a second of moving things about.
"""

import os
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QObject, QSettings, QStandardPaths, QTimer

_WRITE_AFTER_MS = 600


def state_file(data_dir: Path | None) -> Path:
    """Return where the window's state lies: with a data folder that was named, else where the system keeps such."""
    named = data_dir or (Path(chosen) if (chosen := os.environ.get("CARREL_DATA_DIR")) else None)
    if named is not None:
        return named / "window.ini"
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppConfigLocation)
    return Path(place) / "window.ini"


class WindowState(QObject):
    """Typed access to the remembered values; GUI thread only."""

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = QSettings(str(path), QSettings.Format.IniFormat)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WRITE_AFTER_MS)
        self._timer.timeout.connect(self.write)

    def put(self, key: str, value: Any) -> None:
        """Remember a value."""
        self._settings.setValue(key, value)
        self._timer.start()

    def blob(self, key: str) -> QByteArray:
        value = self._settings.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()

    def text(self, key: str, default: str = "") -> str:
        value = self._settings.value(key, default)
        return value if isinstance(value, str) else default

    def number(self, key: str, default: int) -> int:
        value = self._settings.value(key, default)
        try:
            return int(str(value))
        except ValueError:
            return default

    def ratio(self, key: str, default: float) -> float:
        value = self._settings.value(key, default)
        try:
            return float(str(value))
        except ValueError:
            return default

    def flag(self, key: str, default: bool) -> bool:
        value = self._settings.value(key, default)
        return value if isinstance(value, bool) else str(value).lower() == "true"

    def write(self) -> None:
        """Write what is remembered to its file now."""
        self._timer.stop()
        self._settings.sync()
