"""Whatever is changed in a bundle is noticed, told by name, and nothing of it is stored."""

import json
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.errors import BundleDamaged, BundleError, BundleNewer
from rag.storage.library import Library
from tests.rag.bundles.builders import changed_line, fill, forged, members_of, put_together, read, write

TEXTS = {"a.pdf": ("first page of the lease", "second page, on notice"), "b.pdf": ("a letter",), "c.pdf": ("tides",)}


@pytest.fixture
def bundle(library: Library, tmp_path: Path) -> Path:
    made = library.create_collection("Papers")
    fill(library, made.id, TEXTS)
    write(library, made.id, tmp_path / "Papers.carrel")
    return tmp_path / "Papers.carrel"


def refused(
    library: Library, tmp_path: Path, bundle: Path, words: str, error: type[BundleError] = BundleDamaged
) -> None:
    """Assert that a file is refused with these words, and that nothing of it was kept."""
    before = [(each.id, each.files) for each in library.collections()]
    with pytest.raises(error) as caught:
        read(library, tmp_path / "data", bundle)
    assert words in caught.value.message
    assert caught.value.remedy
    assert caught.value.path == bundle
    assert [(each.id, each.files) for each in library.collections()] == before
    assert not list((tmp_path / "data").rglob("*.carrel*"))


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()


@pytest.mark.parametrize("name", ["documents.jsonl", "vectors.f32", "vectors.index", "settings.json"])
def test_one_flipped_byte_of_a_member_is_found_and_the_member_named(
    library: Library, tmp_path: Path, bundle: Path, name: str
) -> None:
    members = members_of(bundle)
    chance = random.Random(name)
    for _ in range(5):
        data = bytearray(members[name])
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        put_together(bundle, {**members, name: bytes(data)})
        refused(library, tmp_path, bundle, f"“{name}” is not what its manifest says")


def test_one_flipped_byte_anywhere_in_the_file_changes_nothing_that_is_stored_or_is_refused(
    library: Library, tmp_path: Path, bundle: Path
) -> None:
    whole = bundle.read_bytes()
    chance = random.Random(7)
    accepted = 0
    for _ in range(150):
        data = bytearray(whole)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        bundle.write_bytes(data)
        try:
            report = read(library, tmp_path / "data", bundle)
        except BundleError:
            continue
        # Bytes that say nothing: a member's time, say.
        accepted += 1
        assert report.passages == 4
    assert accepted < 30


@pytest.mark.parametrize("name", ["documents.jsonl", "vectors.f32", "vectors.index", "settings.json"])
def test_a_missing_member_is_named(library: Library, tmp_path: Path, bundle: Path, name: str) -> None:
    members = members_of(bundle)
    del members[name]
    refused(library, tmp_path, put_together(bundle, members), f"“{name}” is missing")


def test_an_added_member_is_named(library: Library, tmp_path: Path, bundle: Path) -> None:
    refused(library, tmp_path, put_together(bundle, {**members_of(bundle), "note.txt": b"x"}), "“note.txt” was added")


def test_two_swapped_members_are_named(library: Library, tmp_path: Path, bundle: Path) -> None:
    members = members_of(bundle)
    members["vectors.f32"], members["vectors.index"] = members["vectors.index"], members["vectors.f32"]
    refused(library, tmp_path, put_together(bundle, members), "“vectors.f32” has not the size")


def test_a_member_that_comes_twice_is_refused(library: Library, tmp_path: Path, bundle: Path) -> None:
    with zipfile.ZipFile(bundle, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("settings.json", b"{}")
    refused(library, tmp_path, bundle, "two parts of one name")


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told["collection"].update(name="Another"),
        lambda told: told["collection"].update(revision=9),
        lambda told: told["embedder"].update(identity="another"),
        lambda told: told["counts"].update(files=99),
        lambda told: told["members"].pop(),
        lambda told: told["members"][0].update(sha256="0" * 64),
        lambda told: told.update(digest="0" * 64),
        lambda told: told.update(more=1),
    ],
)
def test_a_changed_manifest_does_not_agree_with_its_digest(
    library: Library, tmp_path: Path, bundle: Path, change: Callable[[dict[str, object]], None]
) -> None:
    members = members_of(bundle)
    told = json.loads(members["manifest.json"])
    change(told)
    put_together(bundle, {**members, "manifest.json": json.dumps(told).encode()})
    refused(library, tmp_path, bundle, "the manifest was changed")


def test_a_truncated_file_is_refused(library: Library, tmp_path: Path, bundle: Path) -> None:
    bundle.write_bytes(bundle.read_bytes()[:-200])
    refused(library, tmp_path, bundle, "it is no archive, or its end is missing")


def test_any_other_file_is_refused(library: Library, tmp_path: Path) -> None:
    other = tmp_path / "other.carrel"
    other.write_bytes(b"%PDF-1.7 nothing")
    refused(library, tmp_path, other, "it is no archive")
    refused(library, tmp_path, put_together(other, {"word/document.xml": b"<x/>"}), "does not begin with")


def test_a_missing_file_is_told_as_such(library: Library, tmp_path: Path) -> None:
    refused(library, tmp_path, tmp_path / "away.carrel", "cannot be read", BundleError)


def test_a_newer_format_asks_for_the_newest_program(library: Library, tmp_path: Path, bundle: Path) -> None:
    newer = forged(bundle, lambda members: None, format_version=2, something_new={})
    refused(library, tmp_path, newer, "written by a newer version of Carrel (format 2", BundleNewer)


# --- Files of one who knows the format and means ill: every hash is right ---------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["../../.bashrc", "/etc/passwd", "a/../../b", "", "a//b", "./a", "a/", "..", "nul\0byte", "x" * 300],
)
def test_a_name_that_leads_out_of_the_collection_is_refused(
    library: Library, tmp_path: Path, bundle: Path, name: str
) -> None:
    def change(members: dict[str, bytes]) -> None:
        changed_line(members, 0, lambda line: line["document"]["files"][0].update(name=name))

    refused(library, tmp_path, forged(bundle, change), "a file's name leads out of the collection")


@pytest.mark.parametrize(
    ("line", "path", "value"),
    [
        (0, "document.title", 5),
        (0, "document.pages", 10**9),
        (0, "document.passages", -1),
        (0, "document.sha256", "Z" * 64),
        (0, "document.outline", [[1, "x", 99]]),
        (0, "document.created", "yesterday"),
        (0, "document.files", []),
        (0, "document.skipped", [{"name": "x"}]),
        (1, "page.kind", "picture"),
        (1, "page.text", "\ud800"),
        (1, "page.unit_starts", [5, 1]),
        (1, "page.unit_starts", [10**6]),
        (1, "page.unit_numbers", [1]),
        (1, "page.headings", [[5, 1, 1, "x"]]),
        (1, "page.headings", [[0, 1, 1]]),
        (1, "page.width", "wide"),
        (1, "page.width", -1),
        (1, "page.confidence", 1.5),
        (1, "page.inside", [1]),
        (1, "page.boxes", "not base64!"),
        (1, "page.boxes", "eJwDAAAAAAE="),
        (1, "page.surprise", True),
        (-1, "passage.page", 7),
        (-1, "passage.start", -1),
        (-1, "passage.end", 10**6),
        (-1, "passage.locator", {"kind": "cells"}),
        (-1, "passage.tokens", True),
        (-1, "passage.section", None),
    ],
)
def test_an_impossible_field_is_refused(
    library: Library, tmp_path: Path, bundle: Path, line: int, path: str, value: object
) -> None:
    kind, field = path.split(".")

    def change(members: dict[str, bytes]) -> None:
        changed_line(members, line, lambda told: told[kind].update({field: value}))

    refused(library, tmp_path, forged(bundle, change), "“documents.jsonl” is malformed: line")


@pytest.mark.parametrize("text", [b"{", b"[" * 100_000, b'{"page": NaN}', b"\xff\xfe", b"null", b"", b'{"x": 1}'])
def test_a_line_that_is_no_record_is_refused(library: Library, tmp_path: Path, bundle: Path, text: bytes) -> None:
    def change(members: dict[str, bytes]) -> None:
        lines = members["documents.jsonl"].splitlines()
        members["documents.jsonl"] = b"\n".join([text, *lines[1:]]) + b"\n"

    refused(library, tmp_path, forged(bundle, change), "“Papers.carrel” was changed or is damaged")


def test_boxes_that_unpack_to_more_than_the_text_are_refused(library: Library, tmp_path: Path, bundle: Path) -> None:
    import base64

    bomb = base64.b64encode(zlib.compress(bytes(16 * 10_000_000), 9)).decode()

    def change(members: dict[str, bytes]) -> None:
        changed_line(members, 1, lambda line: line["page"].update(boxes=bomb))

    refused(library, tmp_path, forged(bundle, change), "impossible boxes")


def test_a_bomb_is_refused_before_it_unpacks(library: Library, tmp_path: Path, bundle: Path) -> None:
    members = members_of(bundle)
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, bytes(100_000_000) if name == "documents.jsonl" else data)
    refused(library, tmp_path, bundle, "would unpack to 100 MB")


def test_vectors_with_numbers_that_are_none_are_refused(library: Library, tmp_path: Path, bundle: Path) -> None:
    def change(members: dict[str, bytes]) -> None:
        members["vectors.f32"] = struct.pack("<f", float("nan")) + members["vectors.f32"][4:]

    refused(library, tmp_path, forged(bundle, change), "numbers that are none")


def test_vectors_of_other_texts_are_refused(library: Library, tmp_path: Path, bundle: Path) -> None:
    def change(members: dict[str, bytes]) -> None:
        members["vectors.index"] = bytes(16) + members["vectors.index"][16:]

    refused(library, tmp_path, forged(bundle, change), "vectors of texts that it does not hold")


def test_vectors_of_another_length_than_the_model_gives_are_refused(
    library: Library, tmp_path: Path, bundle: Path
) -> None:
    def change(members: dict[str, bytes]) -> None:
        members["vectors.f32"] = members["vectors.f32"][: len(members["vectors.f32"]) // 2]

    embedder = json.loads(members_of(bundle)["manifest.json"])["embedder"]
    shorter = forged(bundle, change, embedder={**embedder, "dimension": embedder["dimension"] // 2})
    refused(library, tmp_path, shorter, "not of the model that it names")


@pytest.mark.parametrize("names", [("a.pdf", "a.pdf"), ("a.pdf", "a.pdf/b.pdf")])
def test_files_that_would_lie_in_one_place_are_refused(
    library: Library, tmp_path: Path, bundle: Path, names: tuple[str, str]
) -> None:
    lines = members_of(bundle)["documents.jsonl"].splitlines()
    heads = [number for number, line in enumerate(lines) if line.startswith(b'{"document"')]

    def change(members: dict[str, bytes]) -> None:
        for number, name in zip(heads, names, strict=False):
            changed_line(members, number, lambda line, name=name: line["document"]["files"][0].update(name=name))

    refused(library, tmp_path, forged(bundle, change), "two of its files have one name")


def test_text_of_a_bundle_never_stands_for_a_file_of_ones_own(library: Library, tmp_path: Path, bundle: Path) -> None:
    def change(members: dict[str, bytes]) -> None:
        changed_line(members, 1, lambda line: line["page"].update(text="forged page of no lease"))
        members["vectors.f32"] = members["vectors.index"] = b""

    manifest = json.loads(members_of(bundle)["manifest.json"])
    without = {"embedder": {"identity": "", "dimension": 0}, "counts": {**manifest["counts"], "vectors": 0}}
    own = next(row for row in library.files(library.collections()[0].id) if row.path.name == "a.pdf")
    report = read(library, tmp_path / "data", forged(bundle, change, **without))
    assert own.document_id is not None
    page = library.page(own.document_id, 0)
    assert page is not None
    assert page.text == "first page of the lease"
    assert own.sha256 is not None
    found = library.find_document(own.sha256, "pdf-7", "cut-v1-abc")
    assert found is not None
    assert found.id == own.document_id
    assert own.document_id not in {row.document_id for row in library.files(report.collection_id)}


def test_vectors_of_a_bundle_never_replace_ones_own(library: Library, tmp_path: Path, bundle: Path) -> None:
    from tests.rag.storage.builders import EMBEDDER

    def change(members: dict[str, bytes]) -> None:
        members["vectors.f32"] = struct.pack("<f", 9.0) * (len(members["vectors.f32"]) // 4)

    keys = [key for (key,) in library.db._writer.execute("SELECT text_hash FROM vector")]
    before = {key: data.tobytes() for key, data in library.vectors_by_hash(EMBEDDER, keys).items()}
    read(library, tmp_path / "data", forged(bundle, change))
    assert {key: data.tobytes() for key, data in library.vectors_by_hash(EMBEDDER, keys).items()} == before
