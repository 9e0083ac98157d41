"""`carrel report`: what was read, page by page in numbers, and what was not, with reasons and remedies."""

from argparse import Namespace
from collections.abc import Iterator, Sequence

from rag.cli import shapes
from rag.cli.context import Context
from rag.reports import CollectionReport, UnreadFile
from rag.types import PageKind

_KINDS: dict[PageKind, str] = {
    "text": "with text",
    "ocr": "read by text recognition",
    "scanned": "waiting for text recognition",
    "empty": "empty",
    "failed": "not readable",
}


def run_report(context: Context, arguments: Namespace) -> int:
    """Report on one collection, or on the whole library and each of its collections."""
    if arguments.collection is not None:
        found = context.workspace.find_collection(arguments.collection)
        report = context.workspace.collection_report(found.id)
        context.console.document(shapes.report(report))
        _say(context, [report])
        return context.exit_code(report.failed)
    library = context.workspace.collection_report(None)
    each = [context.workspace.collection_report(found.id) for found in context.workspace.collections()]
    context.console.document({**shapes.report(library), "collections": [shapes.report(report) for report in each]})
    _say(context, [*each, library] if len(each) != 1 else each)
    return context.exit_code(library.failed)


def _say(context: Context, reports: Sequence[CollectionReport]) -> None:
    for report in reports:
        context.console.say("\n".join(_lines(report)))
    failed = {unread.path: unread for report in reports for unread in report.failed}
    if failed:
        context.console.say("\nNot read, or only in part:")
        context.console.say("\n".join(_table(list(failed.values()))))


def _lines(report: CollectionReport) -> Iterator[str]:
    waiting = f", {report.pending:,} not ready yet" if report.pending else ""
    yield f"{report.name or 'The whole library'}: {report.documents:,} documents{waiting}, {report.passages:,} passages"
    kinds = [f"{report.pages_by_kind[kind]:,} {words}" for kind, words in _KINDS.items() if report.pages_by_kind[kind]]
    yield f"  {report.pages:,} pages{': ' if kinds else ''}{', '.join(kinds)}"
    if not report.failed and not report.pending:
        yield "  Everything was read."


def _table(unread: Sequence[UnreadFile]) -> Iterator[str]:
    width = max(len(each.path.name or str(each.path)) for each in unread)
    for each in unread:
        yield f"  {each.path.name or str(each.path):<{width}}  {each.problem.message}"
        yield f"  {'':<{width}}  {each.problem.remedy}"
        yield f"  {'':<{width}}  {each.path}"
