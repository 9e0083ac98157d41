"""Put the program's own folders on the path and start it: the command line, which hands back for the window.

In an installed wheel they lie in `bundle/` beside this file; in a checkout and in a frozen bundle they are on the
path already. The command line (`rag`) must not know the window (`gui`), so the launcher passes it a function that
opens one.
"""

import multiprocessing
import os
import sys
from collections.abc import Sequence
from pathlib import Path

_NEEDS_A_SCREEN = ("", "xcb", "wayland")


def main(argv: Sequence[str] | None = None) -> int:
    """Run Carrel with these arguments (default: those of the process); returns the exit status."""
    # In a frozen program a spawned worker starts as the program itself: this call turns it into the worker.
    multiprocessing.freeze_support()
    _find_program()
    arguments = list(sys.argv[1:] if argv is None else argv)
    if _is_for_the_window(arguments):
        # The command line pulls in the whole core; the window appears sooner without it.
        return _open_window(arguments)
    from rag.cli.main import main as run_command

    return run_command(arguments, open_window=_open_window)


def _is_for_the_window(arguments: Sequence[str]) -> bool:
    """Tell whether there is nothing but the data folder on the command line."""
    if len(arguments) == 1:
        return arguments[0].startswith("--data-dir=")
    return not arguments or (len(arguments) == 2 and arguments[0] == "--data-dir")


def _find_program() -> None:
    bundle = Path(__file__).resolve().parent / "bundle"
    if bundle.is_dir() and str(bundle) not in sys.path:
        sys.path.insert(0, str(bundle))


def _open_window(argv: Sequence[str] = ()) -> int:
    """Open the window, or say that there is no screen and start the chat in the terminal; returns the exit status.

    Args:
        argv: The global options given, such as `--data-dir`, without a subcommand.
    """
    if not _has_screen():
        print("There is no display here, so no window: the chat starts in the terminal.", file=sys.stderr)
        from rag.cli.main import main as run_command

        return run_command([*argv, "chat", "--samples"], open_window=_open_window)
    from gui.app import run

    return run(list(argv))


def _has_screen() -> bool:
    if not sys.platform.startswith("linux") and "bsd" not in sys.platform:
        return True
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return True
    platform = os.environ.get("QT_QPA_PLATFORM", "").split(":")[0].split(";")[0]
    return platform not in _NEEDS_A_SCREEN
