"""What can be asked at all."""

from rag.errors import EmptyQuestion, QuestionTooLong

MAX_CHARACTERS = 20_000
"""More than most models read at once; what a certain model cannot read is refused when its prompt is built."""


def check_question(question: str) -> str:
    """Return the question without the white space around it.

    Raises:
        EmptyQuestion: There is no letter or number in it.
        QuestionTooLong: It is longer than any question can be.
    """
    stripped = question.strip()
    if not any(character.isalnum() for character in stripped):
        raise EmptyQuestion("The question is empty.", remedy="Write what you want to know.")
    if len(stripped) > MAX_CHARACTERS:
        raise QuestionTooLong(
            f"The question has {len(stripped):,} characters; at most {MAX_CHARACTERS:,} can be asked at once.",
            remedy="Shorten it, or put the long text into a document and ask about it.",
        )
    return stripped
