"""What an engine for text recognition is, and the words that it reads.

An engine is asked in a parse process only: pictures come from strangers, and recognition takes seconds a page.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True)
class Word:
    """A word on a picture.

    Attributes:
        text: Without spaces.
        left: Pixels from the left edge; the other sides likewise.
        confidence: How sure the engine is, 0 to 1.
        line: Words of one line carry the same number; numbers rise in reading order.
        block: The same for paragraphs or columns.
    """

    text: str
    left: float
    top: float
    right: float
    bottom: float
    confidence: float
    line: int
    block: int = 0


class Engine(Protocol):
    """Reads words off a picture.

    Attributes:
        name: "tesseract" or "rapidocr".
    """

    name: str

    def words(self, picture: "Image.Image", dots_per_inch: int) -> list[Word]:
        """Return the words in reading order; raises `RecognitionFailed`. Called in a parse process."""
        ...
