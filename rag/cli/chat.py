"""The terminal chat: reads a question, sends it, shows the answer, until the input ends."""

import json
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence

from rag.cli.console import Console
from rag.cli.context import DONE, INTERRUPTED

Run = Callable[[Sequence[str], Console], int]
"""Runs a command line, here or in the program that owns the library, and returns its exit code."""


def run_chat(run: Run, arguments: Namespace, console: Console) -> int:
    """Chat until the end of the input; returns the exit code."""
    opened, code = _open(run, arguments, console)
    if opened is None:
        return code
    names = opened["collections"]
    assert isinstance(names, list)
    console.say(f"Asking {', '.join(map(str, names))}. An empty line or Ctrl+D ends the chat.")
    suggestion = opened["suggestion"]
    if suggestion and console.interactive:
        console.say(f"You could ask: {suggestion}")
    for question in _questions(console):
        if not console.interactive:
            console.say(f"> {question}")
        code = run(["_turn", "--chat", str(opened["chat"]), "--", question], console)
        console.say()
        if code == INTERRUPTED and not console.interactive:
            return code
    return DONE


def _open(run: Run, arguments: Namespace, console: Console) -> tuple[dict[str, object] | None, int]:
    words = ["_turn", *(word for name in arguments.collection for word in ("--collection", name))]
    if arguments.samples:
        words.append("--samples")
    if arguments.model:
        words += ["--model", arguments.model]
    written: list[str] = []
    captured = Console(written.append, lambda text: console.raw("", text), json=True)
    code = run(words, captured)
    answer = json.loads("".join(written) or "{}")
    if "error" in answer:
        console.show_error(answer["error"])
        return None, code
    return (answer if code == DONE else None), code


def _questions(console: Console) -> Iterator[str]:
    """Yield lines until the end of input; at a terminal an empty line ends it too."""
    at_terminal = sys.stdin is not None and sys.stdin.isatty()
    while sys.stdin is not None:
        if at_terminal:
            console.say("\nYou: ", end="")
        line = sys.stdin.readline()
        if not line or (at_terminal and not line.strip()):
            return
        if line.strip():
            yield line.strip()
