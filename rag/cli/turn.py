"""One question of a terminal chat, and the opening of one.

The loop that reads questions runs in the terminal's process; each question is a command of its own, so a chat works
the same way when the window owns the library.
"""

from argparse import Namespace

from rag.cli import shapes
from rag.cli.console import UsageError
from rag.cli.context import Context, named_collections, wait_until_ready
from rag.cli.streaming import AnswerPrinter, known_error
from rag.types import AnswerDone, AnswerFailed, AskEvent, ChatMessage


def run_turn(context: Context, arguments: Namespace) -> int:
    """Open a chat and say its number, or ask a question in one."""
    if arguments.chat is None:
        return _open_chat(context, arguments)
    if arguments.question is None:
        raise UsageError("carrel _turn needs a question")
    printer = AnswerPrinter(context.console)
    failures: list[AnswerFailed] = []
    given: list[AnswerDone] = []

    def on_event(event: AskEvent) -> None:
        printer.on_event(event)
        if isinstance(event, AnswerDone):
            given.append(event)
        elif isinstance(event, AnswerFailed):
            failures.append(event)

    job = context.workspace.ask(arguments.chat, arguments.question, on_event)
    context.cancel.when_cancelled(job.cancel)
    job.future.result()
    if failures:
        raise known_error(failures[0])
    context.console.document(shapes.answer(given[0].answer))
    printer.finish(given[0].answer)
    return context.exit_code()


def _open_chat(context: Context, arguments: Namespace) -> int:
    workspace = context.workspace
    if arguments.samples or not (arguments.collection or _has_documents(context)):
        samples = workspace.sample_collection()
        wait_until_ready(context, samples.id)
        chosen: tuple[int, ...] = (samples.id,)
        suggestion: str | None = workspace.sample_questions()[0]
    else:
        chosen, suggestion = named_collections(context, arguments.collection), None
    if arguments.model is not None:
        workspace.load_model(context.model(arguments.model)).result()
    chat = workspace.create_chat(collection_ids=chosen)
    names = [workspace.collection(each).name for each in chosen]
    context.console.document({"chat": chat.id, "collections": names, "suggestion": suggestion})
    _tell_recovered(context, workspace.recovered)
    return context.exit_code()


def _has_documents(context: Context) -> bool:
    return any(each.kind != "adhoc" for each in context.workspace.collections())


def _tell_recovered(context: Context, recovered: list[ChatMessage]) -> None:
    for message in recovered:
        model = message.model or "a model"
        context.console.progress(f"An answer of {model} was cut short last time; what there was of it is kept.")
