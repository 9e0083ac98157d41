"""ZIP packages are opened safely: nothing unpacks without end, nothing leads outside, XML fetches nothing."""

import struct
import zipfile
from pathlib import Path

import pytest

from rag.errors import DamagedDocument, EncryptedDocument, UnpacksTooLarge
from rag.ingestion.loaders.packages import PackageLimits, is_unsafe_name, open_package, parse_xml


def package(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def with_declared_size(path: Path, member: str, size: int) -> Path:
    """Make the directory lie about how large a member is."""
    data = bytearray(path.read_bytes())
    at = data.rindex(member.encode()) - 46
    assert data[at : at + 4] == b"PK\x01\x02"
    data[at + 24 : at + 28] = struct.pack("<I", size)
    path.write_bytes(data)
    return path


def test_members_are_read_from_a_path_and_from_bytes(tmp_path: Path) -> None:
    path = package(tmp_path / "a.odt", {"content.xml": b"<a/>", "folder/": b""})
    for source in (path, path.read_bytes()):
        with open_package(source, path) as opened:
            assert opened.names == ("content.xml",)
            assert opened.read("content.xml") == b"<a/>"
            assert "styles.xml" not in opened


def test_a_package_that_unpacks_to_gigabytes_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = package(tmp_path / "bomb.docx", {"word/document.xml": b"\0" * 60_000_000})
    with pytest.raises(UnpacksTooLarge) as caught:
        open_package(path)
    assert "bomb.docx" in caught.value.message
    assert "60 MB" in caught.value.message


def test_a_large_package_of_ordinary_density_is_opened(tmp_path: Path) -> None:
    path = package(tmp_path / "thick.docx", {"media": bytes(range(256)) * 300_000})
    limits = PackageLimits(ratio=2000)
    with open_package(path, limits=limits) as opened:
        assert opened.size("media") == 76_800_000


def test_a_member_larger_than_asked_for_is_refused(tmp_path: Path) -> None:
    with open_package(package(tmp_path / "a.odt", {"content.xml": b"x" * 1000})) as opened:
        with pytest.raises(UnpacksTooLarge):
            opened.read("content.xml", limit=999)
        assert len(opened.read("content.xml", limit=1000)) == 1000


def test_what_is_read_is_counted_over_all_members(tmp_path: Path) -> None:
    path = package(tmp_path / "a.odt", {"one": b"x" * 600, "two": b"y" * 400})
    with open_package(path, limits=PackageLimits(total_bytes=1000)) as opened:
        opened.read("one")
        opened.read("two")
        with pytest.raises(UnpacksTooLarge):
            opened.read("one")


def test_a_member_that_lies_about_its_size_is_damaged(tmp_path: Path) -> None:
    path = with_declared_size(package(tmp_path / "a.xlsx", {"sheet": b"x" * 100_000}), "sheet", 10)
    with open_package(path) as opened, pytest.raises(DamagedDocument):
        opened.check()


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    path = package(tmp_path / "a.odt", {f"m{number}": b"" for number in range(12)})
    with pytest.raises(UnpacksTooLarge) as caught:
        open_package(path, limits=PackageLimits(members=10))
    assert "12" in caught.value.message


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/x", "\\x", "C:\\x", "c:x", "a\\..\\x", "x\0.txt"])
def test_names_that_lead_outside_are_unsafe(name: str) -> None:
    assert is_unsafe_name(name)


@pytest.mark.parametrize("name", ["a/b.xml", "..a", "a..b/c", "a b.txt", "ä:b"])
def test_ordinary_names_are_safe(name: str) -> None:
    assert not is_unsafe_name(name)


def test_unsafe_members_are_listed_and_not_read(tmp_path: Path) -> None:
    path = package(tmp_path / "a.zip", {"../evil.txt": b"x", "good.txt": b"y"})
    with open_package(path) as opened:
        assert opened.names == ("good.txt",)
        assert opened.unsafe_names == ("../evil.txt",)
        with pytest.raises(DamagedDocument):
            opened.read("../evil.txt")


def test_encrypted_members_ask_for_a_password(tmp_path: Path) -> None:
    path = package(tmp_path / "a.zip", {"letter.txt": b"words"})
    data = bytearray(path.read_bytes())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + flags] |= 1
    path.write_bytes(data)
    with open_package(path) as opened:
        assert opened.is_encrypted("letter.txt")
        with pytest.raises(EncryptedDocument):
            opened.read("letter.txt")


@pytest.mark.parametrize("keep", [0, 3, 30, 90])
def test_a_cut_package_is_damaged(tmp_path: Path, keep: int) -> None:
    whole = package(tmp_path / "a.odt", {"content.xml": b"<a/>"}).read_bytes()
    with pytest.raises(DamagedDocument):
        open_package(whole[:keep], tmp_path / "a.odt")


LAUGHS = b"""<!DOCTYPE a [<!ENTITY l0 "%s">%s]><a>&l9;</a>""" % (
    b"ha" * 100,
    b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10)),
)


@pytest.mark.parametrize("use", [b"<a>&l9;</a>", b'<a b="&l9;"/>'])
def test_entities_that_grow_without_end_are_refused(use: bytes) -> None:
    with pytest.raises(DamagedDocument):
        parse_xml(LAUGHS.replace(b"<a>&l9;</a>", use), Path("bomb.odt"))


def test_external_entities_are_not_fetched(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("hidden words")
    xml = f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]><a>before &x; after</a>'
    words = "".join(str(part) for part in parse_xml(xml.encode(), tmp_path / "a.odt").itertext())
    assert "before" in words
    assert "hidden" not in words
