"""What can be typed: global options anywhere, then a command with its own arguments."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import NoReturn

from rag.cli.console import UsageError


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message}.")


@dataclass(frozen=True)
class GlobalOptions:
    """Options that stand before or after the command."""

    data_dir: Path | None
    json: bool
    verbose: bool
    version: bool
    help: bool


DESCRIPTION = "Ask your own documents, on your own computer. Without a command, the window opens."
COMMANDS = {
    "index": "read files and folders into a collection",
    "collections": "list the collections, or remove one",
    "export": "write a collection to one file, for another computer",
    "import": "take a collection from its file, or bring it up to date",
    "report": "tell what was read, what was not, and why",
    "jobs": "list what is being read and what waits, or change the order",
    "pause": "stop reading until resume, also after a restart",
    "resume": "go on reading",
    "search": "find passages",
    "ask": "answer a question, with its sources",
    "chat": "ask one question after another",
    "models": "list the models that write answers",
    "doctor": "tell what is installed, what is missing, and how fast this computer is",
}


def version() -> str:
    """Return the program's version; "0" where it runs from a checkout that was never installed."""
    try:
        return metadata.version("carrel")
    except metadata.PackageNotFoundError:
        return "0"


def split_global(argv: Sequence[str]) -> tuple[GlobalOptions, list[str]]:
    """Take the global options out of a command line, wherever they stand; raises `UsageError`."""
    argv, literal = _before_dashes(argv)
    found, rest = _global_parser().parse_known_args(argv)
    asks_help = bool(rest) and rest[0] in {"-h", "--help"} and len(rest) == 1
    return GlobalOptions(found.data_dir, found.json, found.verbose, found.version, asks_help), [*rest, *literal]


def _before_dashes(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    words = list(argv)
    if "--" not in words:
        return words, []
    cut = words.index("--")
    return words[:cut], words[cut:]


def _global_parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="carrel", add_help=False, allow_abbrev=False)
    parser.add_argument("--data-dir", type=Path, metavar="FOLDER", help="where the library lies")
    parser.add_argument("--json", action="store_true", help="write one JSON document to stdout")
    parser.add_argument("--verbose", action="store_true", help="say on stderr what is being done")
    parser.add_argument("--version", action="store_true", help="show the version")
    return parser


def overview() -> str:
    """Return the help text of the whole program."""
    listed = "\n".join(f"  {name:<12} {purpose}" for name, purpose in COMMANDS.items())
    options = _global_parser().format_help().partition("\n\n")[2]
    return f"usage: carrel [options] [command] ...\n\n{DESCRIPTION}\n\ncommands:\n{listed}\n\n{options}"


def parse_command(words: Sequence[str]) -> argparse.Namespace:
    """Return a command's arguments with its name in `command`; raises `UsageError`."""
    if not words or words[0] not in _BUILDERS:
        shown = words[0] if words else ""
        raise UsageError(f"There is no command {shown!r}; the commands are {', '.join(COMMANDS)}.")
    parser = _Parser(prog=f"carrel {words[0]}", allow_abbrev=False, description=COMMANDS.get(words[0]))
    _BUILDERS[words[0]](parser)
    parsed = parser.parse_intermixed_args(list(words[1:]))
    parsed.command = words[0]
    return parsed


def _index(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    parser.add_argument("--collection", metavar="NAME", help="where to; the folder's name if not given")
    parser.add_argument("--no-wait", action="store_true", help="return when queued")
    _password(parser)


def _collections(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=["list", "remove"], default="list")
    parser.add_argument("name", nargs="?", metavar="NAME")


def _report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--collection", metavar="NAME", help="the whole library if not given")


def _jobs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-n", type=_count, default=20, metavar="N", help="how many at most")
    parser.add_argument("--next", type=Path, metavar="FILE", help="have this one read before all others")
    parser.add_argument("--cancel", type=Path, metavar="FILE", help="give this one up")


def _search(parser: argparse.ArgumentParser) -> None:
    _questions(parser)
    parser.add_argument("-k", type=_count, default=10, metavar="N", help="how many passages")


def _ask(parser: argparse.ArgumentParser) -> None:
    _questions(parser)
    parser.add_argument("--model", metavar="NAME_OR_FILE")
    parser.add_argument("--seed", type=_seed, metavar="N")


def _chat(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--collection", action="append", metavar="NAME", default=[])
    parser.add_argument("--samples", action="store_true", help="chat with the sample documents")
    parser.add_argument("--model", metavar="NAME_OR_FILE")


def _turn(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--chat", type=int)
    parser.add_argument("--collection", action="append", default=[])
    parser.add_argument("--samples", action="store_true")
    parser.add_argument("--model")
    parser.add_argument("question", nargs="?")


def _nothing(_parser: argparse.ArgumentParser) -> None:
    pass


def _questions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs="*", metavar="QUESTION [PATH ...]")
    parser.add_argument("--collection", action="append", metavar="NAME", default=[], help="may be repeated")
    parser.add_argument("--questions", type=Path, metavar="FILE.jsonl", help="one question a line")
    _password(parser)


def _password(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--password-file", type=Path, metavar="FILE", help="holds the password of encrypted files")


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 1000:
        raise argparse.ArgumentTypeError("must be from 1 to 1000")
    return number


def _seed(text: str) -> int:
    number = int(text)
    if not 0 <= number < 2**32:
        raise argparse.ArgumentTypeError("must be from 0 to 4294967295")
    return number


def _export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("file", type=Path, metavar="FILE.carrel")
    parser.add_argument("--originals", action="store_true", help="take the documents themselves along")


def _import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE.carrel")
    parser.add_argument("--name", metavar="NAME", help="of the collection; the one that it had if not given")
    parser.add_argument("--no-wait", action="store_true", help="return when it is found by words")


_BUILDERS = {
    "index": _index,
    "collections": _collections,
    "export": _export,
    "import": _import,
    "report": _report,
    "jobs": _jobs,
    "pause": _nothing,
    "resume": _nothing,
    "search": _search,
    "ask": _ask,
    "chat": _chat,
    "models": _nothing,
    "doctor": _nothing,
    "_turn": _turn,  # One question of `chat`, sent by the terminal that shows it; not for people to type.
}
