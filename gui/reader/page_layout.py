"""Where pages stand in the reader: sizes in points, a zoom, and the positions that follow. Plain arithmetic."""

from dataclasses import dataclass, field

GAP_PX = 16
POINT_PX = 96 / 72
"""Pixels of a point at 100 %."""
USUAL_PAGE = (612.0, 792.0)


@dataclass
class PageLayout:
    """Pages one under the other.

    Attributes:
        sizes: Width and height of each page in points; those not known yet have the size of one that is.
        zoom: 1 is 100 %.
    """

    sizes: list[tuple[float, float]] = field(default_factory=list)
    zoom: float = 1.0

    def reset(self, count: int, size: tuple[float, float] = USUAL_PAGE) -> None:
        self.sizes = [size] * count

    @property
    def scale(self) -> float:
        """Pixels of a point."""
        return self.zoom * POINT_PX

    def width_px(self) -> int:
        widest = max((width for width, _height in self.sizes), default=0.0)
        return round(widest * self.scale) + 2 * GAP_PX

    def height_px(self) -> int:
        return self.top_px(len(self.sizes))

    def top_px(self, index: int) -> int:
        """Return where a page begins; the gap above the first one included."""
        heights = sum(round(height * self.scale) + GAP_PX for _width, height in self.sizes[:index])
        return heights + GAP_PX

    def page_at(self, y_px: int) -> int:
        """Return the page at a height, the last one below the end."""
        bottom = GAP_PX
        for index, (_width, height) in enumerate(self.sizes):
            bottom += round(height * self.scale) + GAP_PX
            if y_px < bottom:
                return index
        return max(0, len(self.sizes) - 1)

    def size_px(self, index: int) -> tuple[int, int]:
        width, height = self.sizes[index]
        return round(width * self.scale), round(height * self.scale)

    def zoom_to_width(self, width_px: int) -> float:
        """Return the zoom at which the widest page fills a width."""
        widest = max((width for width, _height in self.sizes), default=USUAL_PAGE[0])
        return max(0.1, (width_px - 2 * GAP_PX) / (widest * POINT_PX))
