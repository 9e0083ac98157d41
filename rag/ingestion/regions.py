"""Where a passage stands on a picture: the region around its words, in pixels."""

import numpy as np

from rag.ingestion.boxes import unpack
from rag.types import Locator, Page


def region(page: Page, start: int, end: int) -> Locator | None:
    """Return the region around `page.text[start:end]`, "left,top,right,bottom"; None where pages have no regions."""
    if page.locator_kind != "region":
        return None
    boxes = unpack(page.boxes)[start:end]
    boxes = boxes[~np.isnan(boxes).any(axis=1)]
    if not len(boxes):
        return Locator("region", f"0,0,{round(page.width)},{round(page.height)}")
    left, top = np.floor(boxes[:, :2].min(axis=0))
    right, bottom = np.ceil(boxes[:, 2:].max(axis=0))
    return Locator("region", f"{left:.0f},{top:.0f},{right:.0f},{bottom:.0f}")
