"""The entry of the command line: `carrel ...`.

A command runs in this process if it gets the data folder's lock, and otherwise through the program that has it.
"""

import logging
import signal
import sys
import threading
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from inference.api import CancelToken, KnownError
from rag.cli import arguments as words
from rag.cli.console import Console, UsageError, terminal_console
from rag.cli.context import DONE, FAILED, INTERRUPTED, USAGE

OpenWindow = Callable[[list[str]], int]


def main(argv: Sequence[str], open_window: OpenWindow | None = None) -> int:
    """Run a command line and return its exit code.

    Args:
        argv: The words behind the program's name.
        open_window: Opens the window; called with the global options when there is no command.
    """
    console = terminal_console(json="--json" in argv)
    try:
        return _main(argv, console, open_window)
    except UsageError as exc:
        console.usage(str(exc))
        return USAGE
    except KnownError as error:
        console.error(error)
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


def _main(argv: Sequence[str], console: Console, open_window: OpenWindow | None) -> int:
    options, rest = words.split_global(argv)
    if options.version or options.help:
        _tell(options, console)
        return DONE
    with _log_to_stderr(verbose=options.verbose):
        if not rest:
            return _window(options, open_window)
        return _run(options, rest, words.parse_command(rest), console)


def _tell(options: words.GlobalOptions, console: Console) -> None:
    if options.help:
        console.say(words.overview())
        return
    console.document({"version": words.version()})
    console.say(f"carrel {words.version()}")


@contextmanager
def _log_to_stderr(*, verbose: bool) -> Iterator[None]:
    """Show the program's log on stderr meanwhile: all of it, or errors only."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(logging.DEBUG if verbose else logging.ERROR)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    if verbose:
        root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def _window(options: words.GlobalOptions, open_window: OpenWindow | None) -> int:
    if open_window is None:
        raise UsageError("Name a command; this build has no window")
    return open_window(["--data-dir", str(options.data_dir)] if options.data_dir else [])


def _run(options: words.GlobalOptions, rest: Sequence[str], parsed: Namespace, console: Console) -> int:
    # The workspace pulls in every layer of the core; --help, --version and the window do without.
    from rag.cli.running import Runner

    cancel = CancelToken()
    with _interrupts(cancel), Runner(options.data_dir, Path.cwd(), cancel) as runner:
        if parsed.command == "chat":
            from rag.cli.chat import run_chat

            return run_chat(runner.run, parsed, console)
        return runner.run(rest, console)


@contextmanager
def _interrupts(cancel: CancelToken) -> Iterator[None]:
    """Let the first Ctrl+C cancel what runs; a second one ends the program at once."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        if cancel.cancelled:
            raise KeyboardInterrupt
        cancel.cancel()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
