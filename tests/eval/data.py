"""The documents and questions to measure on, as they lie in the evaluation folder."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
ENVIRONMENT = "CARREL_EVAL_DIR"


@dataclass(frozen=True)
class Question:
    """A question with where its answer stands.

    Attributes:
        text: The question.
        document: Name of the file that answers it.
        pages: Indexes of the pages that do, from 0; None where any place in the file counts.
    """

    text: str
    document: str
    pages: frozenset[int] | None = None


class MissingData(Exception):
    """The evaluation folder is not there; the message says where it was looked for."""


def eval_folder() -> Path:
    """Return the folder with the evaluation data; raises `MissingData`."""
    named = os.environ.get(ENVIRONMENT)
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "eval"
    if not (folder / "filings" / "questions.jsonl").is_file():
        raise MissingData(
            f"No evaluation data in {folder}. Set {ENVIRONMENT} to a folder that has filings/questions.jsonl with its "
            "PDF files and xquad/xquad.en.json."
        )
    return folder


def filings(folder: Path) -> tuple[list[Path], list[Question]]:
    """Return the filings and the questions on them."""
    lines = (folder / "filings" / "questions.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    questions = [
        Question(row["question"], row["document"], frozenset(each["page_index"] for each in row["evidence"]))
        for row in rows
    ]
    return sorted((folder / "filings").glob("*.pdf")), questions


def xquad(folder: Path, language: str, target: Path) -> tuple[list[Path], list[Question]]:
    """Write each paragraph of a language into a text file below `target`; return the files and the questions."""
    articles = json.loads((folder / "xquad" / f"xquad.{language}.json").read_text("utf-8"))["data"]
    paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]]
    target.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    questions: list[Question] = []
    for number, paragraph in enumerate(paragraphs):
        file = target / f"{number:03d}.txt"
        if not file.is_file() or file.read_text("utf-8") != paragraph["context"]:
            file.write_text(paragraph["context"], "utf-8")
        files.append(file)
        questions += [Question(each["question"], file.name) for each in paragraph["qas"]]
    return files, questions
