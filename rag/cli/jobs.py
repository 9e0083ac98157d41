"""`carrel jobs`, `carrel pause` and `carrel resume`: the queue from a terminal, also that of an open window."""

from argparse import Namespace
from pathlib import Path

from rag.cli import shapes
from rag.cli.context import PAUSED_HINT, Context, describe
from rag.errors import UnreadableFile
from rag.reports import IndexingJob


def run_jobs(context: Context, arguments: Namespace) -> int:
    """List the queue; first put a file in front of it, or give one up."""
    if arguments.next is not None:
        context.workspace.index_next(_file_id(context, arguments.next))
    if arguments.cancel is not None:
        context.workspace.cancel_file(_file_id(context, arguments.cancel))
    progress = context.workspace.progress()
    names = {each.id: each.name for each in context.workspace.collections()}
    jobs = context.workspace.jobs(arguments.n)
    listed = [shapes.job(each, names.get(each.file.collection_id, "")) for each in jobs]
    context.console.document({"paused": progress.paused, "seconds_left": progress.seconds_left, "jobs": listed})
    if progress.paused:
        context.console.say(PAUSED_HINT)
    for each in jobs:
        context.console.say(_line(each))
    context.console.say(describe(progress) if progress.running else "Nothing is left to be read.")
    return context.exit_code()


def _line(job: IndexingJob) -> str:
    share = f", {job.done:,} of {job.total:,}" if job.total else ""
    asked = "; can be asked already" if job.can_be_asked else ""
    return f"  {job.file.path}: {job.stage}{share}{asked}"


def _file_id(context: Context, given: Path) -> int:
    path = context.path(given)
    for collection in context.workspace.collections():
        for row in context.workspace.files(collection.id):
            if row.path == path:
                return row.id
    raise UnreadableFile(
        f"“{path}” is in no collection.", remedy="Add it, or its folder, with: carrel index PATH", path=path
    )


def run_pause(context: Context, _arguments: Namespace) -> int:
    """Stop reading and embedding until `carrel resume`."""
    context.workspace.pause_indexing()
    context.console.document({"paused": True})
    context.console.say("Reading is paused. Go on with: carrel resume")
    return context.exit_code()


def run_resume(context: Context, _arguments: Namespace) -> int:
    """Go on after a pause."""
    context.workspace.resume_indexing()
    context.console.document({"paused": False})
    progress = context.workspace.progress()
    context.console.say(f"Reading goes on. {describe(progress)}" if progress.running else "Nothing is left to be read.")
    return context.exit_code()
