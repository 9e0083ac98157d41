"""Office documents behind a password: asked for, checked, and read without anything decrypted on the disk."""

from pathlib import Path

import pytest

from rag.errors import DamagedDocument, EncryptedDocument, WrongPassword
from rag.ingestion.loaders.base import loader_identity
from rag.ingestion.loaders.registry import default_loaders
from tests.rag.ingestion import files
from tests.rag.ingestion.reading import FORMATS, found, load

PASSWORD = "lantern at dusk ö"
SAMPLES = [("rules.docx", "Ketch"), ("talk.pptx", "storm of 1953"), ("ledger.xlsx", "Lantern")]


def locked(folder: Path, name: str, password: str = PASSWORD) -> Path:
    path = folder / name
    path.write_bytes((FORMATS / name).read_bytes())
    return files.locked(path, password)


@pytest.mark.parametrize(("name", "words"), SAMPLES)
def test_the_password_opens_it(tmp_path: Path, name: str, words: str) -> None:
    path = locked(tmp_path, name)
    plain, hit = found(FORMATS / name, words), found(path, words, PASSWORD)
    assert (hit.text, hit.locator) == (plain.text, plain.locator)
    assert load(path, PASSWORD).kind == load(FORMATS / name).kind
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("name", "words"), SAMPLES)
def test_without_a_password_it_is_asked_for(tmp_path: Path, name: str, words: str) -> None:
    del words
    with pytest.raises(EncryptedDocument) as caught:
        load(locked(tmp_path, name))
    assert type(caught.value) is EncryptedDocument
    assert "password" in caught.value.remedy
    assert name in caught.value.message


@pytest.mark.parametrize(("name", "words"), SAMPLES)
def test_a_wrong_password_is_called_wrong(tmp_path: Path, name: str, words: str) -> None:
    del words
    with pytest.raises(WrongPassword):
        load(locked(tmp_path, name), "lantern at dawn")


def test_a_document_remembers_who_would_read_it_again(tmp_path: Path) -> None:
    path = locked(tmp_path, "rules.docx")
    loader = default_loaders().choose(path)
    assert load(path, PASSWORD).loader == loader_identity(loader)


def test_a_workbook_that_is_only_protected_against_changes_needs_no_password(tmp_path: Path) -> None:
    assert "Lantern" in load(locked(tmp_path, "ledger.xlsx", "VelvetSweatshop")).pages[0].text


KEPT = [("locked.xls", "Lantern"), ("locked.ods", "Lantern"), ("locked.odt", "Ketch")]
"""Made by LibreOffice; the password is “harbour”."""


@pytest.mark.parametrize(("name", "words"), KEPT)
def test_what_libreoffice_protects_is_opened_with_its_password(name: str, words: str) -> None:
    path = FORMATS / name
    with pytest.raises(EncryptedDocument) as asked:
        load(path)
    assert type(asked.value) is EncryptedDocument
    with pytest.raises(WrongPassword):
        load(path, "wrong")
    assert words in found(path, words, "harbour").text


def test_a_cut_protected_document_is_damaged(tmp_path: Path) -> None:
    path = locked(tmp_path, "rules.docx")
    path.write_bytes(path.read_bytes()[:6000])
    with pytest.raises(DamagedDocument):
        load(path, PASSWORD)


def test_a_container_that_runs_in_a_circle_is_damaged(tmp_path: Path) -> None:
    data = bytearray((FORMATS / "locked.xls").read_bytes())
    # The table of small sectors, in which the workbook lies: its second sector leads back to the first.
    table = 512 * (1 + int.from_bytes(data[60:64], "little"))
    assert data[table + 4 : table + 8] == (2).to_bytes(4, "little")
    data[table + 4 : table + 8] = bytes(4)
    path = tmp_path / "locked.xls"
    path.write_bytes(data)
    with pytest.raises(DamagedDocument):
        load(path, "harbour")
