"""Nest the four folders of the repository under `carrel/bundle/` in a standard wheel; nothing in an editable one.

`inference`, `rag` and `gui` are names that other packages on PyPI use too: in site-packages they would overwrite each
other's files. So only `carrel` is installed, and its launcher puts `bundle/` on the path.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDERS = ("gui", "inference", "rag", "resources")


class NestUnderCarrel(BuildHookInterface):  # type: ignore[type-arg]
    """hatchling calls this before it builds a wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the folders to the wheel; `version` is "standard" or "editable"."""
        if version != "standard":
            return
        for folder in FOLDERS:
            for path in sorted((Path(self.root) / folder).rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    target = Path("carrel", "bundle", path.relative_to(self.root))
                    build_data["force_include"][str(path)] = target.as_posix()
