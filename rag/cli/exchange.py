"""`carrel export` and `carrel import`: a collection to one file, and from one."""

import time
from argparse import Namespace

from inference.api import Cancelled
from rag.bundles import ExchangeProgress, ExportReport, ImportReport
from rag.cli.context import INTERRUPTED, Context, wait_until_ready

_STAGES = {
    "writing": "writing: {done:,} of {total:,} documents",
    "copying": "taking in the file: {percent} %",
    "checking": "checking: {percent} %",
    "storing": "storing: {done:,} of {total:,} documents",
}
_TELL_S = 1.0


def run_export(context: Context, arguments: Namespace) -> int:
    """Write a collection to one file."""
    found = context.workspace.find_collection(arguments.name)
    target = context.path(arguments.file)
    try:
        report = context.workspace.export_collection(
            found.id, target, originals=arguments.originals, on_progress=_Teller(context), cancel=context.cancel
        )
    except Cancelled:
        return _interrupted(context, "Interrupted; nothing was written.")
    context.console.document(_exported(report))
    context.console.say(
        f"{report.path}: {report.files:,} documents, {report.passages:,} passages, {report.size / 1e6:,.1f} MB, "
        f"revision {report.revision}.\nFingerprint: {report.fingerprint}"
    )
    for name in report.left_out:
        context.console.say(f"  {name}: left out, it has no text yet or could not be read")
    for name in report.originals_missing:
        context.console.say(f"  {name}: only its text, the document is away or was changed since it was read")
    return context.exit_code()


def run_import(context: Context, arguments: Namespace) -> int:
    """Store a collection from its file, or bring it up to date."""
    try:
        report = context.workspace.import_collection(
            context.path(arguments.file), name=arguments.name, on_progress=_Teller(context), cancel=context.cancel
        )
    except Cancelled:
        return _interrupted(context, "Interrupted; nothing was taken in.")
    if not arguments.no_wait:
        wait_until_ready(context, report.collection_id)
    context.console.document(_imported(report))
    context.console.say(
        f"{report.name}: {report.files:,} documents, {report.passages:,} passages, revision {report.revision}; "
        f"{report.added:,} new, {report.changed:,} changed, {report.removed:,} removed.\n"
        f"Fingerprint: {report.fingerprint}"
    )
    if report.same_model is False:
        context.console.say(
            "It was made with another model for finding passages: its documents are found by their words at once, "
            "and by meaning as soon as they were gone through in the background."
        )
    if report.left_out:
        context.console.say(f"{report.left_out:,} more could not be read where it was made.")
    return context.exit_code()


class _Teller:
    """Says how far it is, now and then."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._told_at = time.monotonic()

    def __call__(self, progress: ExchangeProgress) -> None:
        if time.monotonic() - self._told_at < _TELL_S:
            return
        self._told_at = time.monotonic()
        percent = 100 * progress.done // max(1, progress.total)
        words = _STAGES[progress.stage].format(done=progress.done, total=progress.total, percent=percent)
        self._context.console.progress(words)


def _interrupted(context: Context, words: str) -> int:
    context.console.document({"interrupted": True})
    context.console.say(words)
    return INTERRUPTED


def _exported(report: ExportReport) -> dict[str, object]:
    return {
        "collection": report.name,
        "path": str(report.path),
        "revision": report.revision,
        "digest": report.digest,
        "fingerprint": report.fingerprint,
        "bytes": report.size,
        "files": report.files,
        "documents": report.documents,
        "passages": report.passages,
        "vectors": report.vectors,
        "originals": report.originals,
        "left_out": list(report.left_out),
        "originals_missing": list(report.originals_missing),
    }


def _imported(report: ImportReport) -> dict[str, object]:
    return {
        "collection": report.name,
        "path": str(report.path),
        "revision": report.revision,
        "digest": report.digest,
        "fingerprint": report.fingerprint,
        "updated": report.updated,
        "files": report.files,
        "passages": report.passages,
        "added": report.added,
        "changed": report.changed,
        "removed": report.removed,
        "unchanged": report.unchanged,
        "originals": report.originals,
        "same_model": report.same_model,
        "left_out": report.left_out,
    }
