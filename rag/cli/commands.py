"""The commands, each a function from a context and its arguments to an exit code."""

import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

from rag.cli import shapes
from rag.cli.console import UsageError
from rag.cli.context import Context, describe, use_password, wait_until_ready
from rag.cli.exchange import run_export, run_import
from rag.cli.jobs import run_jobs, run_pause, run_resume
from rag.cli.questions import run_ask, run_search
from rag.cli.report import run_report
from rag.cli.turn import run_turn
from rag.doctor import examine
from rag.errors import CollectionExists
from rag.places import require_paths
from rag.reports import UnreadFile
from rag.types import Collection


def run_index(context: Context, arguments: Namespace) -> int:
    """Read files and folders into a collection."""
    started = time.monotonic()
    paths = [context.path(path) for path in arguments.paths]
    require_paths(paths)
    target = _target(context, arguments.collection or _folder_name(paths[0]))
    context.workspace.add_paths(target.id, paths)
    queued = arguments.no_wait or not (wait_until_ready(context, target.id) or context.cancel.cancelled)
    if not queued:
        use_password(context, target.id, arguments.password_file)
    return _report_index(context, target.id, queued=queued, started=started)


def _folder_name(path: Path) -> str:
    folder = path if path.is_dir() else path.parent
    return folder.name or "Documents"


def _target(context: Context, name: str) -> Collection:
    try:
        return context.workspace.create_collection(name)
    except CollectionExists:
        return context.workspace.find_collection(name)


def _report_index(context: Context, collection_id: int, *, queued: bool, started: float) -> int:
    collection = context.workspace.collection(collection_id)
    unread = context.workspace.unread(collection_id)
    context.console.document(
        {
            "collection": collection.name,
            "state": "queued" if queued else "interrupted" if context.cancel.cancelled else "ready",
            "files": collection.files,
            "ready": collection.ready_files,
            "passages": collection.passages,
            "failed": [shapes.unread(each.path, each.problem, in_part=each.in_part) for each in unread],
            "elapsed_ms": round((time.monotonic() - started) * 1000),
        }
    )
    if queued:
        context.console.say(f"{collection.name}: queued. {describe(context.workspace.progress(collection_id))}")
    else:
        context.console.say(
            f"{collection.name}: {collection.ready_files:,} of {collection.files:,} documents ready, "
            f"{collection.passages:,} passages."
        )
    _list_unread(context, unread)
    return context.exit_code(unread)


def _list_unread(context: Context, unread: Sequence[UnreadFile]) -> None:
    for each in unread:
        context.console.say(f"  {each.path}: {each.problem.message} {each.problem.remedy}")


def run_collections(context: Context, arguments: Namespace) -> int:
    """List the collections, or remove one."""
    if arguments.action == "remove":
        return _remove_collection(context, arguments.name)
    if arguments.name is not None:
        raise UsageError("carrel collections takes no name, but for: carrel collections remove NAME")
    listed = context.workspace.collections()
    sources = {each.id: _source(context, each.id) for each in listed}
    context.console.document({"collections": [shapes.collection(each, sources[each.id]) for each in listed]})
    for each in listed:
        kind = {"user": "", "sample": " (samples)", "adhoc": " (asked by path)"}[each.kind]
        context.console.say(f"{each.name}{kind}: {each.files:,} documents, {each.passages:,} passages")
        if (source := sources[each.id]) is not None:
            context.console.say(f"  {_source_words(source)}")
    if not listed:
        context.console.say("There are no collections yet. Make one with: carrel index FOLDER")
    return context.exit_code()


def _source(context: Context, collection_id: int) -> shapes.Json | None:
    """Return which file, or plug-in, a collection came from."""
    attachment = context.workspace.attachment(collection_id)
    if attachment is None:
        return None
    return shapes.source(attachment, context.workspace.attached_state(collection_id))


def _source_words(source: shapes.Json) -> str:
    state = {
        "current": "",
        "newer": "; the file holds a newer revision: carrel import it again",
        "older": "; the file holds an older revision",
        "away": "; the file is away",
        "unusable": "; the file there is another one",
    }[str(source["state"])]
    return f"from {source['path']}, revision {source['revision']}{state}"


def _remove_collection(context: Context, name: str | None) -> int:
    if name is None:
        raise UsageError("Name the collection to remove: carrel collections remove NAME")
    found = context.workspace.find_collection(name)
    # A command has no Undo: it is gone when the command has ended.
    removal = context.workspace.remove_collection(found.id)
    context.workspace.purge_removed([removal.id]).result()
    context.console.document({"removed": found.name})
    context.console.say(f"Removed {found.name}. The files themselves were not touched.")
    return context.exit_code()


def run_models(context: Context, _arguments: Namespace) -> int:
    """List the models that can write answers."""
    chosen = context.workspace.chosen_model()
    models = context.workspace.models()
    context.console.document(
        {
            "models": [
                {
                    "name": ref.name,
                    "path": str(ref.path) if ref.path else None,
                    "size_mb": ref.size_mb,
                    "licence": ref.licence,
                    "chosen": ref == chosen,
                }
                for ref in models
            ]
        }
    )
    for ref in models:
        size = f", {ref.size_mb:,} MB" if ref.size_mb else ""
        licence = f", {ref.licence}" if ref.licence else ""
        context.console.say(f"{'*' if ref == chosen else ' '} {ref.name}{size}{licence}")
    return context.exit_code()


def run_doctor(context: Context, _arguments: Namespace) -> int:
    """Tell what is installed, what is missing, where the data lies, and how fast this computer is."""
    report = examine(context.workspace)
    context.console.document(report.as_json())
    for line in report.lines():
        context.console.say(line)
    return context.exit_code()


COMMANDS: dict[str, Callable[[Context, Namespace], int]] = {
    "index": run_index,
    "collections": run_collections,
    "export": run_export,
    "import": run_import,
    "report": run_report,
    "jobs": run_jobs,
    "pause": run_pause,
    "resume": run_resume,
    "search": run_search,
    "ask": run_ask,
    "models": run_models,
    "doctor": run_doctor,
    "_turn": run_turn,
}
