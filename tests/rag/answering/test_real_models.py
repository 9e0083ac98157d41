"""The default models end to end: a streamed answer from real pages, and a second turn served from the cache."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.types import Answer, AnswerText, AskEvent, PassagesFound
from rag.workspace import Workspace

NOTES = """# Ferry to Lindholm

The ferry to Lindholm leaves the north quay at 9.40 each morning. It carries 46 passengers and two bicycles.

# Lighthouse

The lighthouse of Lindholm was built in 1868 by the engineer Karin Stolpe. Its lamp is seen for 17 miles.
"""
SAME_SHARE = 0.95


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = Workspace.open(tmp_path / "data")
    yield opened
    opened.close()


@pytest.mark.timeout(300)
def test_two_questions_in_a_chat(workspace: Workspace, tmp_path: Path) -> None:
    notes = tmp_path / "lindholm.md"
    notes.write_text(NOTES, "utf-8")
    collection = workspace.create_collection("Lindholm")
    workspace.add_paths(collection.id, [notes])
    workspace.wait_until(collection.id, "ready")
    chat = workspace.create_chat(collection_ids=[collection.id])
    events: list[AskEvent] = []

    first = workspace.ask(chat.id, "Who built the lighthouse of Lindholm?", events.append).future.result(120)
    _check(workspace, first)
    assert isinstance(events[0], PassagesFound)
    assert any(isinstance(event, AnswerText) for event in events)
    assert "Stolpe" in first.passages[0].passage.text

    second = workspace.ask(chat.id, "How many passengers does the ferry carry?", events.append).future.result(120)
    _check(workspace, second)
    whole_turn = first.timings.prompt_tokens + first.timings.answer_tokens
    assert second.timings.cached_tokens >= SAME_SHARE * whole_turn
    assert second.timings.prompt_tokens > whole_turn

    nothing = workspace.ask(chat.id, "Which enzymes digest lactose in mammals?", events.append).future.result(120)
    assert nothing.outcome == "not_found"
    assert [message.state for message in workspace.messages(chat.id)] == ["complete"] * 6


def _check(workspace: Workspace, answer: Answer) -> None:
    assert answer.outcome == "answered"
    assert answer.text
    assert answer.model
    for sentence in answer.sentences:
        assert answer.text[sentence.start : sentence.end] == sentence.text
    for citation in answer.citations:
        assert citation.document_id is not None
        page = workspace.page(citation.document_id, citation.page_index)
        assert page is not None
        assert page.text[citation.start : citation.end] == citation.quote
