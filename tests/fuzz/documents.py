"""Damaged documents through the real parse processes: a whole document with sound passages, or a known error."""

import random
import tempfile
import time
from pathlib import Path

from PIL import Image

from rag.ingestion.cutting import Cutting
from rag.ingestion.parse_pool import FileFailed, FileHashed, FileParsed, ParseEvent, ParseLimits, ParsePool
from rag.ingestion.parse_worker import ParseTask
from rag.storage.database import Database
from rag.storage.library import Library
from resources import root
from tests.fuzz.finds import Find, Outcomes, fault_of
from tests.fuzz.mutations import mutate
from tests.rag.ingestion import files

_LIMITS = ParseLimits(timeout_s=30, memory_mb=1500)
_LONGER_THAN_LIMITS_S = 45.0
_MOST_BYTES = 4_000_000


class Documents:
    """Implements `Target`."""

    name = "documents"

    def __init__(self) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="carrel-fuzz-")
        folder = Path(self._home.name)
        self._seeds = seeds(folder)
        self._cutting = Cutting.for_model(None)
        self._pool = ParsePool(1, _LIMITS)
        self._database = Database(folder / "library.db")
        self._library = Library(self._database)
        self._collection = self._library.create_collection("Fuzz").id
        self._folder = folder
        self._counter = 0
        self._outcomes = Outcomes()
        self.outcomes = self._outcomes.counts

    def try_one(self, chance: random.Random) -> Find | None:
        suffix, data = chance.choice(self._seeds)
        data = mutate(data, [other for _, other in self._seeds], chance)[:_MOST_BYTES]
        if chance.random() < 0.05:
            suffix = chance.choice(self._seeds)[0]
        what = self.read(data, suffix, chance.choice((None, None, "secret", "\0", "ö" * 200)))
        return Find(what, data, suffix) if what else None

    def read(self, data: bytes, suffix: str, password: str | None = None) -> str | None:
        """Have bytes read; returns what was wrong with the outcome, or None."""
        self._counter += 1
        path = self._folder / f"case{suffix}"
        path.write_bytes(data)
        task = ParseTask(path, self._cutting.options, self._cutting.tokenizer_file, password)
        try:
            self._pool.submit(self._counter, task)
            event = self._outcome()
        except Exception as exc:  # noqa: BLE001 - whatever reaches the parent is what is looked for.
            self._pool.shutdown()
            return f"the parent got {type(exc).__name__}: {exc}"
        return self._judge(event, path)

    def close(self) -> None:
        self._pool.shutdown()
        self._database.close()
        self._home.cleanup()

    def _outcome(self) -> ParseEvent | None:
        deadline = time.monotonic() + _LONGER_THAN_LIMITS_S
        while time.monotonic() < deadline:
            for event in self._pool.poll(1.0):
                if not isinstance(event, FileHashed):
                    return event
                self._pool.go_on(event.key)
        self._pool.abort(self._counter)
        return None

    def _judge(self, event: ParseEvent | None, path: Path) -> str | None:
        if isinstance(event, FileParsed):
            self._outcomes.add(f"read as {event.document.kind}")
            return _unsound(event) or self._stored(event, path)
        if not isinstance(event, FileFailed):
            return "no outcome: the limits did not hold"
        self._outcomes.add(event.error.code)
        if event.error.code == "document_limits":
            return f"took too long or too much memory: {event.error.message}"
        return fault_of(event.error) or _masked(event)

    def _stored(self, event: FileParsed, path: Path) -> str | None:
        row = self._library.put_file(self._collection, path, self._counter, self._counter)
        try:
            self._library.store_document(
                row.id, event.sha256, event.document, event.passages, self._cutting.identity, None
            )
        except Exception as exc:  # noqa: BLE001 - as above.
            return f"could not be stored: {type(exc).__name__}: {exc}"
        return None


def _masked(event: FileFailed) -> str | None:
    """Return the unexpected exception that the parse process put into words, if there was one."""
    return event.error.message if "could not be read: " in event.error.message else None


def _unsound(event: FileParsed) -> str | None:
    pages = event.document.pages
    if [page.index for page in pages] != list(range(len(pages))):
        return "pages are missing or doubled"
    for passage in event.passages:
        page = pages[passage.page_index]
        if page.text[passage.start : passage.end] != passage.text or not passage.text.strip():
            return f"passage {passage.ordinal} is not what stands on its page"
        if passage.token_count > 254:
            return f"passage {passage.ordinal} has {passage.token_count} tokens"
    return None


def seeds(folder: Path) -> list[tuple[str, bytes]]:
    """Return the sample documents and some of each odd kind: file name ending and bytes."""
    found = [(path.suffix, path.read_bytes()) for path in sorted((root() / "samples" / "documents").iterdir())]
    made = folder / "seeds"
    made.mkdir()
    files.labelled(files.pdf(made / "labels.pdf", ["Preface", "Chapter", "[scan]"], bookmarks=True), 1)
    files.encrypted(files.pdf(made / "locked.pdf", [files.STORY]), "secret")
    files.turned(files.pdf(made / "turned.pdf", [files.STORY * 3]), 90)
    files.word(made / "table.docx")
    (made / "wide.txt").write_bytes(
        "Zwölf Boxkämpfer jagen Viktor quer über den Sylter Deich. 字\u3000".encode("utf-16")
    )
    (made / "code.py").write_text(Path(__file__).read_text("utf-8"), "utf-8")
    (made / "page.html").write_text(
        "<html><head><meta charset=windows-1252><title>T</title></head><body><h1>A<h2>B<table><tr><td>c<pre>d\n</pre>"
        "<script>x</script><p>&#55357;&nbsp;&bogus;<svg><math><!-- -- ><![CDATA[z]]></body>",
        "utf-8",
    )
    (made / "list.md").write_text(
        "# A\n\n- b\n  - c\n\n```py\nd\n```\n\n| e | f |\n|---|---|\n| g | h |\n\n> i[^1]\n", "utf-8"
    )
    for name, text in _TEXTS.items():
        (made / name).write_text(text, "utf-8")
    picture = Image.new("RGB", (160, 120), "white")
    for suffix in ("png", "jpg", "webp", "gif", "bmp"):
        picture.save(made / f"picture.{suffix}")
    picture.save(made / "pages.tiff", save_all=True, append_images=[picture.rotate(90)])
    return found + [(path.suffix, path.read_bytes()) for path in sorted(made.iterdir())]


_TEXTS = {
    "rows.csv": 'Name;Town;Sum\n"Ann\nLee";Bern;12,5\nJo;;-3\n',
    "rows.tsv": "Name\tTown\nAnn\tBern\n",
    "data.json": '{"a": [1, {"b": "\\u00e9\\ud83d\\ude00"}], "c": null, "d": "' + "long " * 300 + '"}',
    "rows.jsonl": '{"a": 1}\n{"a": "two"}\n\n{"a": [3]}\n',
    "film.srt": "1\n00:00:01,000 --> 00:00:02,000\nHello\n\n2\n00:00:03,000 --> 00:00:04,500\n<i>there</i>\n",
    "film.vtt": "WEBVTT\n\nNOTE x\n\n00:01.000 --> 00:02.000 align:start\n<v Ann>Hello\n",
    "film.ass": "[Events]\nFormat: Start, End, Text\nDialogue: 0:00:01.00,0:00:02.00,{\\\\i1}Hello\\\\Nthere\n",
    "data.toml": 'title = "A"\n[part.one]\nsize = 3\n[[list]]\nname = """b\nc"""\n',
    "data.xml": '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a x="1"><d>&b;</d><!-- e --><![CDATA[f]]></a>',
    "data.yaml": "a: &x\n  - b\n  - c: |\n      long\n      text\nd: *x\n---\ne: f\n",
}
