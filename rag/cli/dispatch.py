"""Finds the command that is meant and runs it in this process."""

from collections.abc import Sequence

from inference.api import KnownError
from rag.cli import arguments as words
from rag.cli.commands import COMMANDS
from rag.cli.console import UsageError
from rag.cli.context import FAILED, USAGE, Context


def dispatch(context: Context, argv: Sequence[str]) -> int:
    """Run one command; errors of the user or the computer are shown, and end as exit codes."""
    try:
        _options, rest = words.split_global(argv)
        parsed = words.parse_command(rest)
        return COMMANDS[parsed.command](context, parsed)
    except UsageError as exc:
        context.console.usage(str(exc))
        return USAGE
    except KnownError as error:
        context.console.error(error)
        return FAILED
