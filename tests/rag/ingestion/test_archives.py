"""Archives: every document in them is read, nothing is written where they say, and bombs do not go off."""

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from rag.errors import DamagedDocument, DocumentError, EmptyDocument, EncryptedDocument, UnknownFormat, WrongPassword
from rag.ingestion.loaders.registry import default_loaders
from rag.types import LoadedDocument
from tests.rag.ingestion import files

FORMATS = Path(__file__).parents[2] / "data" / "formats" / "archives"


def load(path: Path, password: str | None = None) -> LoadedDocument:
    return default_loaders().choose(path).load(path, password)


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def tarred(path: Path, members: dict[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return path


def lease(folder: Path) -> bytes:
    return files.pdf(folder / "lease.pdf", ["Parties", "The deposit is 900 crowns."]).read_bytes()


def names(document: LoadedDocument) -> list[tuple[str, ...]]:
    return [page.inside for page in document.pages]


def test_a_zip_is_read_with_its_folders_as_names(tmp_path: Path) -> None:
    document = load(zipped(tmp_path / "papers.zip", {"2021/lease.pdf": lease(tmp_path), "note.txt": b"The quay."}))
    assert [(page.inside, page.number) for page in document.pages] == [
        (("2021/lease.pdf",), 1),
        (("2021/lease.pdf",), 2),
        (("note.txt",), None),
    ]
    assert (document.title, document.kind) == ("papers", "zip")


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_is_read_however_it_is_packed(tmp_path: Path, mode: str) -> None:
    path = tarred(tmp_path / "papers.tar.x", {"2021/lease.pdf": lease(tmp_path), "note.txt": b"The quay."}, mode)
    assert names(load(path)) == [("2021/lease.pdf",), ("2021/lease.pdf",), ("note.txt",)]


@pytest.mark.parametrize(("ending", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)])
def test_a_single_packed_file_is_read(tmp_path: Path, ending: str, pack: "type[bytes]") -> None:
    path = tmp_path / f"lease.pdf{ending}"
    path.write_bytes(pack(lease(tmp_path)))
    assert names(load(path)) == [("lease.pdf",), ("lease.pdf",)]


def test_archives_in_archives_are_read(tmp_path: Path) -> None:
    inner = tarred(tmp_path / "in.tgz", {"lease.pdf": lease(tmp_path)}, "w:gz").read_bytes()
    middle = zipped(tmp_path / "mid.zip", {"in.tgz": inner}).read_bytes()
    outer = zipped(tmp_path / "out.zip", {"mid.zip": middle, "note.txt": b"The quay."})
    assert names(load(outer)) == [*[("mid.zip", "in.tgz", "lease.pdf")] * 2, ("note.txt",)]


def test_names_that_lead_out_of_a_zip_are_not_read(tmp_path: Path) -> None:
    bad = ["../up.txt", "/etc/absolute.txt", "a/../../b.txt", "C:\\windows\\x.txt", "..\\back.txt"]
    document = load(zipped(tmp_path / "a.zip", {**dict.fromkeys(bad, b"evil"), "good.txt": b"The quay."}))
    assert names(document) == [("good.txt",)]
    assert sorted(each.name for each in document.skipped) == sorted(bad)
    assert all("out of the archive" in each.reason for each in document.skipped)


def test_links_and_devices_are_not_followed(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        link = zipfile.ZipInfo("passwords.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("good.txt", "The quay.")
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        for kind, name in ((tarfile.SYMTYPE, "s.txt"), (tarfile.LNKTYPE, "h.txt"), (tarfile.CHRTYPE, "d.txt")):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/passwd"
            tar.addfile(entry)
        good = tarfile.TarInfo("good.txt")
        good.size = 9
        tar.addfile(good, io.BytesIO(b"The quay."))
    for name, count in (("a.zip", 1), ("a.tar", 3)):
        document = load(tmp_path / name)
        assert [page.text for page in document.pages] == ["The quay."]
        assert len(document.skipped) == count


def test_what_nobody_means_is_left_out_in_silence(tmp_path: Path) -> None:
    junk = ["__MACOSX/._lease.txt", ".DS_Store", "a/.hidden.txt", "Thumbs.db", "~$lease.docx"]
    document = load(zipped(tmp_path / "a.zip", {**dict.fromkeys(junk, b"x"), "good.txt": b"The quay."}))
    assert names(document) == [("good.txt",)]
    assert document.skipped == ()


def test_files_that_are_no_documents_are_listed(tmp_path: Path) -> None:
    document = load(zipped(tmp_path / "a.zip", {"song.mp3": b"ID3", "good.txt": b"The quay."}))
    assert [(each.name, each.reason) for each in document.skipped] == [("song.mp3", "It is no document.")]


def test_an_archive_without_documents_says_so(tmp_path: Path) -> None:
    with pytest.raises(EmptyDocument, match=r"holds no document.*song\.mp3"):
        load(zipped(tmp_path / "a.zip", {"song.mp3": b"ID3"}))


def test_names_in_the_old_code_page_are_read(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"Mxxller.txt": b"The quay.", "Syyd.txt": b"The wall."})
    data = path.read_bytes().replace(b"Mxxller", "Müller".encode()).replace(b"Syyd", b"S\x81\x81d")
    path.write_bytes(data)
    assert names(load(path)) == [("Müller.txt",), ("Süüd.txt",)]


def test_the_same_name_twice_is_two_members(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a.txt": b"One.", "b.txt": b"Two."})
    path.write_bytes(path.read_bytes().replace(b"b.txt", b"a.txt"))
    assert [(page.inside, page.text) for page in load(path).pages] == [(("a.txt",), "One."), (("a (2).txt",), "Two.")]


def test_a_member_without_a_name_is_listed(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo(""), b"x")
        archive.writestr("good.txt", "The quay.")
    document = load(tmp_path / "a.zip")
    assert names(document) == [("good.txt",)]
    assert [each.name for each in document.skipped] == ["member without a name"]


def test_a_bomb_of_zeros_does_not_go_off(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("good.txt", "The quay.")
        with archive.open("zeros.txt", "w") as member:
            for _ in range(80):
                member.write(bytes(1 << 20))
    document = load(path)
    assert names(document) == [("good.txt",)]
    assert "bomb" in document.skipped[0].reason


def test_a_nested_bomb_does_not_go_off(tmp_path: Path) -> None:
    data = zipped(tmp_path / "z.zip", {"zeros.txt": bytes(60 << 20)}).read_bytes()
    for _ in range(3):
        data = zipped(tmp_path / "z.zip", {f"{number}.zip": data for number in range(3)}).read_bytes()
    with pytest.raises(DocumentError, match="bomb"):
        load(tmp_path / "z.zip")


def test_a_packed_bomb_does_not_go_off(tmp_path: Path) -> None:
    path = tmp_path / "zeros.txt.gz"
    path.write_bytes(gzip.compress(bytes(80 << 20), 1))
    with pytest.raises(EmptyDocument, match="bomb"):
        load(path)


def test_a_member_that_is_damaged_costs_itself(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"bad.txt": files.noise_bytes(500).hex().encode(), "good.txt": b"The quay."})
    data = bytearray(path.read_bytes())
    data[80:90] = b"\0" * 10
    path.write_bytes(bytes(data))
    bad, good = load(path).pages
    assert (bad.kind, good.text) == ("failed", "The quay.")
    assert "damaged" in bad.note


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.9])
def test_a_cut_off_zip_is_told_as_damaged(tmp_path: Path, keep: float) -> None:
    path = zipped(tmp_path / "a.zip", {"a.txt": files.noise_bytes(5000).hex().encode()})
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    with pytest.raises(DamagedDocument, match="a ZIP archive"):
        load(path)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
def test_a_cut_off_tar_keeps_what_came_before(tmp_path: Path, mode: str) -> None:
    members = {"good.txt": b"The quay.", "bad.txt": files.noise_bytes(60_000).hex().encode(), "lost.txt": b"x"}
    path = tarred(tmp_path / "a.tar", members, mode)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    document = load(path)
    assert document.pages[0].text == "The quay."
    told = [each.name for each in document.skipped] + [page.label for page in document.pages if page.kind == "failed"]
    assert "bad.txt" in told


def test_an_empty_archive_has_no_text(tmp_path: Path) -> None:
    with pytest.raises(EmptyDocument):
        load(zipped(tmp_path / "a.zip", {}))
    with pytest.raises(EmptyDocument):
        load(tarred(tmp_path / "a.tar", {}))


def test_collections_and_programs_are_no_archives(tmp_path: Path) -> None:
    for name in ("papers.carrel", "program.jar"):
        with pytest.raises(UnknownFormat):
            load(zipped(tmp_path / name, {"a.txt": b"The quay."}))


def test_archives_of_other_kinds_are_to_be_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "papers.7z"
    path.write_bytes(b"7z\xbc\xaf'\x1c" + bytes(60))
    with pytest.raises(UnknownFormat, match="a compressed archive") as refused:
        load(path)
    assert "Unpack it" in refused.value.remedy


def test_an_archive_is_known_without_its_ending(tmp_path: Path) -> None:
    path = zipped(tmp_path / "papers.bin", {"a.txt": b"The quay."})
    assert names(load(path)) == [("a.txt",)]


@pytest.mark.parametrize(("file", "fact"), [("locked.zip", "900 crowns"), ("aes.zip", "61 metres")])
def test_locked_members_are_opened_with_the_password(file: str, fact: str) -> None:
    path = FORMATS / file
    with pytest.raises(EncryptedDocument):
        load(path)
    with pytest.raises(WrongPassword):
        load(path, "ebb")
    assert fact in load(path, "tide").pages[0].text


def test_a_changed_byte_in_an_encrypted_member_is_told_as_damage(tmp_path: Path) -> None:
    data = bytearray((FORMATS / "aes.zip").read_bytes())
    with zipfile.ZipFile(FORMATS / "aes.zip") as archive:
        entry = archive.getinfo("papers/lease.pdf")
    data[entry.header_offset + 30 + len(entry.filename) + 11 + 18 + 200] ^= 1
    path = tmp_path / "a.zip"
    path.write_bytes(bytes(data))
    pages = load(path, "tide").pages
    assert [(page.kind, page.inside) for page in pages] == [
        ("text", ("papers/Größe.txt",)),
        ("failed", ("papers/lease.pdf",)),
    ]
