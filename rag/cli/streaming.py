"""Shows an answer in a terminal while it is written."""

from inference.api import KnownError
from rag.cli.console import Console
from rag.types import Answer, AnswerFailed, AnswerText, AskEvent, PassagesFound


class AnswerPrinter:
    """Prints the passages' places first, then the answer as it grows, then its sources.

    Text may still change behind the last finished sentence (a marker is checked before it stays), so a person at a
    terminal sees it grow, and a pipe gets the final text only.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown = ""

    def on_event(self, event: AskEvent) -> None:
        """Show an event; called on the answering thread."""
        if isinstance(event, PassagesFound):
            count = len(event.retrieval.results)
            self._console.progress(f"{count} passages in {event.retrieval.elapsed_ms:.0f} ms")
        elif isinstance(event, AnswerText) and self._console.interactive:
            self._grow(event.text)

    def _grow(self, text: str) -> None:
        if text.startswith(self._shown):
            self._console.say(text[len(self._shown) :], end="")
            self._shown = text

    def finish(self, given: Answer) -> None:
        """Show what is still missing of the answer, and its sources."""
        if given.text.startswith(self._shown):
            self._console.say(given.text[len(self._shown) :])
        else:
            self._console.say(f"\n\n{given.text}")
        for each in given.citations:
            self._console.say(
                f"  [{each.n}] {place(each.document, each.page, each.page_label)}: “{each.quote.strip()}”"
            )
        if given.left_out:
            self._console.progress("Left out: " + ", ".join(given.left_out) + ".")
        if given.outcome == "interrupted":
            self._console.progress("Stopped.")


def known_error(event: AnswerFailed) -> KnownError:
    """Return a failure of an answer as the error that it came from."""
    error = KnownError(event.message, remedy=event.remedy, path=event.path)
    error.code = event.code
    return error


def place(document: str, page: int | None, label: str | None) -> str:
    """Return where a passage stands, for people: "Lease.pdf, page iv (4)"."""
    if page is None:
        return document
    shown = f"{label} ({page})" if label is not None and label != str(page) else str(page)
    return f"{document}, page {shown}"
