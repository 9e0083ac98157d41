"""Damaged settings and questions through the command line: JSON with an answer or an error, and an exit code."""

import json
import random
import tempfile
from pathlib import Path

from inference.api import KnownError
from rag.cli.console import Console
from rag.cli.context import Context
from rag.cli.dispatch import dispatch
from rag.settings import RagSettings, load_settings
from rag.workspace import Workspace
from tests.fuzz.finds import Find, Outcomes, fault_of
from tests.fuzz.mutations import mutate

_QUICK = RagSettings(embedding_model="hashing", chat_model="echo")
_SETTINGS = {
    "embedding_model": "hashing",
    "chat_model": "echo",
    "context_tokens": 4096,
    "temperature": 0.5,
    "seed": 7,
    "model_files": ["/a/b.gguf"],
    "max_file_mb": 10,
    "passages_per_answer": 6,
}
_QUESTIONS = """{"id": 1, "question": "When does the ferry leave?", "collection": "Papers", "k": 3}
{"id": "two", "question": "Wie hoch ist der Deich \\ud83e\\udda6?"}
{"id": [3], "question": "crane", "k": null, "collection": null}
"""
_JSON_PIECES = (b"null", b"true", b"-1", b"1e999", b"[[[[", b'"\\ud800"', b"{}", b'"\\u0000"', b"NaN", b'""')


class Settings:
    """Implements `Target`: settings.json, read as each start does."""

    name = "settings"

    def __init__(self) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="carrel-fuzz-")
        self._path = Path(self._home.name) / "settings.json"
        self._seed = json.dumps({"version": 1, "settings": _SETTINGS}, indent=1).encode()
        self._outcomes = Outcomes()
        self.outcomes = self._outcomes.counts

    def try_one(self, chance: random.Random) -> Find | None:
        data = _damaged(self._seed, chance)
        self._path.write_bytes(data)
        what = self._load()
        return Find(what, data, ".json") if what else None

    def close(self) -> None:
        self._home.cleanup()

    def _load(self) -> str | None:
        try:
            load_settings(self._path)
            self._outcomes.add("loaded")
        except KnownError as error:
            self._outcomes.add(error.code)
            return fault_of(error)
        except Exception as exc:  # noqa: BLE001 - whatever else comes out is what is looked for.
            return f"{type(exc).__name__}: {exc}"
        return None


class Questions:
    """Implements `Target`: questions files through `search` and `ask`."""

    name = "questions"

    def __init__(self) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="carrel-fuzz-")
        folder = Path(self._home.name)
        self._path = folder / "questions.jsonl"
        (folder / "papers").mkdir()
        (folder / "papers" / "crane.txt").write_text("The crane lifts 3 tonnes. The ferry leaves at noon.\n", "utf-8")
        self._workspace = Workspace.open(folder / "data", settings=_QUICK, cache_dir=folder / "cache")
        collection = self._workspace.create_collection("Papers").id
        self._workspace.add_paths(collection, [folder / "papers"])
        self._workspace.wait_until(collection)
        self._outcomes = Outcomes()
        self.outcomes = self._outcomes.counts

    def try_one(self, chance: random.Random) -> Find | None:
        data = _damaged(_QUESTIONS.encode(), chance)
        self._path.write_bytes(data)
        what = self._run(chance.choice(("search", "ask")))
        return Find(what, data, ".jsonl") if what else None

    def close(self) -> None:
        self._workspace.close()
        self._home.cleanup()

    def _run(self, command: str) -> str | None:
        written: list[str] = []
        console = Console(written.append, lambda _text: None, json=True)
        context = Context(self._workspace, console, self._path.parent)
        try:
            code = dispatch(context, [command, "--json", "--questions", str(self._path)])
            lines = [json.loads(line) for line in "".join(written).splitlines()]
        except Exception as exc:  # noqa: BLE001 - whatever else comes out is what is looked for.
            return f"{command}: {type(exc).__name__}: {exc}"
        self._outcomes.add(f"exit {code}")
        for line in lines:
            error = line.get("error")
            if error is not None and not (error["message"] and error["remedy"]):
                return f"{command}: an error without words"
        return None if code in {0, 1} else f"{command}: exit code {code}"


def _damaged(data: bytes, chance: random.Random) -> bytes:
    """Return damaged JSON: half of the time a value is replaced by another whole one."""
    if chance.random() < 0.5:
        return mutate(data, [data, b"\x85\xe2\x80\xa8"], chance)
    ends = [at for at, byte in enumerate(data) if byte in b":,["]
    at = chance.choice(ends) + 1
    end = next((each for each in range(at, len(data)) if data[each] in b",}]\n"), len(data))
    return data[:at] + chance.choice(_JSON_PIECES) + data[end:]
