"""A plug-in of Carrel: a loader for recipe cards (`.card`), and a collection of them."""

from pathlib import Path

from rag.plugins import Heading, LoadedDocument, Page


class RecipeCardLoader:
    """Reads cards: the dish on the first line, then a line for each step; cards are parted by lines of dashes."""

    name = "recipe-card"
    version = 1
    suffixes = frozenset({".card"})

    def load(self, path: Path, password: str | None = None) -> LoadedDocument:
        """Return the document: a page for each card."""
        cards = [card.strip() for card in path.read_text("utf-8").split("\n---\n") if card.strip()]
        return LoadedDocument(path.stem, self.name, "", tuple(map(_page, range(len(cards)), cards)))


class RecipeCards:
    """The collection: the folder of documents beside this file."""

    name = "Recipe cards"
    path = Path(__file__).parent / "documents"


def _page(index: int, text: str) -> Page:
    dish = text.splitlines()[0]
    return Page(index, index + 1, str(index + 1), text, headings=(Heading(0, len(dish), 1, dish),))
