"""Jupyter notebooks: text, code and what the code printed, cell by cell; a passage is located by its cells' numbers."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from rag.ingestion.loaders.base import damaged_document, empty_document, has_words, loader_identity, readable_title
from rag.ingestion.loaders.decoding import decode_text
from rag.types import Heading, LoadedDocument, Page

_HEADING = re.compile(r"^(?P<level>#{1,6})[ \t]+(?P<title>[^\n]*?)[ \t#]*$", re.MULTILINE)
_FENCE = re.compile(r"^(```|~~~).*?(?:^\1|\Z)", re.MULTILINE | re.DOTALL)
_TERMINAL_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class NotebookLoader:
    name = "notebook"
    version = 1
    suffixes = frozenset({".ipynb"})
    reads_text = True

    def load(self, path: Path, password: str | None = None) -> LoadedDocument:
        """Return all cells as one page; `password` is of no use here."""
        del password
        try:
            notebook = json.loads(decode_text(path.read_bytes(), path))
            cells = [(number, _text(cell), cell) for number, cell in enumerate(_cells(notebook), 1)]
        except (ValueError, TypeError, AttributeError, RecursionError) as exc:
            raise damaged_document(path, "a notebook") from exc
        page = _page([(number, text, cell.get("cell_type") == "markdown") for number, text, cell in cells if text])
        if not has_words(page.text):
            raise empty_document(path)
        first = page.headings[0].title if page.headings else None
        return LoadedDocument(readable_title(first, path), self.name, loader_identity(self), (page,))


def _page(cells: list[tuple[int, str, bool]]) -> Page:
    starts: list[int] = []
    headings: list[Heading] = []
    length = 0
    for _, text, is_prose in cells:
        starts.append(length)
        headings.extend(_headings(text, length) if is_prose else ())
        length += len(text) + 2
    return Page(
        *(0, None, None, "\n\n".join(text for _, text, _ in cells)),
        locator_kind="paragraph",
        unit_starts=tuple(starts),
        unit_numbers=tuple(number for number, _, _ in cells),
        headings=tuple(headings),
    )


def _headings(text: str, offset: int) -> Iterator[Heading]:
    # Comments in fenced code look like headings.
    prose = _FENCE.sub(lambda match: " " * len(match[0]), text)
    for match in _HEADING.finditer(prose):
        if match["title"]:
            yield Heading(offset + match.start(), offset + match.end(), len(match["level"]), match["title"])


def _cells(notebook: dict[str, object]) -> Iterator[dict[str, object]]:
    """Yield the cells; those of the third format lie in worksheets."""
    sheets = notebook.get("worksheets")
    for sheet in [notebook] if not isinstance(sheets, list) else sheets:
        cells = sheet.get("cells")
        yield from (cell for cell in (cells if isinstance(cells, list) else ()) if isinstance(cell, dict))


def _text(cell: dict[str, object]) -> str:
    parts = [_joined(cell.get("source", cell.get("input")))]
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else []:
        if isinstance(output, dict):
            parts.append(_output(output))
    text = "\n".join(part.strip("\n") for part in parts if part.strip())
    clean = _TERMINAL_CODES.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(r"[\x00\ud800-\udfff]", "\ufffd", clean)


def _output(output: dict[str, object]) -> str:
    """Return what a cell printed, as text; pictures have none."""
    if output.get("output_type") in {"error", "pyerr"}:
        return f"{output.get('ename', '')}: {output.get('evalue', '')}"
    data = output.get("data")
    if isinstance(data, dict):
        return _joined(data.get("text/plain", data.get("text/markdown")))
    return _joined(output.get("text"))


def _joined(source: object) -> str:
    if isinstance(source, list):
        return "".join(part for part in source if isinstance(part, str))
    return source if isinstance(source, str) else ""
