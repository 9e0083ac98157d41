"""What every command needs: the workspace, where to write, and whether it was interrupted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from inference.api import CancelToken
from rag.cli.console import Console, UsageError
from rag.errors import UnknownCollection, UnreadableFile
from rag.places import whole_path
from rag.reports import IndexingProgress, UnreadFile
from rag.workspace import Workspace

DONE, FAILED, USAGE, UNREAD, INTERRUPTED = 0, 1, 2, 3, 130
PAUSED_HINT = "Reading is paused; go on with: carrel resume."


@dataclass
class Context:
    """One run of a command; `folder` is the folder that relative paths start from."""

    workspace: Workspace
    console: Console
    folder: Path
    cancel: CancelToken = field(default_factory=CancelToken)

    def path(self, given: Path) -> Path:
        return whole_path(given, self.folder)

    def model(self, given: str) -> Path | str:
        """Return the file that is meant by `--model`, or else the name as it is."""
        try:
            path = self.path(Path(given))
            return path if path.is_file() else given
        except (UnreadableFile, OSError):
            return given

    def exit_code(self, unread: "Sequence[UnreadFile]" = ()) -> int:
        if self.cancel.cancelled:
            return INTERRUPTED
        return UNREAD if unread else DONE


@dataclass(frozen=True)
class Sources:
    """What a question is asked of: collections, and inside them only these paths if there are any."""

    collection_ids: tuple[int, ...]
    paths: tuple[Path, ...] | None = None
    unread: tuple[UnreadFile, ...] = ()


def named_collections(context: Context, names: Sequence[str]) -> tuple[int, ...]:
    """Return the collections of these names, or all but the ad-hoc ones where no name is given."""
    if names:
        return tuple(context.workspace.find_collection(name).id for name in names)
    every = tuple(each.id for each in context.workspace.collections() if each.kind != "adhoc")
    if not every:
        raise UnknownCollection(
            "There are no collections to ask yet.",
            remedy="Name files or folders, or make one with: carrel index FOLDER",
        )
    return every


def sources(context: Context, paths: Sequence[Path], names: Sequence[str], password_file: Path | None) -> Sources:
    """Find what is asked; paths are read first, and only what changed since they were last asked."""
    if paths and names:
        raise UsageError("Name files or folders, or a collection with --collection, but not both.")
    if not paths:
        return Sources(named_collections(context, names))
    resolved = tuple(context.path(path) for path in paths)
    made = context.workspace.adhoc_collection(resolved)
    wait_until_ready(context, made.id)
    use_password(context, made.id, password_file)
    unread = context.workspace.unread(made.id)
    for each in unread:
        context.console.progress(f"{each.path}: {each.problem.message} {each.problem.remedy}")
    return Sources((made.id,), resolved, unread)


def wait_until_ready(context: Context, collection_id: int) -> bool:
    """Wait for a collection and show how far it is; False when interrupted, and at once while reading is paused."""
    progress = context.workspace.progress(collection_id)
    if progress.paused:
        if progress.running:
            context.console.progress(f"{PAUSED_HINT} {describe(progress)}")
        return not progress.running
    return context.workspace.wait_until(
        collection_id, "ready", on_progress=lambda progress: _show(context, progress), cancel=context.cancel
    )


def _show(context: Context, progress: IndexingProgress) -> None:
    if progress.files_total and progress.running:
        context.console.progress(describe(progress))


def describe(progress: IndexingProgress) -> str:
    """Return how far reading is, in one line."""
    done = progress.files_ready + progress.files_failed
    text = f"{done} of {progress.files_total} documents ready"
    if progress.passages_total:
        text += f", {progress.passages_embedded:,} of {progress.passages_total:,} passages"
    if progress.seconds_left is not None:
        text += f", about {max(1, round(progress.seconds_left))} s left"
    if progress.held:
        text += ", waiting until the computer is plugged in (setting on_battery)"
    return text


def use_password(context: Context, collection_id: int, password_file: Path | None) -> None:
    """Try a password on the collection's encrypted files, and wait for those that it opens."""
    if password_file is None:
        return
    if context.workspace.unlock_files(collection_id, _read_password(context.path(password_file))):
        wait_until_ready(context, collection_id)


def _read_password(path: Path) -> str:
    try:
        return path.read_text("utf-8").split("\n", 1)[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as exc:
        raise UnreadableFile(
            f"The password file {path} cannot be read.", remedy="Check its name, and that it is plain text.", path=path
        ) from exc
