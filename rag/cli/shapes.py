"""The JSON that commands write; a schema for each lies in `resources/schemas`."""

from pathlib import Path

from rag.bundles import AttachedState, Attachment
from rag.reports import CollectionReport, IndexingJob, UnreadFile
from rag.types import Answer, Citation, Collection, FileProblem, Locator, RankedPassage, Retrieval, Sentence

Json = dict[str, object]


def locator(value: Locator) -> Json:
    return {"kind": value.kind, "value": value.value}


def result(ranked: RankedPassage) -> Json:
    """Return one passage as `search` and `ask` show it."""
    passage = ranked.passage
    return {
        "rank": ranked.rank,
        "score": ranked.score,
        "document": passage.document,
        "path": str(passage.path),
        "page": passage.page,
        "page_label": passage.page_label,
        "section": passage.section,
        "locator": locator(passage.locator),
        "inside": list(passage.inside),
        "text": passage.text,
    }


def retrieval(found: Retrieval) -> Json:
    return {
        "query": found.question,
        "elapsed_ms": round(found.elapsed_ms, 3),
        "results": [result(each) for each in found.results],
    }


def answer(given: Answer) -> Json:
    timings = given.timings
    return {
        "question": given.question,
        "outcome": given.outcome,
        "answer": given.text,
        "sentences": [_sentence(each) for each in given.sentences],
        "citations": [_citation(each) for each in given.citations],
        "passages": [result(each) for each in given.passages],
        "model": given.model,
        "timings": {
            "retrieve_ms": timings.retrieve_ms,
            "first_token_ms": timings.first_token_ms,
            "tokens_per_s": timings.tokens_per_s,
            "prompt_tokens": timings.prompt_tokens,
            "cached_tokens": timings.cached_tokens,
            "answer_tokens": timings.answer_tokens,
        },
        "left_out": list(given.left_out),
    }


def _sentence(each: Sentence) -> Json:
    return {"text": each.text, "start": each.start, "end": each.end, "citations": list(each.citations)}


def _citation(each: Citation) -> Json:
    return {
        "n": each.n,
        "document": each.document,
        "path": str(each.path),
        "page": each.page,
        "page_label": each.page_label,
        "locator": locator(each.locator),
        "inside": list(each.inside),
        "quote": each.quote,
    }


def source(attachment: Attachment, state: AttachedState) -> Json:
    """Return the file that a collection came from."""
    return {
        "path": str(attachment.path),
        "revision": attachment.revision,
        "digest": attachment.digest,
        "state": state,
        "plugin": attachment.plugin,
    }


def collection(each: Collection, came_from: Json | None = None) -> Json:
    return {
        "name": each.name,
        "kind": each.kind,
        "files": each.files,
        "ready": each.ready_files,
        "failed": each.failed_files,
        "passages": each.passages,
        "source": came_from,
    }


def unread(path: Path, problem: FileProblem, *, in_part: bool) -> Json:
    """Return a file that could not be read, or only in part, or a folder that could not be looked through."""
    return {
        "path": str(path),
        "code": problem.code,
        "message": problem.message,
        "remedy": problem.remedy,
        "read_in_part": in_part,
    }


def report(each: CollectionReport) -> Json:
    """Return how a collection, or the whole library, was read."""
    return {
        "name": each.name,
        "documents": each.documents,
        "pages": each.pages,
        "passages": each.passages,
        "pending": each.pending,
        "failed": [_failed(unread) for unread in each.failed],
        "pages_by_kind": dict(each.pages_by_kind),
    }


def _failed(each: UnreadFile) -> Json:
    return {"path": str(each.path), "reason": each.problem.message, "remedy": each.problem.remedy}


def job(each: IndexingJob, collection_name: str) -> Json:
    return {
        "path": str(each.file.path),
        "collection": collection_name,
        "stage": each.stage,
        "done": each.done,
        "total": each.total,
        "can_be_asked": each.can_be_asked,
    }
