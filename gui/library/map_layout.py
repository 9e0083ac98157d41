"""Where the tiles of a map of pages stand: groups by member, rows of tiles. Plain arithmetic, for thousands."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect

from gui.theme.tokens import SPACE_8, SPACE_12, TILE_GAP_PX, TILE_PX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.api import PageReport

PITCH_PX = TILE_PX + TILE_GAP_PX
HEADING_PX = 24
LINE_PX = 24


@dataclass
class Group:
    """The pages of one member, `first` the position of its first page in the map.

    Attributes:
        on_a_line: It has one page only, and its name stands behind the tile.
    """

    inside: tuple[str, ...]
    first: int
    count: int
    top: int = 0
    height: int = 0

    @property
    def on_a_line(self) -> bool:
        return self.count == 1 and bool(self.inside)

    @property
    def heading_px(self) -> int:
        return HEADING_PX if self.inside and not self.on_a_line else 0


@dataclass
class MapLayout:
    """Groups one under the other, each as rows of tiles."""

    groups: list[Group] = field(default_factory=list)
    columns: int = 1
    height: int = 0

    def set_pages(self, pages: Sequence[PageReport]) -> None:
        """Take the pages in their order; neighbours of the same member make a group."""
        self.groups = []
        first = 0
        for inside, members in groupby(pages, key=lambda page: page.inside):
            count = sum(1 for _page in members)
            self.groups.append(Group(inside, first, count))
            first += count

    def set_width(self, width: int) -> None:
        """Lay the tiles out for a width."""
        self.columns = max(1, (width + TILE_GAP_PX) // PITCH_PX)
        top = 0
        for number, group in enumerate(self.groups):
            on_lines = number > 0 and group.on_a_line and self.groups[number - 1].on_a_line
            top += 0 if number == 0 or on_lines else (SPACE_12 if group.inside else SPACE_8)
            rows = -(-group.count // self.columns)
            group.top = top
            group.height = LINE_PX if group.on_a_line else group.heading_px + rows * PITCH_PX - TILE_GAP_PX
            top += group.height
        self.height = top

    def tile(self, position: int) -> QRect:
        """Return where the tile of a page stands."""
        group = self.group_of(position)
        row, column = divmod(position - group.first, self.columns)
        inset = (LINE_PX - TILE_PX) // 2 if group.on_a_line else 0
        return QRect(column * PITCH_PX, group.top + group.heading_px + inset + row * PITCH_PX, TILE_PX, TILE_PX)

    def at(self, x: int, y: int) -> int | None:
        """Return the position of the page whose tile is there; a name on a line counts as its tile."""
        group = self._group_at(y)
        if group is None:
            return None
        if group.on_a_line:
            return group.first
        row, below = divmod(y - group.top - group.heading_px, PITCH_PX)
        column, beside = divmod(x, PITCH_PX)
        position = row * self.columns + column
        on_tile = row >= 0 and below < TILE_PX and beside < TILE_PX and 0 <= column < self.columns
        return group.first + position if on_tile and position < group.count else None

    def group_of(self, position: int) -> Group:
        return self.groups[bisect_right(self.groups, position, key=lambda group: group.first) - 1]

    def seen(self, top: int, bottom: int) -> list[Group]:
        """Return the groups that stand between two heights."""
        first = max(0, bisect_right(self.groups, top, key=lambda group: group.top) - 1)
        last = bisect_right(self.groups, bottom, key=lambda group: group.top)
        return self.groups[first:last]

    def rows_seen(self, group: Group, top: int, bottom: int) -> range:
        """Return the positions of a group's pages whose tiles stand between two heights."""
        if group.on_a_line:
            return range(group.first, group.first + 1)
        start = group.top + group.heading_px
        first = max(0, (top - start) // PITCH_PX) * self.columns
        last = min(group.count, (max(0, (bottom - start) // PITCH_PX) + 1) * self.columns)
        return range(group.first + first, group.first + last)

    def _group_at(self, y: int) -> Group | None:
        index = bisect_right(self.groups, y, key=lambda group: group.top) - 1
        if index < 0 or y >= self.groups[index].top + self.groups[index].height:
            return None
        return self.groups[index]
