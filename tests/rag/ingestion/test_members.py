"""Files in files: what becomes of each member, and what a container may not do."""

import io
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from rag.errors import DocumentGone, EmptyDocument, EncryptedDocument
from rag.ingestion.chunking import ChunkingOptions, chunk
from rag.ingestion.loaders import progress
from rag.ingestion.loaders.base import Member
from rag.ingestion.loaders.members import MemberLimits, MemberReader
from rag.ingestion.loaders.registry import Loaders, default_loaders
from rag.ingestion.temporary import private_folder, remove_leavings
from rag.ingestion.token_counter import WordTokenCounter
from rag.types import LoadedDocument, Skipped
from tests.rag.ingestion import files


class Crate:
    """A container for tests: lines "name<TAB>hex bytes"; its members may be crates."""

    name = "crate"
    version = 1
    suffixes = frozenset({".crate"})

    def __init__(self, limits: MemberLimits | None = None) -> None:
        self.loaders = Loaders([self, *default_loaders().all])
        self.reader = MemberReader(lambda: self.loaders, limits)

    def members(self, path: Path, password: str | None = None) -> Iterator[Member | Skipped]:
        for line in path.read_text().splitlines():
            name, data = line.split("\t")
            content = bytes.fromhex(data)
            yield Member((name,), lambda content=content: closing(io.BytesIO(content)), chosen=True)

    def load(self, path: Path, password: str | None = None) -> LoadedDocument:
        with self.reader.gather(password) as gathered:
            for member in self.members(path, password):
                gathered.add(member)
            gathered.refuse_if_empty(path)
        pages, outline = tuple(gathered.pages), tuple(gathered.outline)
        return LoadedDocument(path.stem, "crate", "crate-1", pages, outline=outline, skipped=gathered.skipped)


def crate(path: Path, members: dict[str, bytes]) -> Path:
    path.write_text("".join(f"{name}\t{data.hex()}\n" for name, data in members.items()))
    return path


def nested(folder: Path, depth: int) -> Path:
    data = files.STORY.encode()
    name = "story.txt"
    for level in range(depth):
        data = crate(folder / "box.crate", {name: data}).read_bytes()
        name = f"box{level}.crate"
    return folder / "box.crate"


def test_pages_of_members_are_renumbered_and_name_their_members(tmp_path: Path) -> None:
    lease = files.pdf(tmp_path / "lease.pdf", ["The rent is 400.", "Paid in March."], bookmarks=True).read_bytes()
    inner = crate(tmp_path / "in.crate", {"lease.pdf": lease}).read_bytes()
    outer = crate(tmp_path / "out.crate", {"story.txt": files.STORY.encode(), "in.crate": inner})
    document = Crate().load(outer)
    assert [(page.index, page.number, page.inside) for page in document.pages] == [
        (0, None, ("story.txt",)),
        (1, 1, ("in.crate", "lease.pdf")),
        (2, 2, ("in.crate", "lease.pdf")),
    ]
    assert (2, "lease.pdf", 1) in document.outline
    assert (3, "Paid in March.", 2) in document.outline


def test_a_passage_names_its_document_and_its_member(tmp_path: Path) -> None:
    document = Crate().load(crate(tmp_path / "letters.crate", {"lease.txt": b"The rent is 400 a month."}))
    (passage,) = chunk(document, WordTokenCounter(), ChunkingOptions(max_tokens=254))
    assert passage.context == "letters › lease"


def test_the_last_heading_of_a_member_says_nothing_of_the_next(tmp_path: Path) -> None:
    members = {"a.md": b"# Fees\n\nTwelve a year.\n", "b.md": b"The quay is long.\n"}
    document = Crate().load(crate(tmp_path / "box.crate", members))
    passages = chunk(document, WordTokenCounter(), ChunkingOptions(max_tokens=254))
    assert [passage.section for passage in passages] == ["Fees", ""]


def test_a_member_that_cannot_be_read_is_a_page_that_says_why(tmp_path: Path) -> None:
    members = {"good.txt": b"The quay is long.", "bad.pdf": b"%PDF-1.4\ngarbage", "none.txt": b" "}
    good, bad, none = Crate().load(crate(tmp_path / "box.crate", members)).pages
    assert good.kind == "text"
    assert (bad.kind, bad.inside, bad.label) == ("failed", ("bad.pdf",), "bad.pdf")
    assert "damaged" in bad.note
    assert "fresh copy" in bad.note
    assert none.kind == "empty"


def test_a_member_is_opened_with_the_password_of_its_file(tmp_path: Path) -> None:
    secret = files.encrypted(files.pdf(tmp_path / "s.pdf", ["The rent is 400."]), "tide").read_bytes()
    box = crate(tmp_path / "box.crate", {"s.pdf": secret, "a.txt": b"Open to all."})
    assert [page.kind for page in Crate().load(box).pages] == ["failed", "text"]
    assert [page.kind for page in Crate().load(box, "tide").pages] == ["text", "text"]


def test_a_container_of_locked_members_asks_for_its_password(tmp_path: Path) -> None:
    secret = files.encrypted(files.pdf(tmp_path / "s.pdf", ["The rent is 400."]), "tide").read_bytes()
    with pytest.raises(EncryptedDocument, match="box"):
        Crate().load(crate(tmp_path / "box.crate", {"s.pdf": secret}))


def test_what_is_no_document_is_listed_as_left_out(tmp_path: Path) -> None:
    box = crate(tmp_path / "box.crate", {"a.txt": b"The quay.", "run.exe": b"MZ\0\0" + bytes(90)})
    (left_out,) = Crate().load(box).skipped
    assert left_out.name == "run.exe"
    assert "a program" in left_out.reason


def test_hundreds_of_parts_are_counted_instead_of_named(tmp_path: Path) -> None:
    members = {f"{number}.exe": b"MZ\0\0" for number in range(300)} | {"a.txt": b"The quay."}
    skipped = Crate().load(crate(tmp_path / "box.crate", members)).skipped
    assert len(skipped) < 310
    assert sum(int(each.name.split(" more ")[0]) if " more " in each.name else 1 for each in skipped) == 300


def test_containers_in_containers_end_at_a_depth(tmp_path: Path) -> None:
    assert Crate(MemberLimits(depth=5)).load(nested(tmp_path, 5)).pages[0].text.strip() == files.STORY
    with pytest.raises(EmptyDocument, match="more than 5 containers deep"):
        Crate(MemberLimits(depth=5)).load(nested(tmp_path, 6))


def test_a_file_may_not_unpack_to_more_than_the_limit(tmp_path: Path) -> None:
    members = {"a.txt": b"The quay is long. " * 10, "b.txt": b"x" * 5000, "c.txt": b"y"}
    document = Crate(MemberLimits(unpacked_bytes=1000)).load(crate(tmp_path / "box.crate", members))
    assert [page.inside for page in document.pages] == [("a.txt",)]
    assert "Unpacked" in document.skipped[0].reason


def test_a_file_may_not_hold_more_members_than_the_limit(tmp_path: Path) -> None:
    members = {f"{number}.txt": f"Ship {number}.".encode() for number in range(5)}
    document = Crate(MemberLimits(members=3)).load(crate(tmp_path / "box.crate", members))
    assert len(document.pages) == 3
    assert [each.name for each in document.skipped] == ["3.txt", "4.txt"]


def test_names_cannot_leave_the_folder_of_their_own(tmp_path: Path) -> None:
    members = {"../../up.txt": b"One.", "/etc/down.txt": b"Two.", "C:\\sys\\win.txt": b"Three.", "n" * 300: b"Four."}
    document = Crate().load(crate(tmp_path / "box.crate", members))
    assert [page.text for page in document.pages] == ["One.", "Two.", "Three.", "Four."]
    assert document.pages[0].inside == ("../../up.txt",)
    assert not (tmp_path.parent / "up.txt").exists()


def test_nothing_stays_in_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    Crate().load(nested(tmp_path, 3))
    with pytest.raises(EmptyDocument):
        Crate().load(crate(tmp_path / "bad.crate", {"a.exe": b"MZ\0\0"}))
    assert list(place.iterdir()) == []


def test_what_a_killed_process_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left = tmp_path / "carrel-reading-4194999-x"
    left.mkdir()
    (left / "lease.pdf").write_bytes(b"The rent")
    with private_folder() as ours:
        remove_leavings()
        assert ours.exists()
    assert not left.exists()


def test_each_member_is_a_step(tmp_path: Path) -> None:
    steps: list[int] = []
    inner = crate(tmp_path / "in.crate", {"a.txt": b"One.", "b.txt": b"Two."}).read_bytes()
    outer = crate(tmp_path / "out.crate", {"in.crate": inner, "c.txt": b"Three."})
    with progress.listening(lambda done, total: steps.append(done)):
        Crate().load(outer)
    assert {1, 3, 4} <= set(steps)
    assert steps == sorted(steps)


def test_a_member_is_extracted_by_its_names(tmp_path: Path) -> None:
    inner = crate(tmp_path / "in.crate", {"a.txt": b"One.", "b.txt": b"Two."}).read_bytes()
    outer = crate(tmp_path / "out.crate", {"in.crate": inner})
    folder = tmp_path / "taken"
    folder.mkdir()
    reader = Crate().reader
    assert reader.extract(outer, ("in.crate", "b.txt"), folder).read_bytes() == b"Two."
    with pytest.raises(DocumentGone):
        reader.extract(outer, ("in.crate", "c.txt"), folder)
