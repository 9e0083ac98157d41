"""`search` and `ask`: one question, or a file of them with the models loaded once."""

import json
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from inference.api import KnownError
from rag.cli import shapes
from rag.cli.console import UsageError, error_fields
from rag.cli.context import FAILED, UNREAD, Context, Sources, named_collections, sources
from rag.cli.streaming import AnswerPrinter, place
from rag.errors import DocumentError, UnreadableFile
from rag.types import Answer, Retrieval


@dataclass(frozen=True)
class Question:
    """A line of a questions file."""

    id: object
    text: str
    collection: str | None
    k: int | None


AnswerLine = Callable[[Question, Sources], shapes.Json]
"""From a question and what it is asked of to the fields of its JSON line."""


def run_search(context: Context, arguments: Namespace) -> int:
    """Find passages for some words, or for each line of a file."""
    if arguments.questions is not None:
        return _batch(context, arguments, lambda each, found: _search_line(context, arguments, each, found))
    words, paths = _words_and_paths(arguments)
    asked = sources(context, paths, arguments.collection, arguments.password_file)
    context.workspace.prepare_search()
    found = context.workspace.search(words, asked.collection_ids, arguments.k, asked.paths)
    context.console.document(shapes.retrieval(found))
    _print_results(context, found)
    return context.exit_code(asked.unread)


def run_ask(context: Context, arguments: Namespace) -> int:
    """Answer a question, or each line of a file."""
    if arguments.questions is not None:
        _load_model(context, arguments.model)
        return _batch(context, arguments, lambda each, found: _ask_line(context, arguments, each, found))
    words, paths = _words_and_paths(arguments)
    asked = sources(context, paths, arguments.collection, arguments.password_file)
    _load_model(context, arguments.model)
    printer = AnswerPrinter(context.console)
    given = _ask(context, words, asked, arguments.seed, printer)
    context.console.document(shapes.answer(given))
    printer.finish(given)
    return context.exit_code(asked.unread)


def _ask(context: Context, text: str, asked: Sources, seed: int | None, printer: AnswerPrinter | None) -> Answer:
    return context.workspace.ask_once(
        text,
        asked.collection_ids,
        paths=asked.paths,
        seed=seed,
        on_event=printer.on_event if printer else None,
        cancel=context.cancel,
    )


def _load_model(context: Context, name: str | None) -> None:
    if name is None:
        context.workspace.load_model().result()
        return
    context.workspace.load_model(context.model(name)).result()


def _words_and_paths(arguments: Namespace) -> tuple[str, list[Path]]:
    if not arguments.words:
        raise UsageError(f"carrel {arguments.command} needs a question, or a file of them with --questions.")
    return arguments.words[0], [Path(each) for each in arguments.words[1:]]


def _print_results(context: Context, found: Retrieval) -> None:
    for each in found.results:
        passage = each.passage
        context.console.say(f"{each.rank}. {place(passage.document, passage.page, passage.page_label)}")
        if passage.section:
            context.console.say(f"   {passage.section}")
        context.console.say(f"   {' '.join(passage.text.split())}\n")
    if not found.results:
        context.console.say("Nothing found.")


# --- A file of questions ----------------------------------------------------------------------------------------------


def _batch(context: Context, arguments: Namespace, answer_line: AnswerLine) -> int:
    questions = list(_read_questions(context.path(arguments.questions)))
    paths = [Path(each) for each in arguments.words]
    shared: Sources | None = None
    if paths or arguments.collection or any(each.collection is None for each in questions):
        shared = sources(context, paths, arguments.collection, arguments.password_file)
    context.workspace.prepare_search()
    failed = False
    for each in questions:
        if context.cancel.cancelled:
            break
        line, fine = _line_or_error(context, each, shared, answer_line)
        failed |= not fine
        context.console.document({"id": each.id, **line})
    code = context.exit_code(shared.unread if shared else ())
    return FAILED if failed and code in {0, UNREAD} else code


def _line_or_error(
    context: Context, question: Question, shared: Sources | None, answer_line: AnswerLine
) -> tuple[shapes.Json, bool]:
    try:
        if question.collection is not None:
            asked = Sources(named_collections(context, [question.collection]))
        else:
            assert shared is not None
            asked = shared
        return answer_line(question, asked), True
    except KnownError as error:
        return {"question": question.text, "error": error_fields(error)}, False


def _search_line(context: Context, arguments: Namespace, question: Question, asked: Sources) -> shapes.Json:
    count = question.k or arguments.k
    found = context.workspace.search(question.text, asked.collection_ids, count, asked.paths)
    context.console.say(f"\n{question.text}")
    _print_results(context, found)
    return shapes.retrieval(found)


def _ask_line(context: Context, arguments: Namespace, question: Question, asked: Sources) -> shapes.Json:
    printer = AnswerPrinter(context.console)
    context.console.say(f"\n{question.text}")
    given = _ask(context, question.text, asked, arguments.seed, printer)
    printer.finish(given)
    return shapes.answer(given)


def _read_questions(path: Path) -> Iterator[Question]:
    try:
        # Not splitlines: JSON strings may hold other signs that end a line.
        lines = path.read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as exc:
        raise UnreadableFile(
            f"The questions file {path} cannot be read.", remedy="Check its name, and that it is UTF-8.", path=path
        ) from exc
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _question(path, number, line)


def _question(path: Path, number: int, line: str) -> Question:
    try:
        fields = json.loads(line)
        text = fields["question"]
        collection, wanted_k = fields.get("collection"), fields.get("k")
        if not (isinstance(text, str) and isinstance(collection, str | None) and _is_count(wanted_k)):
            raise ValueError(line)
        return Question(fields.get("id"), text, collection, wanted_k)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as exc:
        raise DocumentError(
            f"Line {number} of {path.name} is no question.",
            remedy='Each line is a JSON object such as {"id": 1, "question": "…"}.',
            path=path,
        ) from exc


def _is_count(value: object) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 1000)
